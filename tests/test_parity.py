"""Tests that the API is the same wherever it stands, and that what is missing is named."""

import pytest

from ai_spine import AISpine
from ai_spine.operations import OPERATIONS

pytest.importorskip("aiohttp")

from tests import parity  # noqa: E402


@pytest.fixture(scope="module")
def found():
    return parity.surfaces()


def test_the_api_is_the_same_everywhere(found):
    assert parity.differences(found) == []


def test_an_operation_has_a_summary_which_is_its_methods():
    for operation in OPERATIONS:
        documented = getattr(AISpine, operation.of or operation.name).__doc__
        if documented:  # not under python -OO
            is_a_part = operation.of is not None
            assert is_a_part or documented.split("\n")[0] == operation.summary
            assert "Raises:" in documented


@pytest.mark.parametrize(
    "place, name, complaint",
    [
        ("document", "get_flow", "the document lacks get_flow"),
        ("methods", "get_flow", "AISpine lacks get_flow"),
        ("async_methods", "get_flow", "AsyncAISpine lacks get_flow"),
        ("commands", "flows get", "the commands lacks flows get"),
        ("routes", ("GET", "/flows/{}"), "the local server lacks GET /flows/{}"),
        ("documented", "get_flow", "the docs lacks get_flow"),
        ("documented", "execute_and_wait", "the docs lacks execute_and_wait"),
        ("operations", "get_flow", "AISpine has get_flow, which is no operation"),
    ],
)
def test_what_is_taken_away_is_named(found, place, name, complaint):
    there = getattr(found, place)
    if isinstance(there, dict):
        without = {key: value for key, value in there.items() if key != name}
    else:
        without = there - {name}
    assert len(without) == len(there) - 1
    assert complaint in parity.differences(found._replace(**{place: without}))


@pytest.mark.parametrize(
    "place, name, complaint",
    [
        ("methods", "fly", "AISpine has fly, which is no operation"),
        ("async_methods", "fly", "AsyncAISpine has fly, which is no operation"),
        ("commands", "fly", "the commands has fly, which is no operation"),
        ("routes", ("GET", "/fly"), "the local server has GET /fly, which is no"),
        ("documented", "fly", "the docs has fly, which is no operation"),
    ],
)
def test_what_is_more_is_named(found, place, name, complaint):
    more = getattr(found, place) | {name}
    told = parity.differences(found._replace(**{place: more}))
    assert any(line.startswith(complaint) for line in told)


def test_an_operation_at_another_path_is_named(found):
    moved = {**found.document, "get_flow": ("GET", "/flow/{flow_id}")}
    told = parity.differences(found._replace(document=moved))
    assert told == ["the document has get_flow at GET /flow/{flow_id}"]


def test_the_command_fails_where_something_is_missing(monkeypatch, capsys):
    assert parity.main() == 0
    monkeypatch.setattr(parity, "MORE_ROUTES", set())
    assert parity.main() == 1
    assert "the local server has GET /openapi.json" in capsys.readouterr().out
