"""Tests of the HTML representations of models in notebooks."""

import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

import ai_spine
from ai_spine import Agent, Execution, ExecutionError, Flow, NodeResult
from ai_spine.local import LocalServer
from ai_spine.models.base import Page
from ai_spine.notebook import overview
from tests.browser import use_scheme, violations
from tests.flows.drawing import BROKEN, HOSTILE, broken_flow, hostile_flow
from tests.needs import needs

LOAN = {"name": "Ana", "income": 52000, "amount": 15000, "term_months": 24}


class Reader(HTMLParser):
    """Parses HTML into its elements and its text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.words, self.scopes = [], [], set()
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "th":
            self.scopes.add(dict(attrs).get("scope"))
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def client():
    with LocalServer() as server, server.client() as made:
        made.execute_and_wait("credit_analysis", LOAN)
        yield made


def html_of(value):
    return Reader(value._repr_html_())


def test_a_flow_shows_its_name_and_its_graph(client):
    html = html_of(client.get_flow("credit_analysis"))
    assert "svg" in html.tags
    assert "Credit analysis" in html.text and "is_complete" in html.text


@needs("vaderSentiment")
def test_an_execution_shows_its_status_and_times(client):
    execution = client.execute_and_wait("sentiment-analysis", {"text": "Fine."})
    text = html_of(execution).text
    assert "✓ completed" in text and execution.execution_id in text
    assert re.search(r"duration [\d.]+ m?s", text)
    assert re.search(r"created \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC", text)


def test_the_execution_of_an_error_shows_its_message(client):
    with pytest.raises(ExecutionError) as caught:
        client.execute_and_wait("sentiment-analysis", {"text": ""})
    text = html_of(caught.value.execution).text
    assert "✗ failed" in text and "text must not be empty" in text


def test_lists_are_shown_as_tables_and_are_still_lists(client):
    execution = client.list_executions()[0]
    lists = {
        "executions": client.list_executions(status="completed"),
        "node results": client.get_execution_results(execution.execution_id),
        "flows": client.list_flows(),
        "agents": client.list_agents(),
    }
    for noun, models in lists.items():
        html = html_of(models)
        assert isinstance(models, list) and models == list(models)
        assert f"{len(models)} {noun}" in html.text or len(models) == 1
        assert html.tags.count("tr") == len(models) + 1
        assert "table" in html.tags and "caption" in html.tags
        assert html.scopes == {"col", "row"}


def test_an_empty_list_names_what_it_would_contain(client):
    assert html_of(client.list_executions(flow_id="no-such")).text == "0 executions"
    assert html_of(Page()).text == "0 items"


def test_a_long_list_is_truncated():
    html = html_of(Page(Agent(f"a{n}") for n in range(1000)))
    assert html.tags.count("tr") == 101
    assert "1000 agents, the first 100 of them" in html.text


@needs("vaderSentiment")
def test_a_batch_shows_its_counts_and_failures(client):
    texts = [{"text": "Fine."}, {"text": ""}, 5]
    result = client.execute_batch("sentiment-analysis", texts)
    html = html_of(result)
    assert "1 of 3 succeeded, 2 failed" in html.text
    assert "• refused" in html.text and "✗ failed" in html.text
    assert html.tags.count("tr") == 3
    good = client.execute_batch("sentiment-analysis", texts[:1])
    assert html_of(good).text == "Batch: 1 of 1 succeeded, 0 failed"


def test_only_the_first_of_many_failures_are_shown(client):
    result = client.execute_batch("sentiment-analysis", range(50), concurrency=4)
    html = html_of(result)
    assert "50 failed, of which these are the first 20" in html.text
    assert html.tags.count("tr") == 21


def test_an_overview_shows_graph_timeline_and_nodes(client):
    execution = client.list_executions(flow_id="credit_analysis")[-1]
    for named in (execution, execution.execution_id):
        html = Reader(overview(client, named)._repr_html_())
        assert html.tags.count("svg") == 2
        assert "Time line" in html.text and "4 node results" in html.text


def test_an_overview_works_without_a_deleted_flow():
    node = {"id": "n", "type": "input"}
    flow = {"flow_id": "f", "nodes": [node], "entry_point": "n", "exit_points": ["n"]}
    with LocalServer([flow]) as server, server.client() as client:
        execution = client.execute_and_wait("f", {})
        client.delete_flow("f")
        html = Reader(overview(client, execution))
    assert html.tags.count("svg") == 1 and "✓ completed" in html.text


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_flow_is_shown_too(name):
    assert html_of(broken_flow(name)).tags.count("svg") == 1


@pytest.mark.parametrize("model", [Execution, NodeResult, Agent, Flow])
def test_markup_from_a_server_is_escaped(model):
    evil = HOSTILE[1] + "<img src=x onerror=alert(1)>"
    keys = model.field_names()
    for value in (evil, [evil], {evil: evil}, 5, ["x", {}], None):
        html = html_of(model.from_wire(dict.fromkeys(keys, value)))
        assert not {"script", "img"} & set(html.tags)


def test_keys_and_email_addresses_are_not_shown():
    wire = {"has_api_key": True, "api_key": "sk-secret", "email": "ana@example.com"}
    for model in (ai_spine.ApiKeyStatus, ai_spine.ApiKeyChange, ai_spine.User):
        html = model.from_wire({"id": "u", **wire})._repr_html_()
        assert "sk-secret" not in html and "ana@" not in html


def test_importing_the_sdk_imports_nothing_for_notebooks():
    script = (
        "import sys, ai_spine; from ai_spine import AISpine, Flow;"
        "names = ('ai_spine.notebook', 'ai_spine.flows.drawing', 'tqdm', 'pandas');"
        "print([name for name in names if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert done.stdout.split() == [b"[]"]


@pytest.mark.parametrize(
    "colours", ["color:#222;background:#fff", "color:#ddd;background:#111"]
)
def test_representations_are_accessible(browser, tmp_path, client, colours):
    executions = client.list_executions()
    results = client.get_execution_results(executions[0].execution_id)
    result = client.execute_batch(
        "sentiment-analysis", [{"text": ""}, {"text": "Fine."}]
    )
    shows = [client.get_flow("credit_analysis"), executions, executions[0], results]
    shows += [results[0], client.list_agents(), client.list_agents()[0], result]
    shows += [client.list_flows(), client.health_check(), client.get_metrics()]
    shows += [client.get_status(), hostile_flow(), overview(client, executions[0])]
    body = "".join(f"<section>{each._repr_html_()}</section>" for each in shows)
    path = tmp_path / "page.html"
    head = "<!doctype html><html lang='en'><meta charset='utf-8'><title>Shown</title>"
    path.write_text(
        f"{head}<body style='{colours}'><main><h1>Shown</h1>{body}</main>",
        encoding="utf-8",
    )
    use_scheme(browser, "light" if "#fff" in colours else "dark")
    browser.get(path.as_uri())
    assert violations(browser) == []
