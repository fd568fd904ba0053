"""Tests of the server's pages over plain HTTP."""

import html
import logging
import re
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import pytest
import requests

from ai_spine.local.pages import access as page_access
from ai_spine.local.pages import formatting as page_shown
from ai_spine.models import Execution, Flow, FlowNode, NodeResult
from tests.local import LIMIT, flow, node, run, single, wait_until
from tests.raw_server import RawServer, answer

ODD = "<img src=x onerror=alert(1)>&\"'/../?#%"
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
    " img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
PAGES = ("/", "/page/executions", "/page/agents", "/page/sign-in", "/page/nothing")


def echo(input, config):
    return dict(input)


def fail(input, config):
    raise ValueError("<script>alert(1)</script> fell")


@pytest.fixture
def server(serve):
    flows = [single("echo"), single("fail", flow_id=ODD)]
    return serve(flows, {"echo": echo, "fail": fail})


@pytest.fixture
def browse(http):
    """Get a page, or post a form with the token from its page."""
    http.headers.update(HTML)

    def call(url, form=None, allow_redirects=True, **headers):
        if form is None:
            return http.get(url, headers=headers, allow_redirects=allow_redirects)
        token = re.search(r'name="form_token" value="(\w+)"', http.get(url).text)
        sent = {"form_token": token.group(1), **form}
        return http.post(
            url, data=sent, headers=headers, allow_redirects=allow_redirects
        )

    return call


def flow_page(server, flow_id="f"):
    return f"{server.url}/page/flow?id={quote(flow_id, safe='')}"


def count(server):
    with server.client() as client:
        return len(client.list_executions())


def text_of(response):
    """Return the text of a page without its markup."""
    return html.unescape(re.sub(r"<[^>]+>", "", response.text))


# Content negotiation


def test_a_browser_gets_the_page_and_a_program_gets_json(server, http):
    page = http.get(server.url, headers=HTML)
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for accept in (None, "*/*", "application/json", "application/json, text/html"):
        response = http.get(server.url, headers={"Accept": accept})
        assert response.status_code == 200
        assert response.json()["name"] == "AI Spine local server"
        assert response.headers["Vary"] == "Accept"


@pytest.mark.parametrize("path", PAGES)
def test_each_page_forbids_content_from_other_origins(server, browse, path):
    response = browse(server.url + path, allow_redirects=False)
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert not re.search(r"(src|href)=.(https?:)?//", response.text)
    assert " style=" not in response.text and "<style" not in response.text


def test_a_missing_page_is_a_404(server, browse):
    unknown = "11111111-2222-3333-4444-555555555555"
    paths = ("flow?id=nope", "execution?id=nope", f"execution?id={unknown}", "nothing")
    for path in paths:
        response = browse(f"{server.url}/page/{path}")
        assert response.status_code == 404 and "<h1>" in response.text
    response = browse(f"{server.url}/page/executions?from=-1")
    assert response.status_code == 400
    assert "A page begins at a whole number from 0, not at '-1'." in text_of(response)


def test_an_error_in_a_view_is_a_500_without_details(server, browse, monkeypatch):
    def broken(kind):
        raise RuntimeError("secret of the database")

    monkeypatch.setattr(server._site.store, "all", broken)
    response = browse(server.url)
    assert response.status_code == 500
    assert "The server failed" in response.text and "secret" not in response.text


# Running flows


def test_the_form_runs_a_flow(server, browse):
    response = browse(flow_page(server), {"input": '{"x": 1}'}, allow_redirects=False)
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/page/execution?id=")
    with server.client() as client:
        (execution,) = client.list_executions()
        done = client.wait_for_execution(execution.execution_id)
    assert done.output == {"n": {"x": 1}}
    page = browse(server.url + response.headers["Location"])
    assert "Completed after" in text_of(page)


@pytest.mark.parametrize(
    "text, words",
    [
        ('{"x": 1,\n "y": }', "Expecting value, in line 2, column 7."),
        ("", "The input is empty."),
        ("[1]", "The input must be a JSON object"),
        ('{"x": NaN}', "NaN is not JSON"),
        ('{"x": 1e999}', "1e999 is too large a number"),
        ('{"x": ' + "[" * 200 + "]" * 200 + "}", "nested too deeply"),
        ("<script>alert(1)</script>", "This is not JSON"),
    ],
)
def test_an_invalid_input_is_kept_and_reported_next_to_the_field(
    server, browse, text, words
):
    response = browse(flow_page(server), {"input": text})
    assert response.status_code == 422
    assert words in text_of(response)
    field = re.search(r"<textarea([^>]*)>\n(.*?)</textarea>", response.text, re.DOTALL)
    assert html.unescape(field.group(2)) == text
    assert 'aria-invalid="true"' in field.group(1)
    assert 'aria-describedby="input-error input-hint"' in field.group(1)
    assert "<title>Error: " in response.text
    assert count(server) == 0


