"""Faults befall the client's main ways of asking; `python -m tests.faults` plays all of them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from ai_spine.policy.retry import RetryPolicy
from ai_spine.transport.requests.session_pool import SessionPool
from tests.faults.cases import BY_NAME
from tests.faults.catalog import FAULTS
from tests.faults.expected import Cell
from tests.faults.matrix import Run, cells, play
from tests.faults.world import World

CASES = [
    BY_NAME[name]
    for name in (
        "get_flow",
        "execute_flow",
        "delete_flow",
        "execute_and_wait",
        "stream_execution",
    )
]
BY_FAULT = {fault.name: fault for fault in FAULTS}
# All times are longer than in the full matrix: other tests run meanwhile.
PATIENCE, AWAY = 2.0, 0.3


@pytest.fixture(scope="module")
def world():
    with World() as made:
        yield made


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_no_fault_breaks_an_operation(world, fault):
    chosen = list(cells(CASES, [fault]))
    with ThreadPoolExecutor(8) as pool:
        results = list(
            pool.map(lambda c: play(world, c, patience=PATIENCE, away=AWAY), chosen)
        )
    violations = [
        f"{result.cell.case.name}: {violation}"
        for result in results
        for violation in result.violations
        if violation.what != "overruns"  # tests never look at the clock
    ]
    assert violations == []
    assert world.elsewhere.visits == 0


def test_the_catalog_names_each_fault_once():
    assert len(BY_FAULT) == len(FAULTS)


def violations(world, case, fault, *, lasting=False):
    cell = Cell(BY_NAME[case], BY_FAULT[fault], lasting, False)
    return [violation.what for violation in play(world, cell).violations]


def test_the_matrix_sees_a_post_that_is_sent_twice(world, monkeypatch):
    monkeypatch.setattr(
        RetryPolicy, "may_repeat", lambda self, method, failure, attempt: attempt < 2
    )
    monkeypatch.setattr(
        "ai_spine.policy.call_state.IDEMPOTENCY_KEY_HEADER",
        "X-Not-The-Key",
        raising=True,
    )
    found = violations(world, "execute_flow", "reset after the deed")
    assert found.count("duplicates") >= 2  # the POSTs, and the executions they made


def test_the_matrix_sees_a_connection_that_is_not_given_back(world, monkeypatch):
    monkeypatch.setattr(SessionPool, "release", lambda self: None)
    monkeypatch.setattr(Run, "patient", 0.2)
    assert "leaks" in violations(world, "get_flow", "none")


def test_the_matrix_sees_a_connection_that_stays_open(world, monkeypatch):
    monkeypatch.setattr(SessionPool, "close", lambda self: None)
    monkeypatch.setattr("tests.faults.proxy.IDLE_WITHIN", 0.2)
    assert violations(world, "get_flow", "none") == ["sockets left"]


def test_the_matrix_sees_an_answer_that_is_not_the_servers(world, monkeypatch):
    monkeypatch.setattr("ai_spine.models.Flow.from_wire", lambda data: _OtherFlow())
    assert violations(world, "get_flow", "none") == ["wrong outcomes"]


class _OtherFlow:
    flow_id = "another"
