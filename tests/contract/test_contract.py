"""What holds on every server: in this process, in another one, or anywhere by its URL."""

import uuid

import pytest

from ai_spine import (
    AuthenticationError,
    BadRequestError,
    ExecutionError,
    Flow,
    NotFoundError,
    RequestTimeoutError,
    ServerError,
)
from tests.contract.conftest import ALLOW_WRITES

UNKNOWN = str(uuid.UUID(int=7))


def test_the_server_is_healthy(client):
    assert client.health_check().is_healthy


def test_flows_and_agents_are_listed_and_found(client):
    flows = client.list_flows()
    assert all(isinstance(flow, Flow) and flow.flow_id for flow in flows)
    if flows:
        assert client.get_flow(flows[0].flow_id).flow_id == flows[0].flow_id
    assert all(agent.agent_id for agent in client.list_agents())


def test_executions_are_listed_newest_first(place, client):
    if place.flow_id is not None and ALLOW_WRITES:
        for _ in range(2):
            client.execute_and_wait(place.flow_id, place.input_data, timeout=120)
    found = client.list_executions(limit=5)
    assert len(found) <= 5
    created = [each.created_at for each in found if each.created_at]
    assert created == sorted(created, reverse=True)


@pytest.mark.parametrize("method", ["get_flow", "get_agent", "get_execution"])
def test_what_does_not_exist_is_not_found(client, method):
    with pytest.raises(NotFoundError) as caught:
        getattr(client, method)(UNKNOWN)
    error = caught.value
    assert error.request_id and not error.maybe_executed
    assert "\n" not in str(error)


def test_a_wrong_key_is_refused(place, make_client):
    if not place.needs_key:
        pytest.skip("the server needs no key")
    client = make_client(api_key="sk-wrong")
    with pytest.raises(AuthenticationError) as caught:
        client.list_flows()
    assert "sk-wrong" not in str(caught.value)


def test_a_key_that_changes_is_asked_for_again(place, make_client):
    if not place.needs_key:
        pytest.skip("the server needs no key")
    keys = iter(["sk-wrong", place.options["api_key"]])
    client = make_client(api_key=lambda: next(keys))
    assert client.list_flows() is not None


def test_the_headers_of_policy_are_accepted(make_client):
    client = make_client(
        tenant="contract",
        workspace="sdk",
        headers={
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        },
    )
    assert client.list_flows() is not None


def test_a_request_without_enough_time_is_a_timeout(make_client):
    client = make_client(deadline=1e-9, max_retries=0)
    with pytest.raises(RequestTimeoutError) as caught:
        client.list_flows()
    assert not caught.value.maybe_executed


def test_the_account_of_the_key_is_known(place, client):
    if not place.needs_key:
        pytest.skip("the server needs no key")
    assert client.get_current_user().id


def test_a_flow_is_created_changed_and_removed(client, new_flow):
    name = new_flow["flow_id"]
    assert client.create_flow(new_flow).flow_id == name
    assert client.get_flow(name).entry_point == "in"
    changed = client.update_flow(name, {**new_flow, "description": "changed"})
    assert changed.flow_id == name
    assert client.get_flow(name).description == "changed"
    assert name in [flow.flow_id for flow in client.list_flows()]
    with pytest.raises((BadRequestError, ServerError)):  # in disguise, on some servers
        client.create_flow({**new_flow, "nodes": [{"id": "x", "depends_on": ["y"]}]})
    client.delete_flow(name)
    with pytest.raises(NotFoundError):
        client.get_flow(name)


def test_a_flow_is_executed_and_followed_to_its_end(place, client):
    if place.flow_id is None or not ALLOW_WRITES:
        pytest.skip("needs a flow to execute: CONTRACT_FLOW and ALLOW_WRITES=1")
    done = client.execute_and_wait(place.flow_id, place.input_data, timeout=120)
    assert done.succeeded and done.flow_id == place.flow_id
    assert client.get_execution(done).status == "completed"
    results = client.get_execution_results(done)
    assert {result.status for result in results} <= {"completed", "skipped"}
    events = list(client.stream_execution(done, timeout=60))
    assert events[-1].execution.execution_id == done.execution_id


def test_a_flow_that_does_not_exist_is_not_started(client):
    if not ALLOW_WRITES:
        pytest.skip("nothing is written to a cluster without ALLOW_WRITES=1")
    with pytest.raises((ExecutionError, NotFoundError)):
        client.execute_and_wait(f"no-such-{uuid.uuid4().hex}", {})
