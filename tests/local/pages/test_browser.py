"""Tests of the server's pages in a real browser."""

import re
import threading
from urllib.parse import quote

import pytest

from tests.browser import use_scheme, violations
from tests.local import flow, node, run, wait_until

by = pytest.importorskip("selenium.webdriver.common.by").By
keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
ODD = '<img src=x onerror="window.hit=1">&\''
BOOM = "<script>window.hit=1</script><img src=x onerror=window.hit=1> fell"


def echo(input, config):
    return dict(input)


def boom(input, config):
    raise ValueError(BOOM)


@pytest.fixture
def steps():
    """Events that the nodes `first` and `second` of the flow `slow` wait for."""
    events = {"first": threading.Event(), "second": threading.Event()}
    yield events
    for event in events.values():
        event.set()


@pytest.fixture
def server(serve, steps):
    slow = flow(
        node("first", "wait", config={"name": "first"}),
        node("second", "wait", ["first"], config={"name": "second"}),
        flow_id="slow",
    )
    odd = flow(node("in"), node(ODD, "boom", ["in"]), flow_id=ODD)
    quick = flow(node("in"), node("out", "echo", ["in"]), flow_id="quick")
    schema = {
        "properties": {"name": {"type": "string"}, "amount": {"type": "number"}},
        "required": ["amount"],
    }
    typed = {**flow(node("n", "echo"), flow_id="typed"), "input_schema": schema}
    agents = {
        "echo": echo,
        "boom": boom,
        "wait": lambda i, c: {"waited": steps[c["name"]].wait(30)},
    }
    return serve([slow, odd, quick, typed], agents)


@pytest.fixture(autouse=True)
def impatience(monkeypatch):
    """Let pages poll sooner than for people, though not so soon as what is no polling."""
    for name, milliseconds in (
        ("routes.LIST_EVERY", 600),
        ("flow_page.LIST_EVERY", 600),
        ("routes._RUN_EVERY", 600),
        ("routes._STREAMED_EVERY", 2000),
    ):
        monkeypatch.setattr(f"ai_spine.local.pages.{name}", milliseconds)


@pytest.fixture(autouse=True)
def reset_browser(request):
    """Reset the browser, which the tests share."""
    yield
    if "browser" in request.fixturenames:
        browser = request.getfixturevalue("browser")
        use_scheme(browser, "light")
        browser.execute_cdp_cmd(
            "Emulation.setScriptExecutionDisabled", {"value": False}
        )
        browser.delete_all_cookies()
        browser.get("about:blank")


@pytest.fixture
def without_polling(browser):
    """Disable polling, so that pages are updated only by events."""
    source = (
        "const real = window.setTimeout;"
        "window.setTimeout = (act, ms) => ms > 500 ? 0 : real(act, ms);"
    )
    name = "Page.{}ScriptToEvaluateOnNewDocument"
    made = browser.execute_cdp_cmd(name.format("add"), {"source": source})
    yield
    browser.execute_cdp_cmd(name.format("remove"), made)


def flow_page(server, flow_id):
    return f"{server.url}/page/flow?id={quote(flow_id, safe='')}"


def execution_page(server, execution):
    return f"{server.url}/page/execution?id={execution.execution_id}"


def text_of(browser, selector="main"):
    """Return the visible text in one line."""
    texts = "[...document.querySelectorAll(arguments[0])].map(found => found.innerText)"
    return " ".join(
        " ".join(browser.execute_script(f"return {texts}", selector)).split()
    )


def wait_for(browser, words, selector="main"):
    wait_until(lambda: words in text_of(browser, selector), pause=0.05)


def fill(browser, text):
    field = browser.find_element(by.ID, "input")
    field.clear()
    field.send_keys(text)


def press_run(browser):
    browser.find_element(by.CSS_SELECTOR, "main form button").click()


def test_a_flow_can_be_run_from_its_page(server, browser, steps):
    browser.get(server.url)
    browser.find_element(by.LINK_TEXT, "slow").click()
    fill(browser, '{"x": 1}')
    press_run(browser)
    wait_for(browser, "0 of 2 nodes are done. Running now: first.", "[role=status]")
    steps["first"].set()
    wait_for(browser, "1 of 2 nodes is done. Running now: second.", "[role=status]")
    assert browser.title.startswith("Running: slow")
    steps["second"].set()
    wait_for(browser, "Completed after", "[role=status]")
    assert browser.title.startswith("Completed: slow")
    wait_for(browser, '"waited": true', "#live-output")
    assert not browser.find_elements(by.XPATH, "//button[.='Cancel it']")
    assert browser.execute_script(
        "return [...document.images].every(i => i.complete && i.naturalWidth > 0)"
    )


