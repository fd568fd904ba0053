"""Tests of the server's page as any browser meets it, over plain HTTP."""

import html
import re
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import pytest
import requests

from ai_spine.local.pages import access as page_access
from ai_spine.local.pages import formatting as page_shown
from ai_spine.models import Execution, Flow, FlowNode, NodeResult
from tests.local import flow, node, run, single, wait_until
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
    """Get a page, or posts a form with the token of the page that it stands on."""
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


def shown(response):
    """Return the text of a page without its markup."""
    return html.unescape(re.sub(r"<[^>]+>", "", response.text))


# Who gets it


def test_a_browser_gets_the_page_and_a_program_gets_json(server, http):
    page = http.get(server.url, headers=HTML)
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for accept in (None, "*/*", "application/json", "application/json, text/html"):
        told = http.get(server.url, headers={"Accept": accept})
        assert told.status_code == 200
        assert told.json()["name"] == "AI Spine local server"
        assert told.headers["Vary"] == "Accept"


@pytest.mark.parametrize("path", PAGES)
def test_each_page_lets_the_browser_load_nothing_from_elsewhere(server, browse, path):
    told = browse(server.url + path, allow_redirects=False)
    assert told.headers["Content-Security-Policy"] == POLICY
    assert told.headers["X-Content-Type-Options"] == "nosniff"
    assert told.headers["Cache-Control"] == "no-store"
    assert told.headers["Referrer-Policy"] == "same-origin"
    assert not re.search(r"(src|href)=.(https?:)?//", told.text)
    assert " style=" not in told.text and "<style" not in told.text


def test_what_is_not_there_is_said_so(server, browse):
    unknown = "11111111-2222-3333-4444-555555555555"
    paths = ("flow?id=nope", "execution?id=nope", f"execution?id={unknown}", "nothing")
    for path in paths:
        told = browse(f"{server.url}/page/{path}")
        assert told.status_code == 404 and "<h1>" in told.text
    told = browse(f"{server.url}/page/executions?from=-1")
    assert told.status_code == 400
    assert "A page begins at a whole number from 0, not at '-1'." in shown(told)


def test_a_view_that_breaks_says_so_without_details(server, browse, monkeypatch):
    def broken(kind):
        raise RuntimeError("secret of the database")

    monkeypatch.setattr(server._store, "all", broken)
    told = browse(server.url)
    assert told.status_code == 500
    assert "The server failed" in told.text and "secret" not in told.text


# Running flows


def test_a_flow_is_run_by_its_form(server, browse):
    told = browse(flow_page(server), {"input": '{"x": 1}'}, allow_redirects=False)
    assert told.status_code == 303
    assert told.headers["Location"].startswith("/page/execution?id=")
    with server.client() as client:
        (execution,) = client.list_executions()
        done = client.wait_for_execution(execution.execution_id)
    assert done.output == {"n": {"x": 1}}
    page = browse(server.url + told.headers["Location"])
    assert "Completed after" in shown(page)


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
def test_a_wrong_input_is_kept_and_told_of_beside_the_field(
    server, browse, text, words
):
    told = browse(flow_page(server), {"input": text})
    assert told.status_code == 422
    assert words in shown(told)
    field = re.search(r"<textarea([^>]*)>\n(.*?)</textarea>", told.text, re.DOTALL)
    assert html.unescape(field.group(2)) == text
    assert 'aria-invalid="true"' in field.group(1)
    assert 'aria-describedby="input-error input-hint"' in field.group(1)
    assert "<title>Error: " in told.text
    assert count(server) == 0


def test_the_input_begins_with_the_example_of_the_flow(serve, browse):
    with_one = {**single("echo"), "metadata": {"example_input": {"name": "Ana"}}}
    server = serve([with_one, single("echo", "g")], {"echo": echo})
    assert '"name": "Ana"' in shown(browse(flow_page(server)))
    assert "<textarea" in browse(flow_page(server, "g")).text
    run(server, "g", {"city": "Lima"})
    assert '"city": "Lima"' in shown(browse(flow_page(server, "g")))
    execution = run(server, "f", {"name": "Eva"})
    again = browse(f"{flow_page(server)}&from={execution.execution_id}")
    assert '"name": "Eva"' in shown(again)


