"""Tests of tenants, which share a server and see nothing of each other."""

import re
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
        "The request must name its tenant in X-Tenant-Id: set tenant=, --tenant or "
        "AI_SPINE_TENANT; in a browser, open /?tenant=NAME first"
    )
    assert http.head(server.url + path).content == b""


def test_a_client_without_a_tenant_says_what_is_missing(server):
    with server.client() as client, pytest.raises(BadRequestError) as caught:
        client.list_flows()
    assert caught.value.message.startswith("The request must name its tenant")


def test_the_document_of_the_api_belongs_to_no_tenant(server, http):
    assert http.get(f"{server.url}/openapi.json").json()["openapi"] == "3.1.0"


def test_the_health_of_a_server_belongs_to_no_tenant(server, http):
    assert http.get(f"{server.url}/health").json()["status"] == "healthy"


@pytest.mark.parametrize("tenant", ["x" * 201, "a\tb", "\u00fc".encode("utf-8")])
def test_what_can_be_no_tenant_is_refused(server, http, tenant):
    response = http.get(f"{server.url}/flows", headers={"X-Tenant-Id": tenant})
    assert response.status_code == 400
    assert "a tenant must be printable ASCII text" in response.json()["detail"]


def test_a_wrong_tenant_of_a_browser_is_refused_with_what_is_wrong(server, http):
    for chosen in ("", "%0A", "%C3%A9", "x" * 201):
        response = http.get(f"{server.url}/?tenant={chosen}")
        assert response.status_code == 400
        assert "a tenant must be printable" in response.json()["detail"]


def test_who_has_no_key_makes_no_site(serve, http, tmp_path):
    server = serve(
        [single()], {"work": work}, api_key="sk-1", tenants=True, db=tmp_path / "a.db"
    )
    for number in range(3):
        headers = {"X-Tenant-Id": f"t{number}", "Authorization": "Bearer wrong"}
        assert http.get(f"{server.url}/flows", headers=headers).status_code == 401
    assert list(tmp_path.iterdir()) == []
    with server.client(tenant="acme") as client:
        assert ids(client.list_flows()) == ["f"]
    known = {"X-Tenant-Id": "acme"}
    assert http.get(f"{server.url}/flows", headers=known).status_code == 401


def test_who_has_signed_in_sees_the_pages_of_any_tenant(serve, http):
    server = serve([single()], {"work": work}, api_key="sk-1", tenants=True)
    http.get(f"{server.url}/?tenant=acme", headers=HTML)
    page = http.get(server.url, headers=HTML)
    (token,) = set(re.findall(r'name="form_token" value="(\w+)"', page.text))
    form = {"key": "sk-1", "form_token": token}
    signed_in = http.post(f"{server.url}/page/sign-in", data=form, headers=HTML)
    assert signed_in.ok
    for tenant in ("acme", "beta"):
        http.get(f"{server.url}/?tenant={tenant}", headers=HTML)
        assert "/page/flow?id=f" in http.get(server.url, headers=HTML).text


def test_cookies_of_other_servers_are_no_obstacle(server, http, client_of):
    client_of("acme").create_flow(FLOW)
    port = server.url.rpartition(":")[2]
    cookie = f'prefs={{"a":1}}; ai-spine-page-{port}-tenant=acme'
    page = http.get(server.url, headers={**HTML, "Cookie": cookie})
    assert "own" in page.text


def test_a_folder_that_cannot_be_written_is_reported_at_the_start(serve, tmp_path):
    with pytest.raises(ConfigurationError, match="the folder of db cannot be written"):
        serve([single()], {"work": work}, db=tmp_path / "no" / "a.db", tenants=True)


def test_a_database_that_fails_later_is_no_secret_of_the_server(
    serve, http, tmp_path, caplog
):
    server = serve([single()], {"work": work}, db=tmp_path / "a.db", tenants=True)
    (tmp_path / "a.acme.db").mkdir()
    response = http.get(f"{server.url}/flows", headers={"X-Tenant-Id": "acme"})
    assert response.status_code == 500
    assert response.json() == {"detail": "The server failed; see its log"}
    assert "a.acme.db" in caplog.text


@pytest.mark.parametrize("value", ["acme", ["acme"], 1])
def test_tenants_are_on_or_off(serve, value):
    with pytest.raises(ConfigurationError, match="tenants must be True or False"):
        serve([single()], {"work": work}, tenants=value)


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
    assert "HttpOnly; SameSite=Lax" in chosen.headers["Set-Cookie"]
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
