"""Tests of `tickets`, with the fixtures that the SDK brings for pytest."""

from pathlib import Path
from typing import Any, Callable, Dict

import pytest
from tickets import PEOPLE, desk_for, sort_tickets

from ai_spine import AISpine
from ai_spine.local import LocalServer

Data = Dict[str, Any]


def read(input: Data, config: Data) -> Data:
    if not input["text"]:
        raise ValueError("an empty ticket")
    return {"words": input["text"].lower().split()}


def choose(input: Data, config: Data) -> Data:
    return {"desk": "billing" if "invoice" in input["words"] else "technics"}


@pytest.fixture
def ai_spine_flows() -> Path:
    """The initial flows of each test's server: those that the program executes."""
    return Path(__file__).parent / "flows"


@pytest.fixture
def ai_spine_agents() -> Dict[str, Callable[[Data, Data], Data]]:
    """The functions that replace the agents of these flows."""
    return {"ticket_reader": read, "desk_chooser": choose}


def test_tickets_go_to_the_desk_that_the_flow_names(
    ai_spine_server: LocalServer,
) -> None:
    invoice, crash = "The invoice is wrong", "It crashes"
    assert sort_tickets([invoice, crash]) == {"billing": [invoice], "technics": [crash]}


def test_each_ticket_is_executed_once(ai_spine_server: LocalServer) -> None:
    sort_tickets(["One", "Two"])
    assert len(ai_spine_server.executions("triage", input={"text": "One"})) == 1
    assert len(ai_spine_server.executions("triage")) == 2


def test_people_get_what_the_flow_cannot_read(ai_spine_server: LocalServer) -> None:
    assert sort_tickets([""]) == {PEOPLE: [""]}
    [failed] = ai_spine_server.executions(status="failed")
    assert "an empty ticket" in (failed.error or "")


def test_another_agent_may_choose(
    ai_spine_server: LocalServer, ai_spine_client: AISpine
) -> None:
    ai_spine_server.add_agent(lambda input, config: {"desk": "sales"}, "desk_chooser")
    assert desk_for(ai_spine_client, "A quote, please") == "sales"


def test_a_server_that_is_busy_is_asked_again(ai_spine_server: LocalServer) -> None:
    busy = ai_spine_server.faults.add("POST", "/flows/execute", status=503, times=2)
    assert sort_tickets(["It crashes"]) == {"technics": ["It crashes"]}
    assert busy.met == 2


def test_people_get_a_ticket_whose_fate_is_unknown_and_it_ran_once(
    ai_spine_server: LocalServer,
) -> None:
    ai_spine_server.faults.add("POST", "/flows/execute", drop_after_commit=True)
    assert sort_tickets(["It crashes"]) == {PEOPLE: ["It crashes"]}
    assert len(ai_spine_server.executions("triage")) == 1