def test_an_input_runs_again_as_it_was_whatever_characters_it_has(serve, browse):
    server = serve([single("echo")], {"echo": echo})
    given = {"odd\x85": "\x00\x1b\x7f\x9b\r\n\ud800\u2028<é>\u202e"}
    first = run(server, "f", given)
    again = f"{flow_page(server)}&from={first.execution_id}"
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", browse(again).text, re.S)
    browse(again, {"input": html.unescape(found.group(1))})
    assert [seen.input_data for seen in server.executions()] == [given, given]


@pytest.mark.parametrize("metadata", [[1], {"example_input": 5}, {"example_input": []}])
def test_an_example_that_is_no_object_is_none(serve, browse, metadata):
    server = serve([{**single("echo"), "metadata": metadata}], {"echo": echo})
    assert re.search(
        r"<textarea[^>]*>\n\{\}</textarea>", browse(flow_page(server)).text
    )


@pytest.mark.parametrize("token", [None, "", "x", "é", "0" * 64])
def test_a_form_without_its_token_does_nothing_and_keeps_the_input(server, http, token):
    form = {"input": '{"mine": 1}', "form_token": token}
    told = http.post(flow_page(server), data=form)
    assert told.status_code == 403
    assert '"mine": 1' in shown(told) and "Nothing was run" in shown(told)
    for path in ("cancel", "sign-out"):
        told = http.post(f"{server.url}/page/{path}", data=form)
        assert told.status_code == 403 and "Nothing was done" in shown(told)
    assert count(server) == 0


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a_page_of_another_origin_can_run_nothing(server, browse, origin):
    told = browse(flow_page(server), {"input": "{}"}, Origin=origin)
    assert told.status_code == 403
    assert count(server) == 0


def test_an_execution_can_be_cancelled_from_its_page(serve, browse, gate):
    server = serve([single()], {"work": lambda i, c: {"waited": gate.wait(30)}})
    with server.client() as client:
        execution = client.execute_flow("f", {})
        page = f"{server.url}/page/execution?id={execution.execution_id}"
        told = browse(page)
        assert "Cancel it" in told.text
        token = re.search(r'name="form_token" value="(\w+)"', told.text).group(1)
        form = {"id": execution.execution_id, "form_token": token}
        done = requests.post(f"{server.url}/page/cancel", data=form, timeout=10)
        assert "Execution cancelled by user" in done.text
        assert client.get_execution(execution.execution_id).status == "cancelled"


# What is shown


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
        told = browse(url)
        assert told.status_code == 200
        assert "<img src=x" not in told.text
        assert told.text.count("<script") == 1  # the page's own
    told = browse(found)
    assert "<script>alert(1)</script> fell" in shown(told)
    assert ODD in shown(told)


def test_control_characters_and_half_characters_are_seen(serve, browse):
    agents = {"echo": echo}
    server = serve([{**single("echo"), "description": "a\x1b[2J\x00b"}], agents)
    assert "a␛[2J␀b" in shown(browse(flow_page(server)))
    told = browse(flow_page(server), {"input": '{"x": "\\ud800\\u0007"}'})
    assert told.status_code == 200 and '"x"' in shown(told)


def test_executions_are_paged_and_filtered(server, browse):
    for _ in range(22):
        run(server)
    run(server, ODD)
    rows = "tr id="
    first = browse(f"{server.url}/page/executions")
    assert first.text.count(rows) == 20 and "22 completed, 1 failed" in shown(first)
    older = re.search(r'href="([^"]+)">Older', first.text).group(1)
    second = browse(server.url + html.unescape(older))
    assert second.text.count(rows) == 3 and "21 to 23" in shown(second)
    assert "Newer" in second.text and "Older" not in second.text
    failed = browse(f"{server.url}/page/executions?flow=&status=failed")
    assert failed.text.count(rows) == 1 and "fell" in failed.text
    none = browse(f"{server.url}/page/executions?flow=none")
    assert "None are there." in shown(none)