def test_a_flow_with_a_schema_is_run_by_its_fields(server, browser):
    browser.get(flow_page(server, "typed"))
    name = browser.find_element(by.ID, "field-1")
    name.clear()
    name.send_keys("007")
    press_run(browser)  # the browser itself asks for the amount
    amount = browser.find_element(by.ID, "field-2")
    assert browser.execute_script("return arguments[0].validity.valueMissing", amount)
    amount.send_keys("5")
    press_run(browser)
    wait_for(browser, "Completed after", "[role=status]")
    wait_for(browser, '"name": "007"', "#live-output")


def test_the_page_is_updated_by_the_stream(server, browser, steps, without_polling):
    with server.client() as client:
        execution = client.execute_flow("slow", {})
    browser.get(execution_page(server, execution))
    wait_for(browser, "Running now: first.")
    steps["first"].set()
    wait_for(browser, "Running now: second.")
    steps["second"].set()
    wait_for(browser, "Completed after")


def test_a_failed_flow_shows_its_error_without_running_markup(server, browser):
    browser.get(flow_page(server, ODD))
    assert ODD in text_of(browser, "h1")
    press_run(browser)
    wait_for(browser, "Failed after")
    assert BOOM in text_of(browser, ".failure")
    browser.get(f"{server.url}/page/executions")
    assert ODD in text_of(browser) and BOOM in text_of(browser)
    assert browser.execute_script("return window.hit === undefined")
    logged = [entry["message"] for entry in browser.get_log("browser")]
    assert not [line for line in logged if "Content Security Policy" in line]


def test_an_invalid_input_is_reported_next_to_the_focused_field(server, browser):
    browser.get(flow_page(server, "quick"))
    fill(browser, '{"x": }')
    press_run(browser)
    wait_for(browser, "This is not JSON: Expecting value, in line 1, column 7.")
    focused = browser.switch_to.active_element
    assert focused.get_attribute("id") == "input"
    assert focused.get_attribute("value") == '{"x": }'
    described = focused.get_attribute("aria-describedby").split()[0]
    assert "not JSON" in browser.find_element(by.ID, described).text


def test_everything_can_be_done_by_keyboard(server, browser):
    browser.get(server.url)
    press(browser, keys.TAB)
    assert browser.switch_to.active_element.text == "Skip to the content"
    press(browser, keys.ENTER)
    go_to(browser, "quick")
    press(browser, keys.ENTER)
    wait_for(browser, "Run it")
    go_to(browser, lambda found: found.tag_name == "textarea")
    press(browser, keys.CONTROL + "a")
    press(browser, '{"by": "keys"}')
    go_to(browser, "Run")
    outline = browser.execute_script(
        "return getComputedStyle(document.activeElement).outlineStyle"
    )
    assert outline == "solid"  # the focus is visible
    press(browser, keys.ENTER)
    wait_for(browser, "Completed after")
    wait_for(browser, '"by": "keys"')


def press(browser, text):
    browser.switch_to.active_element.send_keys(text)


def go_to(browser, wanted):
    """Press Tab until the element is reached."""
    for _ in range(40):
        press(browser, keys.TAB)
        found = browser.switch_to.active_element
        if wanted(found) if callable(wanted) else found.text == wanted:
            return
    raise AssertionError(f"no way to {wanted}")


def test_everything_works_without_javascript(server, browser, steps):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.get(flow_page(server, "slow"))
    fill(browser, '{"x": 1}')
    press_run(browser)
    wait_for(browser, "Execution of slow")
    for step in steps.values():
        step.set()

    def look_again():
        links = browser.find_elements(by.LINK_TEXT, "Reload")
        for link in links:
            link.click()
        return not links

    wait_until(look_again)
    assert "Completed after" in text_of(browser)


def test_the_list_is_updated_and_keeps_the_focus(server, browser):
    first = run(server, "quick")
    browser.get(f"{server.url}/page/executions")
    link = browser.find_element(by.CSS_SELECTOR, f"#row-{first.execution_id} a")
    browser.execute_script("arguments[0].focus()", link)
    second = run(server, "quick")
    wait_until(lambda: browser.find_elements(by.ID, f"row-{second.execution_id}"))
    assert browser.switch_to.active_element == link
    rows = browser.find_elements(by.CSS_SELECTOR, "tbody tr")
    ids = [row.get_attribute("id") for row in rows]
    assert ids == [f"row-{e.execution_id}" for e in (second, first)]


def test_updates_can_be_paused(server, browser):
    browser.get(f"{server.url}/page/executions")
    button = browser.find_element(by.ID, "pause")
    button.click()
    assert button.text == "Resume updates"
    run(server, "quick")
    assert "1 completed" not in text_of(browser)
    button.click()
    wait_for(browser, "1 completed")