def test_the_input_field_has_the_example_of_the_flow(serve, browse):
    with_one = {**single("echo"), "metadata": {"example_input": {"name": "Ana"}}}
    server = serve([with_one, single("echo", "g")], {"echo": echo})
    assert '"name": "Ana"' in text_of(browse(flow_page(server)))
    assert "<textarea" in browse(flow_page(server, "g")).text
    run(server, "g", {"city": "Lima"})
    assert '"city": "Lima"' in text_of(browse(flow_page(server, "g")))
    execution = run(server, "f", {"name": "Eva"})
    again = browse(f"{flow_page(server)}&from={execution.execution_id}")
    assert '"name": "Eva"' in text_of(again)


def test_a_running_node_shows_the_progress_that_it_reports(serve, browse, gate):
    def work(context):
        context.report(0.25, "a <quarter>")
        gate.wait(LIMIT)
        context.report(1)

    server = serve([single()], {"work": work})
    with server.client() as client:
        execution = client.execute_flow("f", {})
        page = f"{server.url}/page/execution?id={execution.execution_id}"
        wait_until(lambda: "<progress" in browse(page).text)
        text = browse(page).text
        assert '<progress max="1" value="0.25" aria-label="Progress of node 1">' in text
        assert "a &lt;quarter&gt;" in text
        gate.set()
        client.wait_for_execution(execution, raise_on_failure=False)
        assert "<progress" not in browse(page).text


SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "amount": {"type": "number"}},
    "required": ["amount"],
}


@pytest.fixture
def typed(serve):
    """A server whose flow says what it takes."""
    made = {**single("echo"), "input_schema": SCHEMA}
    made["metadata"] = {"example_input": {"name": "A <b>", "amount": 3}}
    return serve([made], {"echo": echo})


def test_a_flow_with_a_schema_has_a_field_for_each_input(typed, browse):
    page = browse(flow_page(typed)).text
    assert re.search(r'<input type="text" id="field-1" name="value:name"[^>]*>', page)
    amount = re.search(r'<input type="number" step="any" id="field-2"[^>]*>', page)
    assert " required" in amount.group() and 'value="3"' in amount.group()
    assert 'value="A &lt;b&gt;"' in page
    assert "<details>" in page and "Write the input as JSON" in page


def test_the_fields_run_a_flow(typed, browse):
    sent = {"mode": "fields", "value:name": "007", "value:amount": "4.5"}
    response = browse(flow_page(typed), sent, allow_redirects=False)
    assert response.status_code == 303
    with typed.client() as client:
        (execution,) = client.list_executions()
        done = client.wait_for_execution(execution)
    assert done.input_data == {"name": "007", "amount": 4.5}


def test_a_wrong_field_is_reported_at_the_field_and_nothing_runs(typed, browse):
    sent = {"mode": "fields", "value:name": "x", "value:amount": ""}
    response = browse(flow_page(typed), sent)
    assert response.status_code == 422
    assert "amount is required" in text_of(response)
    assert "Some fields are not right yet." in text_of(response)
    field = re.search(r'<input type="number"[^>]*>', response.text).group()
    assert 'aria-invalid="true"' in field and "field-2-error" in field
    assert 'value="x"' in response.text and "<details>" in response.text
    assert count(typed) == 0


def test_json_that_does_not_fit_is_reported_next_to_it(typed, browse):
    response = browse(flow_page(typed), {"input": '{"name": 3}'})
    assert response.status_code == 422
    words = "It does not fit the flow: amount: is required; name: must be text."
    assert words in text_of(response)
    assert "<details open>" in response.text
    assert count(typed) == 0
    assert browse(flow_page(typed), {"input": '{"amount": 3}'}).status_code == 200


def test_an_earlier_input_with_other_names_is_shown_as_json(typed, browse):
    execution = run(typed, "f", {"amount": 1, "more": 2})
    page = browse(f"{flow_page(typed)}&from={execution.execution_id}").text
    assert "<details open>" in page and 'value="1"' in page


def test_an_input_with_any_characters_can_be_run_again_unchanged(serve, browse):
    server = serve([single("echo")], {"echo": echo})
    given = {"odd\x85": "\x00\x1b\x7f\x9b\r\n\ud800\u2028<é>\u202e"}
    first = run(server, "f", given)
    again = f"{flow_page(server)}&from={first.execution_id}"
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", browse(again).text, re.S)
    browse(again, {"input": html.unescape(found.group(1))})
    assert [seen.input_data for seen in server.executions()] == [given, given]