def test_the_drawings_and_the_whole_of_an_execution_can_be_had(server, browse):
    execution = run(server)
    known = f"id={execution.execution_id}"
    for path in ("flow.svg?id=f", f"execution.svg?{known}", f"timeline.svg?{known}"):
        told = browse(f"{server.url}/page/{path}")
        assert told.headers["Content-Type"].startswith("image/svg+xml")
        assert "script-src" not in told.headers["Content-Security-Policy"]
        assert "sandbox" in told.headers["Content-Security-Policy"]
        assert told.text.startswith("<svg ")
    told = browse(f"{server.url}/page/execution.json?{known}").json()
    assert told["execution"]["status"] == "completed"
    assert [result["node_id"] for result in told["node_results"]] == ["n"]


def test_an_execution_outlives_its_flow(server, browse):
    execution = run(server)
    with server.client() as client:
        client.delete_flow("f")
    known = f"id={execution.execution_id}"
    assert "Completed after" in shown(browse(f"{server.url}/page/execution?{known}"))
    assert browse(f"{server.url}/page/execution.svg?{known}").status_code == 404


def test_only_an_execution_that_goes_on_is_followed(serve, browse, gate):
    server = serve([single()], {"work": lambda i, c: {"waited": gate.wait(30)}})
    with server.client() as client:
        execution = client.execute_flow("f", {})
        page = f"{server.url}/page/execution?id={execution.execution_id}"
        wait_until(lambda: "Running now: n." in shown(browse(page)))
        told = browse(page)
        stream = f"/api/v1/executions/{execution.execution_id}/stream"
        assert f'data-stream="{stream}"' in told.text
        gate.set()
        client.wait_for_execution(execution.execution_id)
    assert "data-stream" not in browse(page).text


# Agents


def test_services_are_asked_for_their_health(serve, browse):
    with RawServer(answer(200, b'{"ready": true, "version": "1.2"}')) as well:
        with RawServer(answer(200, b'{"ready": false}')) as busy:
            agents = {
                "function": echo,
                "well": well.url,
                "busy": busy.url,
                "gone": "http://user:pa55word@127.0.0.1:9",
            }
            told = browse(f"{serve([], agents).url}/page/agents")
    text = " ".join(shown(told).split())
    assert "a function of this server" in text
    assert "ready, version 1.2" in text
    assert "it says that it is not ready" in text
    assert text.count("✗ not ready") == 2
    assert "pa55word" not in told.text


# Signing in


@pytest.fixture
def locked(serve):
    return serve([single("echo")], {"echo": echo}, api_key="sk-very-secret")


def sign_in(browse, server, key="sk-very-secret", after="/page/agents"):
    url = f"{server.url}/page/sign-in?next={quote(after, safe='')}"
    form = {"key": key, "next": after}
    return browse(url, form, allow_redirects=False)


@pytest.mark.parametrize(
    "path",
    ["/", "/page/flow?id=f", "/page/executions", "/page/flow.svg?id=f", "/page/nope"],
)
def test_a_server_with_a_key_asks_for_it_first(locked, browse, path):
    told = browse(locked.url + path, allow_redirects=False)
    assert told.status_code == 303
    assert told.headers["Location"].startswith("/page/sign-in")
    assert told.text == ""
    posted = requests.post(
        f"{locked.url}/page/flow?id=f", allow_redirects=False, timeout=10
    )
    assert posted.status_code == 303 and count(locked) == 0


def test_programs_are_still_refused_without_the_key(locked, http):
    assert http.get(locked.url).status_code == 401
    assert http.get(f"{locked.url}/flows", headers=HTML).status_code == 401


