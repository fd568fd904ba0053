"""Tests of tenants, which share a server and see nothing of each other."""

import sqlite3

import pytest

from ai_spine import BadRequestError, ConfigurationError, NotFoundError
from ai_spine.local.http.wsgi_server import HttpServer
from ai_spine.local.tenants import MAX_TENANTS, file_of
from tests.local import single

FLOW = single(flow_id="own")
HTML = {"Accept": "text/html"}


def work(input, config):
    return {"did": input.get("n")}


@pytest.fixture
def server(serve):
    return serve([single()], {"work": work}, tenants=True)


@pytest.fixture
def client_of(server):
    """Make clients of tenants."""
    made = []

    def make(tenant, **options):
        made.append(server.client(tenant=tenant, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


def ids(flows):
    return [each.flow_id for each in flows]


def test_tenants_share_what_the_server_begins_with_and_nothing_else(client_of):
    first, second = client_of("acme"), client_of("beta")
    assert ids(first.list_flows()) == ids(second.list_flows()) == ["f"]
    first.create_flow(FLOW)
    first.create_agent({"agent_id": "remote", "endpoint": "http://agents.test"})
    done = first.execute_and_wait("own", {"n": 1})
    assert done.succeeded
    assert ids(second.list_flows()) == ["f"]
    assert [agent.agent_id for agent in second.list_agents()] == ["work"]
    assert second.list_executions() == []
    for call in (second.get_execution, second.get_execution_results):
        with pytest.raises(NotFoundError):
            call(done.execution_id)
    with pytest.raises(NotFoundError):
        second.cancel_execution(done.execution_id)
    second.delete_flow("f")
    assert ids(first.list_flows()) == ["f", "own"]
    assert first.get_metrics().total_executions == 1
    assert second.get_metrics().total_executions == 0


def test_an_idempotency_key_counts_for_its_tenant(client_of):
    first, second = client_of("acme"), client_of("beta")
    name = "f"
    started = [
        client.execute_flow(name, {"n": n}, idempotency_key="k").execution_id
        for client, n in ((first, 1), (first, 1), (second, 2))
    ]
    assert started[0] == started[1] != started[2]
    assert second.wait_for_execution(started[2]).input_data == {"n": 2}


def test_executions_are_followed_over_the_stream_of_their_tenant(client_of):
    first, second = client_of("acme"), client_of("beta")
    started = first.execute_flow("f", {})
    assert list(first.stream_execution(started))
    with pytest.raises(NotFoundError):
        list(second.stream_execution(started))


@pytest.mark.parametrize("path", ["/flows", "/api/v1/flows", "/status", "/", "/page/"])
def test_a_request_without_a_tenant_is_refused(server, http, path):
    response = http.get(server.url + path)
    assert response.status_code == 400
    assert response.json()["detail"] == (
        "The request must name its tenant in X-Tenant-Id; "
        "in a browser, open /?tenant=NAME first"
    )
    assert http.head(server.url + path).content == b""


def test_a_client_without_a_tenant_says_what_is_missing(server):
    with server.client() as client, pytest.raises(BadRequestError) as caught:
        client.list_flows()
    assert caught.value.message.startswith("The request must name its tenant")


def test_the_health_of_a_server_belongs_to_no_tenant(server, http):
    assert http.get(f"{server.url}/health").json()["status"] == "healthy"


@pytest.mark.parametrize("tenant", ["x" * 201, "a\tb", "\u00fc".encode("utf-8")])
def test_what_can_be_no_tenant_is_refused(server, http, tenant):
    response = http.get(f"{server.url}/flows", headers={"X-Tenant-Id": tenant})
    assert response.status_code == 400
    assert "a tenant must be printable ASCII text" in response.json()["detail"]


def test_a_server_has_a_limited_number_of_tenants(server, http, monkeypatch):
    monkeypatch.setattr("ai_spine.local.tenants.MAX_TENANTS", 2)
    statuses = [
        http.get(f"{server.url}/flows", headers={"X-Tenant-Id": tenant}).status_code
        for tenant in ("a", "b", "c", "a")
    ]
    assert statuses == [200, 200, 400, 200]
    assert MAX_TENANTS == 100


def test_a_browser_chooses_its_tenant_by_a_link(server, http, client_of):
    client_of("acme & sons").create_flow(FLOW)
    chosen = http.get(f"{server.url}/?tenant=acme+%26+sons", allow_redirects=False)
    assert (chosen.status_code, chosen.headers["Location"]) == (303, "/")
    assert "HttpOnly; SameSite=Strict" in chosen.headers["Set-Cookie"]
    assert "own" in http.get(server.url, headers=HTML).text
    assert "own" in http.get(f"{server.url}/page/flow?id=own", headers=HTML).text
    http.get(f"{server.url}/?tenant=beta")
    assert "own" not in http.get(server.url, headers=HTML).text


@pytest.mark.parametrize("cookie", ["", "a=b", "ai-spine-page-{port}-tenant=", "=;;"])
def test_a_cookie_that_names_no_tenant_does_not_count(server, http, cookie):
    port = server.url.rpartition(":")[2]
    headers = {"Cookie": cookie.format(port=port)}
    assert http.get(f"{server.url}/flows", headers=headers).status_code == 400


def test_each_tenant_has_a_file_that_survives_the_server(serve, tmp_path):
    db = tmp_path / "runs.db"
    for _ in range(2):
        server = serve([single()], {"work": work}, db=db, tenants=True)
        with server.client(tenant="Acme") as client:
            client.execute_and_wait("f", {})
        server.close()
    assert [path.name for path in tmp_path.glob("*.db")] == ["runs.%41cme.db"]
    with sqlite3.connect(tmp_path / "runs.%41cme.db") as found:
        assert found.execute("SELECT count(*) FROM executions").fetchone() == (2,)
    found.close()


def test_long_names_of_tenants_have_files_of_their_own():
    first, second = file_of("a.db", "x" * 200), file_of("a.db", "x" * 199)
    assert first != second and len(first) < 100


def test_what_is_added_to_the_server_is_added_to_all_tenants_until_reset(
    server, client_of
):
    first = client_of("acme")
    first.execute_and_wait("f", {})
    server.add_flow("greet", lambda input, config: {"hello": "you"})
    second = client_of("beta")
    for client in (first, second):
        assert client.execute_and_wait("greet", {}).succeeded
    assert len(server.executions("greet", tenant="beta")) == 1
    assert len(server.executions(tenant="acme")) == 2
    server.reset()
    assert ids(first.list_flows()) == ids(second.list_flows()) == ["f"]
    assert server.executions(tenant="acme") == []
    assert ids(client_of("gamma").list_flows()) == ["f"]


def test_executions_are_listed_for_a_tenant_that_is_named(server, serve):
    with pytest.raises(ConfigurationError, match="the server has tenants: name one"):
        server.executions()
    with pytest.raises(ConfigurationError, match="a tenant must be printable"):
        server.executions(tenant="")
    other = serve([single()], {"work": work})
    with pytest.raises(ConfigurationError, match="was started without tenants"):
        other.executions(tenant="acme")


def test_without_tenants_the_header_changes_nothing(serve):
    server = serve([single()], {"work": work})
    with server.client(tenant="a") as first, server.client(tenant="b") as second:
        first.execute_and_wait("f", {})
        assert len(second.list_executions()) == 1


def test_a_failed_start_stops_what_was_made(monkeypatch, serve, tmp_path):
    def fail(*_):
        raise ConfigurationError("the port is in use")

    monkeypatch.setattr(HttpServer, "__init__", fail)
    with pytest.raises(ConfigurationError, match="the port is in use"):
        serve([single()], {"work": work}, db=tmp_path / "runs.db", tenants=True)
    assert list(tmp_path.iterdir()) == []
