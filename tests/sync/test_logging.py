"""Tests of what each record of the log says about its call."""

import logging

import pytest

from ai_spine import NetworkError, ServerError
from ai_spine.local import LocalServer
from ai_spine.policy.request_events import LOG_FIELDS
from tests.local import LIMIT, single

pytestmark = pytest.mark.every_client


def work(input, config):
    if input.get("fail"):
        raise ValueError("no luck")
    return {"ok": True}


@pytest.fixture
def server():
    with LocalServer([single()], {"work": work}) as made:
        yield made


@pytest.fixture
def records(caplog):
    """The records of the SDK, which are all kept."""
    found, handler = [], logging.Handler()
    handler.emit = found.append
    caplog.set_level(logging.DEBUG, "ai_spine")
    logging.getLogger("ai_spine").addHandler(handler)
    yield found
    logging.getLogger("ai_spine").removeHandler(handler)


def fields(record):
    return {name: getattr(record, name) for name in LOG_FIELDS}


def test_each_record_of_a_call_names_it(server, records):
    server.faults.add("GET", "/flows/f", status=500, times=1)
    with server.client(tenant="acme") as client:
        client.get_flow("f")
    known = {"flow_id": "f", "execution_id": None, "tenant": "acme"}
    for record in records:
        assert {**fields(record), **known} == fields(record)
    assert len({record.request_id for record in records}) == 1
    assert [(record.attempt, record.msg.split(":")[0]) for record in records] == [
        (1, records[0].msg.split(":")[0]),
        (1, "GET /flows/f"),
        (2, records[2].msg.split(":")[0]),
    ]


def test_the_flow_of_an_execution_and_the_execution_itself_are_named(server, records):
    with server.client() as client:
        done = client.execute_and_wait("f", {})
    assert fields(records[0])["flow_id"] == "f"
    followed = [record for record in records if "/executions/" in record.getMessage()]
    assert followed
    assert {record.execution_id for record in followed} == {done.execution_id}


def test_a_warning_of_a_wait_names_the_execution_and_the_tenant(server, records):
    server.faults.add("GET", "/executions/*", drop=True, times=3)
    with server.client(tenant="acme", max_retries=0) as client:
        done = client.execute_and_wait("f", {}, timeout=LIMIT)
    warned = [record for record in records if record.levelname == "WARNING"]
    assert warned
    for record in warned:
        assert (record.execution_id, record.tenant) == (done.execution_id, "acme")


def test_a_hook_that_fails_is_logged_with_its_call(server, records):
    def fail(event):
        raise ValueError("of the hook")

    with server.client(event_hooks={"request": fail}) as client:
        client.get_flow("f")
    (record,) = [record for record in records if record.exc_info]
    assert (record.flow_id, record.attempt) == ("f", 1)
    assert record.request_id


def test_bodies_are_logged_with_their_call(server, records, monkeypatch):
    monkeypatch.setenv("AI_SPINE_LOG_BODIES", "1")
    with server.client() as client:
        client.execute_flow("f", {})
    bodies = [record for record in records if " body: " in record.getMessage()]
    assert [record.flow_id for record in bodies] == ["f", "f"]


def test_fields_of_the_application_are_no_obstacle(server, records):
    make = logging.getLogRecordFactory()

    def factory(*args, **options):
        record = make(*args, **options)
        record.tenant = record.execution_id = record.attempt = "the application's"
        return record

    logging.setLogRecordFactory(factory)
    try:
        server.faults.add("GET", "/executions/*", drop=True, times=3)
        with server.client(tenant="acme", max_retries=0) as client:
            done = client.execute_and_wait("f", {}, timeout=LIMIT)
    finally:
        logging.setLogRecordFactory(make)
    warned = [record for record in records if record.levelname == "WARNING"]
    assert {record.execution_id for record in warned} == {done.execution_id}


def test_a_record_outside_of_calls_has_all_fields_as_well(server, records):
    with server.client(max_retries=0) as client:
        server.faults.add("GET", "/flows", status=500)
        with pytest.raises(ServerError):
            client.list_flows()
        server.faults.add("GET", "/flows", drop=True)
        with pytest.raises(NetworkError):
            client.list_flows()
    logging.getLogger("ai_spine").warning("something else")
    assert fields(records[-1]) == dict.fromkeys(LOG_FIELDS)


def test_a_record_of_the_local_server_names_the_execution(server, records):
    with server.client() as client:
        failed = client.execute_and_wait("f", {"fail": True}, raise_on_failure=False)
    (record,) = [record for record in records if record.name == "ai_spine.local"]
    first, *_, last = record.getMessage().splitlines()
    assert first.startswith("node 'n' of execution ")
    assert last == "ValueError: no luck"
    assert (record.execution_id, record.flow_id) == (failed.execution_id, "f")