def test_the_key_opens_the_page_until_the_sign_out(locked, browse, http):
    told = sign_in(browse, locked)
    assert told.status_code == 303 and told.headers["Location"] == "/page/agents"
    cookie = told.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert "sk-very-secret" not in cookie
    page = browse(locked.url)
    assert page.status_code == 200 and "Sign out" in page.text
    assert browse(flow_page(locked), {"input": "{}"}).status_code == 200
    assert count(locked) == 1
    token = re.search(r'name="form_token" value="(\w+)"', page.text).group(1)
    kept = dict(http.cookies)
    http.post(f"{locked.url}/page/sign-out", data={"form_token": token})
    assert not http.cookies
    late = requests.get(locked.url, cookies=kept, headers=HTML, timeout=10)
    assert "API key" in late.text


def test_a_session_opens_streams_and_no_other_path_of_the_api(locked, browse, http):
    sign_in(browse, locked)
    execution = run(locked)
    one = f"{locked.url}/api/v1/executions/{execution.execution_id}"
    assert http.get(f"{one}/stream").status_code == 200
    assert http.get(one).status_code == 401
    assert http.post(f"{one}/cancel").status_code == 401
    http.cookies.clear()
    assert http.get(f"{one}/stream").status_code == 401


def test_a_wrong_key_is_told_and_not_repeated(locked, browse):
    told = sign_in(browse, locked, key="sk-wrong<b>")
    assert told.status_code == 403
    assert "This is not the server's key." in shown(told)
    assert "sk-wrong" not in told.text and "Set-Cookie" not in told.headers


@pytest.mark.parametrize(
    "after",
    ["//evil.example", "https://evil.example", "/page/\\evil", "/page/x\r\nA: b", "x"],
)
def test_a_sign_in_leads_to_no_other_site(locked, browse, after):
    assert sign_in(browse, locked, after=after).headers["Location"] == "/"


def test_a_session_ends_by_itself_and_the_oldest_make_room():
    now = [0.0]
    access = page_access.Access(b"digest", now=lambda: now[0])
    first = access.begin()
    assert access.is_open_to(first) and not access.is_open_to("other")
    now[0] = page_access.SESSION_SECONDS
    assert not access.is_open_to(first)
    kept = [access.begin() for _ in range(page_access.MOST_SESSIONS + 1)]
    assert not access.is_open_to(kept[0]) and access.is_open_to(kept[1])


def test_a_token_holds_for_its_own_session_only():
    access = page_access.Access(b"digest")
    one, other = access.begin(), access.begin()
    assert access.is_token_for(one, access.token_for(one))
    assert not access.is_token_for(other, access.token_for(one))
    assert not page_access.Access(b"digest").is_token_for("", access.token_for(""))


# Pure parts


def test_bars_stay_within_the_time_line():
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


def test_json_is_shown_in_the_direction_that_it_is_written_in():
    turned = "\u202eabc\u2066"
    assert page_shown.as_json([turned], None) == '[\n  "\\u202eabc\\u2066"\n]'


def test_progress_of_one_node_is_told_of_one():
    running = Execution("e", "f", "running", started_at=datetime.now(timezone.utc))
    alone = Flow("f", nodes=[FlowNode("n", agent_id="a")])
    words = "Running: 0 of 1 node is done."
    assert page_shown.progress_in_words(running, alone, []) == words


def test_endless_json_is_cut_and_says_so():
    text = page_shown.as_json("x" * 200_000)
    assert len(text) < 110_000 and "characters more" in text


def test_a_flow_of_a_thousand_nodes_has_a_page(serve, browse):
    nodes = [node("n0")] + [
        node(f"n{k}", "echo", [f"n{k - 1}"]) for k in range(1, 1000)
    ]
    server = serve([flow(*nodes)], {"echo": echo})
    assert browse(server.url).status_code == 200
    assert browse(flow_page(server)).status_code == 200


def test_a_page_of_large_results_stays_small(serve, browse):
    server = serve([single("echo")], {"echo": echo})
    execution = run(server, "f", {"x": "y" * 1_000_000})
    told = browse(f"{server.url}/page/execution?id={execution.execution_id}")
    assert len(told.text) < 300_000 and "characters more" in shown(told)