@pytest.mark.parametrize("metadata", [[1], {"example_input": 5}, {"example_input": []}])
def test_an_example_that_is_not_an_object_is_ignored(serve, browse, metadata):
    server = serve([{**single("echo"), "metadata": metadata}], {"echo": echo})
    assert re.search(
        r"<textarea[^>]*>\n\{\}</textarea>", browse(flow_page(server)).text
    )


@pytest.mark.parametrize("token", [None, "", "x", "é", "0" * 64])
def test_a_form_without_its_token_is_refused_and_keeps_the_input(server, http, token):
    form = {"input": '{"mine": 1}', "form_token": token}
    response = http.post(flow_page(server), data=form)
    assert response.status_code == 403
    assert '"mine": 1' in text_of(response) and "Nothing was run" in text_of(response)
    for path in ("cancel", "sign-out"):
        response = http.post(f"{server.url}/page/{path}", data=form)
        assert response.status_code == 403 and "Nothing was done" in text_of(response)
    assert count(server) == 0


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a_form_from_another_origin_is_refused(server, browse, origin):
    response = browse(flow_page(server), {"input": "{}"}, Origin=origin)
    assert response.status_code == 403
    assert count(server) == 0


def test_an_execution_can_be_cancelled_from_its_page(serve, browse, gate):
    server = serve([single()], {"work": lambda i, c: {"waited": gate.wait(30)}})
    with server.client() as client:
        execution = client.execute_flow("f", {})
        page = f"{server.url}/page/execution?id={execution.execution_id}"
        response = browse(page)
        assert "Cancel it" in response.text
        token = re.search(r'name="form_token" value="(\w+)"', response.text).group(1)
        form = {"id": execution.execution_id, "form_token": token}
        done = requests.post(f"{server.url}/page/cancel", data=form, timeout=10)
        assert "Execution cancelled by user" in done.text
        assert client.get_execution(execution.execution_id).status == "cancelled"


# Content


def test_markup_in_ids_and_errors_is_shown_as_text(server, browse):
    execution = run(server, ODD, {"<b>": "</textarea></pre><script>alert(2)</script>"})
    found = f"{server.url}/page/execution?id={execution.execution_id}"
    for url in (
        server.url,
        flow_page(server, ODD),
        found,
        f"{server.url}/page/executions?flow={quote(ODD)}",
        f"{server.url}/page/executions?flow={quote('</option><script>')}",
    ):
        response = browse(url)
        assert response.status_code == 200
        assert "<img src=x" not in response.text
        assert response.text.count("<script") == 1  # the script of the page itself
    response = browse(found)
    assert "<script>alert(1)</script> fell" in text_of(response)
    assert ODD in text_of(response)


def test_the_traceback_of_a_failed_node_is_shown_as_text(server, browse):
    done = run(server, ODD)
    page = browse(f"{server.url}/page/execution?id={done.execution_id}").text
    traceback = re.search(r'<details id="traceback-1">.*?</details>', page, re.DOTALL)
    shown = html.unescape(traceback.group())
    assert "Traceback (most recent call last):\n  File " in shown
    assert "ValueError: <script>alert(1)</script> fell" in shown
    assert "<script>alert" not in traceback.group()


def test_what_a_node_printed_and_logged_is_shown_as_text(serve, browse):
    def speak(input, config):
        print("<b>bold")
        logging.getLogger("mine").warning("beware")
        return {}

    server = serve([single()], {"work": speak})
    done = run(server)
    page = browse(f"{server.url}/page/execution?id={done.execution_id}").text
    logs = re.search(r'<details id="logs-1">.*?</details>', page, re.DOTALL).group()
    assert "&lt;b&gt;bold\nWARNING: beware" in logs


def test_control_characters_and_surrogates_are_visible(serve, browse):
    agents = {"echo": echo}
    server = serve([{**single("echo"), "description": "a\x1b[2J\x00b"}], agents)
    assert "a␛[2J␀b" in text_of(browse(flow_page(server)))
    response = browse(flow_page(server), {"input": '{"x": "\\ud800\\u0007"}'})
    assert response.status_code == 200 and '"x"' in text_of(response)


