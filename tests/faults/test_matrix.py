"""The main kinds of requests under each fault; `python -m tests.faults` plays all of them."""

import pytest

from ai_spine.policy.retry import RetryPolicy
from ai_spine.transport.requests.session_pool import SessionPool
from tests.faults.cases import BY_NAME
from tests.faults.catalog import FAULTS, GROUPS
from tests.faults.expected import Cell
from tests.faults.matrix import Run, play
from tests.faults.suite import share, violations_of

CASES = [
    BY_NAME[name]
    for name in (
        "get_flow",
        "execute_flow",
        "stream_execution",
    )
]
BY_FAULT = {fault.name: fault for fault in FAULTS}
# Left to `make faults`: faults that take long, and those that take the client the same way as
# another one does.
LEFT_OUT = {
    *("dies, and comes back", "reset in a large body", "never reads", "drip headers"),
    *("stall in headers", "stall before the body", "endless 1xx", "doubled gzip bomb"),
    *(f"{status} after {when}" for status in (429, 503) for when in ("1", "a date")),
    *(f"429 after {when}" for when in ("0", "a past date", "negative", "1e9")),
    *(f"503 after {when}" for when in ("0.2", "text")),
    *(f"status {n}" for n in (300, 401, 402, 403, 405, 409, 410, 413, 418, 422, 425)),
    *(f"status {n}" for n in (451, 501, 502, 504, 505, 511, 520)),
}


@pytest.mark.parametrize("group", GROUPS)
def test_no_fault_breaks_an_operation(world, group):
    faults = [fault for fault in GROUPS[group] if fault.name not in LEFT_OUT]
    assert violations_of(world, share(CASES, faults)) == []
    assert world.elsewhere.visits == 0


def test_the_suite_leaves_out_faults_that_exist():
    assert LEFT_OUT < set(BY_FAULT)


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
