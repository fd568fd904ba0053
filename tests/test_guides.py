"""Tests that the examples in guides run, print the documented output, and use existing options."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from ai_spine.cli.main import cli
from tests.needs import skip_without

FOLDER = Path(__file__).parent.parent / "docs"
# The output of each guide's blocks of Python, in order.
PRINTED = {
    "local-server.md": [
        "200 text/html; charset=utf-8\n",
        "positive\n['CreditAnalysisInput', 'CreditAnalysisOutput', "
        "'SentimentAnalysisInput', 'SentimentAnalysisOutput']\n",
    ],
    "batches.md": [
        "3 2 1\npositive\n2 failed\n",
        "[('failed', 34), ('positive', 66)]\n",
        "2 2\n2\n",
    ],
    "async.md": [
        "completed positive\ntext running\ntext completed\nsentiment running\n"
        "sentiment completed\n",
        "0 completed\n1 completed\n2 failed\n",
        "positive negative failed\n",
        "cancelled\n",
        "True\n",
    ],
    "sdk-sync.md": [
        "{'type': 'integer', 'minimum': 0, 'maximum': 120}\nTrue\n",
        "GET /things/{id} things ['id']\n9 the path has 'id', which is no parameter: a"
        " required text is taken\n['string', 'null']\n",
        "1.1.0 2\n['1.0.0']\n",
        "Compatible: True\n  - Field 'email' added (breaking: False)\n"
        "{'id': 'user123', 'email': ''}\n",
        "{'query': 'test search', 'limit': 10}\n/limit must be a whole number\n"
        "/query is required\n",
    ],
    "openapi-clients.md": [],  # tests/test_openapi_guide.py runs its examples
    "any-json-api.md": [
        "{'hello': 'world'}\n{'name': 'Ana'}\n{'tag': ['a', 'b']}\n200\n",
        "['0', '1', '2', '3', '4']\n2\n",
        "1 {'line': 'ready'}\n",
        "GET /app/echo 200\nblue\n",
        "983cd318\n",
    ],
    "ron-core.md": [
        "{'hello': 'world'}\n404 not_found no such thing\n",
        "{'hello': 'world'}\nthe token only reads\n",
        'id = "docs" True\n',
    ],
    "tools.md": ["HELLO completed\n", ""],
    "command-line.md": [],
    "performance.md": [],
    "streaming.md": [
        "text running\ntext completed\nsentiment running\nsentiment completed\n"
        "True positive\n",
        "None completed\n",
    ],
    "testing.md": [""] * 4,  # tests, which tests/pytest_plugin runs
    "quickstart.md": [
        "completed approved\ncompleted\n",
        "{'out': {'text': 'HELLO!'}}\n",
    ],
    "executing.md": [
        "completed positive\ntext completed\nsentiment completed\n",
        "2026-11-27\n",
        "failed False True\n",
        "negative positive\n",
    ],
    "errors.md": ["failed\n404 True\nValidationError\n"],
    "retries.md": ["2\n503 1 True\n", "True 1\n1\n", "1\n"],
    "connections.md": ["ConfigurationError True\n", "True True\n"],
    "logging.md": [
        "GET /flows/sentiment-analysis -> 200\n",
        '{"attempt": 2, "event": "once more", "flow_id": "credit_analysis", '
        '"tenant": "acme"}\n',
        "status 503 1.0\n",
        "GET /flows/sentiment-analysis 200 True\n",
        "999999\n",
    ],
    "agents-and-flows.md": [
        "{'hello': {'greeting': 'Hello, Ana!'}}\n",
        "{'approved': True, 'reason': 'Ana, born in 1990'}\n"
        "input_data.amount Field required\n"
        "input_data.applicant.incomes.0 Input must be a number\n",
        "0.5 reading\n{'read': {'words': 3}}\n",
        "{'small': {'done': 'paid'}}\n{'large': {'done': 'asked'}}\n",
        "['income']\ninput_data.income Field required\n",
        "ValidationError\n",
    ],
    "flows-as-tools.md": [
        "['credit_analysis', 'sentiment-analysis'] "
        "['description', 'input_schema', 'name']\npositive\n",
        "It is negative.\n",
    ],
    "migrating.md": ["completed positive\ncompleted positive\n"],
    "threat-model.md": [],
    "faq.md": [],
    "keys.md": ["2\n"],
    "tracing.md": [
        "agent welcome.greet < node greet < POST /flows/execute < "
        "POST /flows/execute < execute_and_wait\n"
    ],
    "tenants.md": ["completed\n1 0\n"],
    "architecture.md": [],
    "index.md": [],
    "notebooks.md": [
        "1 of 2 succeeded, 1 failed\n",
        "sentiment: completed\n2\n",
        "completed positive\nfailed nan\n",
        "║ sentiment ║\n",
    ],
}
# Pages that explain, and have no example to begin with.
EXPLANATIONS = {
    "architecture.md",
    "faq.md",
    "index.md",
    "performance.md",
    "threat-model.md",
}


def blocks(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_each_guide_is_tested():
    assert {path.name for path in FOLDER.glob("*.md")} == set(PRINTED)
    for name, printed in PRINTED.items():
        assert len(blocks(name)) == len(printed)


def test_the_front_page_links_each_guide():
    text = (FOLDER / "index.md").read_text(encoding="utf-8")
    for name in set(PRINTED) - {"index.md"}:
        assert f"]({name})" in text
        assert f"\n{name[:-3]}\n" in text


@pytest.mark.parametrize("name", sorted(set(PRINTED) - EXPLANATIONS))
def test_a_guide_begins_with_an_example_and_what_it_prints(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    example = re.search(r"^```(?:python|py|console)\n.*?^```$", text, re.DOTALL | re.M)
    before, after = text[: example.start()], text[example.end() :]
    assert before.count("\n## ") <= 2 and "\n|" not in before
    # The examples of the guide to testing are tests, which print nothing.
    assert "print" in after.partition("\n\n##")[0] or name == "testing.md"


@pytest.mark.parametrize(
    "block, prints",
    [pair for name, printed in PRINTED.items() for pair in zip(blocks(name), printed)],
)
def test_python_in_a_guide_prints_the_documented_output(block, prints):
    skip_without(block)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block, "guide", "exec"), {})
    assert printed.getvalue() == prints


def options_of(command):
    """Return all options of a command and its subcommands."""
    own = {name for each in command.params for name in each.opts}
    below = getattr(command, "commands", {}).values()
    return own.union(*map(options_of, below))


def test_the_options_in_the_guide_to_the_command_line_exist():
    text = (FOLDER / "command-line.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    assert documented - {"--help"} <= options_of(cli)


@pytest.mark.parametrize("name", PRINTED)
def test_the_output_of_examples_is_documented(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    for line in "".join(PRINTED[name]).splitlines():
        assert re.search(rf"It prints[^\n]*`[^\n]*{re.escape(line)}[^\n]*`", text)