def test_executions_are_paged_and_filtered(server, browse):
    for _ in range(22):
        run(server)
    run(server, ODD)
    rows = "tr id="
    first = browse(f"{server.url}/page/executions")
    assert first.text.count(rows) == 20 and "22 completed, 1 failed" in text_of(first)
    older = re.search(r'href="([^"]+)">Older', first.text).group(1)
    second = browse(server.url + html.unescape(older))
    assert second.text.count(rows) == 3 and "21 to 23" in text_of(second)
    assert "Newer" in second.text and "Older" not in second.text
    failed = browse(f"{server.url}/page/executions?flow=&status=failed")
    assert failed.text.count(rows) == 1 and "fell" in failed.text
    none = browse(f"{server.url}/page/executions?flow=none")
    assert "There are none." in text_of(none)


def test_drawings_and_json_of_an_execution_can_be_downloaded(server, browse):
    execution = run(server)
    known = f"id={execution.execution_id}"
    for path in ("flow.svg?id=f", f"execution.svg?{known}", f"timeline.svg?{known}"):
        response = browse(f"{server.url}/page/{path}")
        assert response.headers["Content-Type"].startswith("image/svg+xml")
        assert "script-src" not in response.headers["Content-Security-Policy"]
        assert "sandbox" in response.headers["Content-Security-Policy"]
        assert response.text.startswith("<svg ")
    response = browse(f"{server.url}/page/execution.json?{known}").json()
    assert response["execution"]["status"] == "completed"
    assert [result["node_id"] for result in response["node_results"]] == ["n"]


def test_an_execution_can_be_shown_after_its_flow_is_deleted(server, browse):
    execution = run(server)
    with server.client() as client:
        client.delete_flow("f")
    known = f"id={execution.execution_id}"
    assert "Completed after" in text_of(browse(f"{server.url}/page/execution?{known}"))
    assert browse(f"{server.url}/page/execution.svg?{known}").status_code == 404


def test_only_a_running_execution_is_followed(serve, browse, gate):
    server = serve([single()], {"work": lambda i, c: {"waited": gate.wait(30)}})
    with server.client() as client:
        execution = client.execute_flow("f", {})
        page = f"{server.url}/page/execution?id={execution.execution_id}"
        wait_until(lambda: "Running now: n." in text_of(browse(page)))
        response = browse(page)
        stream = f"/api/v1/executions/{execution.execution_id}/stream"
        assert f'data-stream="{stream}"' in response.text
        gate.set()
        client.wait_for_execution(execution.execution_id)
    assert "data-stream" not in browse(page).text


# Agents


def test_the_health_of_http_agents_is_shown(serve, browse):
    with RawServer(answer(200, b'{"ready": true, "version": "1.2"}')) as ready:
        with RawServer(answer(200, b'{"ready": false}')) as busy:
            agents = {
                "function": echo,
                "well": ready.url,
                "busy": busy.url,
                "gone": "http://user:pa55word@127.0.0.1:9",
            }
            response = browse(f"{serve([], agents).url}/page/agents")
    text = " ".join(text_of(response).split())
    assert "a function of this server" in text
    assert "ready, version 1.2" in text
    assert "it says that it is not ready" in text
    assert text.count("✗ not ready") == 2
    assert "pa55word" not in response.text


# Signing in


@pytest.fixture
def server_with_key(serve):
    return serve([single("echo")], {"echo": echo}, api_key="sk-very-secret")


def sign_in(browse, server, key="sk-very-secret", after="/page/agents"):
    url = f"{server.url}/page/sign-in?next={quote(after, safe='')}"
    form = {"key": key, "next": after}
    return browse(url, form, allow_redirects=False)


@pytest.mark.parametrize(
    "path",
    ["/", "/page/flow?id=f", "/page/executions", "/page/flow.svg?id=f", "/page/nope"],
)
def test_a_server_with_a_key_redirects_to_the_sign_in_page(
    server_with_key, browse, path
):
    response = browse(server_with_key.url + path, allow_redirects=False)
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/page/sign-in")
    assert response.text == ""
    posted = requests.post(
        f"{server_with_key.url}/page/flow?id=f", allow_redirects=False, timeout=10
    )
    assert posted.status_code == 303 and count(server_with_key) == 0


def test_api_requests_without_the_key_are_still_refused(server_with_key, http):
    assert http.get(server_with_key.url).status_code == 401
    assert http.get(f"{server_with_key.url}/flows", headers=HTML).status_code == 401


