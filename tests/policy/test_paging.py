"""Tests of iterating over pages, with servers that page correctly, wrongly or not at all."""

import itertools

import pytest
import responses

from ai_spine import Agent, AISpine
from ai_spine.models.base import Page
from ai_spine.policy.paging import PageWalk

URL = "https://api.test"


def page(ids, cursor=None):
    made = Page(Agent(name) for name in ids)
    made.next_cursor = cursor
    return made


def walk_pages(fetch, key, page_size):
    """Yield the items of all pages, as a client does."""
    pages = PageWalk(key, page_size)
    while not pages.is_done:
        yield from pages.read(fetch(pages.params))


def walk(fetch, size=2):
    return [agent.agent_id for agent in walk_pages(fetch, lambda a: a.agent_id, size)]


def by_offset(ids):
    return lambda p: page(ids[p["offset"] : p["offset"] + p["limit"]])


@pytest.mark.parametrize("count", range(8))
def test_a_list_is_iterated_by_offset_to_its_end(count):
    ids = list("abcdefgh"[:count])
    assert walk(by_offset(ids)) == ids


def test_a_server_may_send_smaller_pages_than_requested():
    ids = list("abcdefg")
    assert walk(lambda p: page(ids[p["offset"] : p["offset"] + 2]), size=50) == ids


def test_no_page_is_requested_before_it_is_needed():
    requested = []

    def fetch(params):
        requested.append(params)
        return by_offset(list("abcdef"))(params)

    items = walk_pages(fetch, lambda a: a.agent_id, 2)
    assert requested == []
    assert [next(items).agent_id for _ in range(3)] == list("abc")
    assert requested == [{"limit": 2, "offset": 0}, {"limit": 2, "offset": 2}]


@pytest.mark.parametrize("arriving", [1, 2, 3])
def test_no_item_is_repeated_or_lost_while_new_ones_arrive(arriving):
    ids = list("abcdefgh")
    new = iter(range(1000))
    pages = itertools.count()

    def fetch(params):
        if next(pages) < 3:
            ids[:0] = [f"new{next(new)}" for _ in range(arriving)]
        return by_offset(ids)(params)

    found = walk(fetch)
    assert [name for name in found if not name.startswith("new")] == list("abcdefgh")
    assert len(set(found)) == len(found)


def test_a_server_that_ignores_the_offset_gets_at_most_four_requests():
    requested = []

    def fetch(params):
        requested.append(params)
        return page("abc")

    assert walk(fetch) == list("abc")
    assert len(requested) == 4


def test_cursors_are_followed_to_the_last_page():
    pages = {None: page("ab", "x"), "x": page([], "y"), "y": page("bc")}
    assert walk(lambda p: pages[p.get("cursor")]) == list("abc")


def test_a_cursor_replaces_the_offset():
    requested = []

    def fetch(params):
        requested.append(params)
        return page("a", "x") if "offset" in params else page("b")

    walk(fetch)
    assert requested == [{"limit": 2, "offset": 0}, {"limit": 2, "cursor": "x"}]


def test_iteration_ends_when_a_server_repeats_its_cursor():
    pages = itertools.count()
    assert walk(lambda p: page([f"{next(pages)}"], "again")) == ["0", "1"]


def test_iteration_ends_when_a_server_sends_new_cursors_forever():
    pages = itertools.count()
    assert walk(lambda p: page("ab", f"c{next(pages)}")) == list("ab")
    assert walk(lambda p: page("", f"c{next(pages)}")) == []


def test_empty_filtered_pages_do_not_end_the_iteration():
    pages = {None: page("a", "1"), "5": page("b")}
    pages.update({str(n): page("", str(n + 1)) for n in range(1, 5)})
    assert walk(lambda p: pages[p.get("cursor")]) == list("ab")


def test_repeated_items_do_not_end_the_iteration():
    ids = [f"old{n}" for n in range(20)]

    def fetch(params):
        found = by_offset(ids)(params)
        if params["offset"] == 2:
            ids[:0] = [f"new{n}" for n in range(12)]
        return found

    assert len([name for name in walk(fetch) if name.startswith("old")]) == 20


@pytest.mark.parametrize("wrapped", [True, False])
def test_executions_are_iterated_in_either_dialect(wrapped):
    items = [
        {"id": "e1", "status": "error"},
        {"id": "e2", "status": "success"},
        {"id": "e3"},
    ]
    body = {"data": items, "next_cursor": None} if wrapped else items
    with responses.RequestsMock() as mock, AISpine(base_url=URL) as client:
        mock.get(f"{URL}/executions", json=body)
        found = [e.execution_id for e in client.iter_executions()]
        failed = [e.execution_id for e in client.iter_executions(status="failed")]
        listed = client.list_executions(status="failed")
    assert (found, failed) == (["e1", "e2", "e3"], ["e1"])
    assert [e.execution_id for e in listed] == ["e1"]


@pytest.mark.parametrize("odd", [{}, [], 5, None, {"a": [1]}])
def test_executions_with_odd_ids_are_yielded_too(odd):
    items = [{"execution_id": odd, "n": 1}, {"execution_id": odd, "n": 2}]
    with responses.RequestsMock() as mock, AISpine(base_url=URL) as client:
        mock.get(f"{URL}/executions", json={"data": items})
        assert [dict(e) for e in client.iter_executions()][:2] == items


@pytest.mark.parametrize(
    "method, name", [("list_flows", "flow"), ("list_agents", "agent")]
)
def test_lists_with_cursors_are_read_to_the_end(method, name):
    first = {"data": [{f"{name}Id": "a"}], "next_cursor": "c"}
    last = {"data": [{f"{name}Id": "b"}], "next_cursor": None}
    with responses.RequestsMock() as mock, AISpine(base_url=URL) as client:
        mock.get(f"{URL}/{name}s", json=first)
        mock.get(f"{URL}/{name}s?cursor=c", json=last)
        assert [item[f"{name}Id"] for item in getattr(client, method)()] == ["a", "b"]


def test_a_dialect_b_server_is_filtered_by_its_own_status_words():
    queued = {"data": [{"executionId": "e", "status": "error"}], "next_cursor": None}
    with responses.RequestsMock() as mock, AISpine(base_url=URL) as client:
        mock.get(
            f"{URL}/executions?status=failed", json={"data": [], "next_cursor": None}
        )
        mock.get(f"{URL}/executions?status=error", json=queued)
        (execution,) = client.list_executions(status="failed")
    assert execution.status == "failed"