def test_a_lost_server_is_reported(serve, browser):
    server = serve([], {})
    browser.get(f"{server.url}/page/executions")
    server.close()
    wait_for(browser, "The server does not respond.", "#lost")


def test_a_deleted_flow_and_an_error_status_are_reported(server, browser):
    with server.client() as client:
        client.create_flow(flow(node("in"), flow_id="brief"))
        browser.get(flow_page(server, "brief"))
        client.delete_flow("brief")
    wait_for(browser, "The server no longer knows this.", "#lost")
    server.faults.add("GET", "/page/*", status=503, times=None)
    wait_for(browser, "The server responds with 503.", "#lost")


def test_a_user_can_sign_in_follow_a_run_and_sign_out(
    serve, browser, gate, without_polling
):
    held = flow(node("n", "hold"), flow_id="held")
    hold = {"hold": lambda i, c: {"waited": gate.wait(30)}}
    server = serve([held], hold, api_key="sk-secret")
    browser.get(flow_page(server, "held"))
    browser.find_element(by.ID, "key").send_keys("sk-wrong" + keys.ENTER)
    wait_for(browser, "This is not the server's key.")
    browser.find_element(by.ID, "key").send_keys("sk-secret" + keys.ENTER)
    wait_for(browser, "Run it")
    press_run(browser)
    wait_for(browser, "Running now: n.")
    gate.set()
    wait_for(browser, "Completed after")
    assert browser.execute_script("return document.cookie") == ""
    browser.find_element(by.XPATH, "//button[.='Sign out']").click()
    wait_for(browser, "API key")
    browser.get(server.url)
    wait_for(browser, "API key")


@pytest.mark.parametrize("scheme, width", [("light", 1100), ("dark", 320)])
def test_pages_are_accessible_and_do_not_scroll_sideways(
    server, browser, scheme, width
):
    with server.client() as client:
        live = client.execute_flow("slow", {})
    done, failed = run(server, "quick", {"x": "y" * 200}), run(server, ODD)
    use_scheme(browser, scheme)
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    paths = ["", "/page/executions", "/page/agents", "/page/nothing"]
    paths += ["/page/executions?flow=none"]
    urls = [server.url + path for path in paths]
    urls += [flow_page(server, flow_id) for flow_id in ("quick", "typed", ODD)]
    urls += [execution_page(server, execution) for execution in (live, done, failed)]
    for url in urls:
        browser.get(url)
        browser.execute_script(
            "document.querySelectorAll('details').forEach(it => { it.open = true; })"
        )
        assert violations(browser) == [], url
        wide = browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width, url
    browser.get(flow_page(server, "quick"))
    fill(browser, "no JSON")
    press_run(browser)
    wait_for(browser, "This is not JSON")
    assert violations(browser) == []
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_sign_in_page_is_accessible(serve, browser):
    server = serve([], {}, api_key="sk-secret")
    for scheme in ("light", "dark"):
        use_scheme(browser, scheme)
        browser.get(server.url)
        assert violations(browser) == []
        browser.find_element(by.ID, "key").send_keys("sk-wrong" + keys.ENTER)
        wait_for(browser, "This is not the server's key.")
        assert violations(browser) == []


def test_the_banner_of_a_broken_edit_comes_and_goes_by_itself(server, browser):
    browser.get(server.url)
    assert text_of(browser, "#banner") == ""
    server.banner.text = f"Not reloaded: {BOOM}"
    wait_for(browser, f"Not reloaded: {BOOM}", "#banner")
    for scheme in ("light", "dark"):
        use_scheme(browser, scheme)
        assert violations(browser) == []
    server.banner.text = ""
    wait_until(lambda: not browser.find_elements(by.CSS_SELECTOR, "#banner *"))
    assert browser.execute_script("return window.hit") is None


def test_reduced_motion_is_respected(server, browser, steps):
    with server.client() as client:
        execution = client.execute_flow("slow", {})
    for preference, moves in (("no-preference", True), ("reduce", False)):
        features = [{"name": "prefers-reduced-motion", "value": preference}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        browser.get(execution_page(server, execution))
        sign = ".status-running [aria-hidden]"
        wait_until(lambda: browser.find_elements(by.CSS_SELECTOR, sign))
        name = browser.execute_script(
            f"return getComputedStyle(document.querySelector('{sign}')).animationName"
        )
        assert (name != "none") is moves


def test_heading_levels_are_in_order(server, browser):
    failed = run(server, ODD)
    for url in (server.url, flow_page(server, ODD), execution_page(server, failed)):
        browser.get(url)
        headings = browser.find_elements(by.CSS_SELECTOR, "h1, h2, h3, h4")
        levels = "".join(heading.tag_name[1] for heading in headings)
        assert re.fullmatch("12+", levels)