def test_a_session_lasts_from_sign_in_to_sign_out(server_with_key, browse, http):
    response = sign_in(browse, server_with_key)
    assert (
        response.status_code == 303 and response.headers["Location"] == "/page/agents"
    )
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert "sk-very-secret" not in cookie
    page = browse(server_with_key.url)
    assert page.status_code == 200 and "Sign out" in page.text
    assert browse(flow_page(server_with_key), {"input": "{}"}).status_code == 200
    assert count(server_with_key) == 1
    token = re.search(r'name="form_token" value="(\w+)"', page.text).group(1)
    kept = dict(http.cookies)
    http.post(f"{server_with_key.url}/page/sign-out", data={"form_token": token})
    assert not http.cookies
    late = requests.get(server_with_key.url, cookies=kept, headers=HTML, timeout=10)
    assert "API key" in late.text


def test_a_session_gives_access_to_streams_and_no_other_api_path(
    server_with_key, browse, http
):
    sign_in(browse, server_with_key)
    execution = run(server_with_key)
    one = f"{server_with_key.url}/api/v1/executions/{execution.execution_id}"
    assert http.get(f"{one}/stream").status_code == 200
    assert http.get(one).status_code == 401
    assert http.post(f"{one}/cancel").status_code == 401
    http.cookies.clear()
    assert http.get(f"{one}/stream").status_code == 401


def test_a_wrong_key_is_reported_and_not_shown(server_with_key, browse):
    response = sign_in(browse, server_with_key, key="sk-wrong<b>")
    assert response.status_code == 403
    assert "This is not the server's key." in text_of(response)
    assert "sk-wrong" not in response.text and "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    "after",
    ["//evil.example", "https://evil.example", "/page/\\evil", "/page/x\r\nA: b", "x"],
)
def test_sign_in_does_not_redirect_to_other_sites(server_with_key, browse, after):
    assert sign_in(browse, server_with_key, after=after).headers["Location"] == "/"


def test_sessions_expire_and_the_oldest_are_dropped():
    now = [0.0]
    access = page_access.Access(b"digest", now=lambda: now[0])
    first = access.begin()
    assert access.is_open_to(first) and not access.is_open_to("other")
    now[0] = page_access.SESSION_SECONDS
    assert not access.is_open_to(first)
    kept = [access.begin() for _ in range(page_access.MOST_SESSIONS + 1)]
    assert not access.is_open_to(kept[0]) and access.is_open_to(kept[1])


def test_a_token_is_valid_only_for_its_own_session():
    access = page_access.Access(b"digest")
    one, other = access.begin(), access.begin()
    assert access.is_token_for(one, access.token_for(one))
    assert not access.is_token_for(other, access.token_for(one))
    assert not page_access.Access(b"digest").is_token_for("", access.token_for(""))


# Formatting


def test_bars_stay_within_the_timeline():
    begun = datetime(2026, 1, 1, tzinfo=timezone.utc)
    times = [(0, 1), (1, 1), (1, 500), (500, 500)]
    results = [
        NodeResult(
            f"n{number}",
            status="completed",
            created_at=begun + timedelta(milliseconds=start),
            completed_at=begun + timedelta(milliseconds=end),
        )
        for number, (start, end) in enumerate(times)
    ]
    bars = page_shown._bars(results)
    assert len(bars) == 4
    for bar in bars:
        assert 0 <= bar.x and bar.x + bar.width <= page_shown.STRIP_WIDTH + 0.1
        assert 0 <= bar.y and bar.y + bar.height <= page_shown.STRIP_HEIGHT


def test_bidi_marks_in_json_are_escaped():
    turned = "\u202eabc\u2066"
    assert page_shown.as_json([turned], None) == '[\n  "\\u202eabc\\u2066"\n]'


def test_progress_of_one_node_is_in_the_singular():
    running = Execution("e", "f", "running", started_at=datetime.now(timezone.utc))
    alone = Flow("f", nodes=[FlowNode("n", agent_id="a")])
    words = "Running: 0 of 1 node is done."
    assert page_shown.progress_in_words(running, alone, []) == words


def test_very_long_json_is_truncated_with_a_note():
    text = page_shown.as_json("x" * 200_000)
    assert len(text) < 110_000 and "characters more" in text


def test_a_flow_of_a_thousand_nodes_has_a_page(serve, browse):
    nodes = [node("n0")] + [
        node(f"n{k}", "echo", [f"n{k - 1}"]) for k in range(1, 1000)
    ]
    server = serve([flow(*nodes)], {"echo": echo})
    assert browse(server.url).status_code == 200
    assert browse(flow_page(server)).status_code == 200


def test_a_page_of_large_results_is_truncated(serve, browse):
    server = serve([single("echo")], {"echo": echo})
    execution = run(server, "f", {"x": "y" * 1_000_000})
    response = browse(f"{server.url}/page/execution?id={execution.execution_id}")
    assert len(response.text) < 300_000 and "characters more" in text_of(response)
