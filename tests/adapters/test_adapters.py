"""Tests of clients in the frameworks of others, each of them the real one."""

import click
import pytest
from click.testing import CliRunner

from ai_spine import AISpine, ConfigurationError, RestClient, RequestTimeoutError
from ai_spine.adapters.click import pass_client
from ai_spine.adapters.fastapi import ClientDependency
from ai_spine.adapters.flask import current_client, init_app
from ai_spine.adapters.structlog import add_error_fields
from ai_spine.ron import RonClient, RonClientDependency, RonClientSync, RonProblem
from ai_spine.ron.testing import RonNode
from tests.needs import needs


@pytest.fixture
def node():
    with RonNode("t-secret") as node:
        yield node


@needs("fastapi")
@needs("httpx")
def test_a_route_of_fastapi_is_given_the_client(node):
    from fastapi import Depends, FastAPI
    from fastapi.testclient import TestClient

    ron = RonClientDependency(node.url, token="t-secret")
    app = FastAPI(lifespan=ron.lifespan)

    @app.get("/greet")
    async def greet(client: RonClient = Depends(ron)):
        return await client.get("/hello")

    with pytest.raises(ConfigurationError, match="pass the dependency's lifespan"):
        TestClient(app).get("/greet")
    with TestClient(app) as browser:
        assert browser.get("/greet").json() == {"hello": "world"}
        assert browser.get("/greet").json() == {"hello": "world"}
    assert "t-secret" not in repr(ron) and repr(ron) == "RonClientDependency(RonClient)"


@needs("flask")
def test_a_view_of_flask_is_given_the_client(node):
    from flask import Flask
    from werkzeug.test import Client

    app = Flask("shop")
    with RonClientSync(node.url, "t-secret") as client:
        client.init_app(app)
        client.init_app(app)

        @app.get("/greet")
        def greet():
            return current_client("ron").get("/hello")

        # The client of Flask 2.2 asks for what Werkzeug 3 has not.
        assert Client(app).get("/greet").get_json() == {"hello": "world"}
        with RonClientSync(node.url, "t-secret") as other:
            with pytest.raises(ConfigurationError, match="an extension 'ron' already"):
                other.init_app(app)
            init_app(app, other, "backup")
        with app.app_context(), pytest.raises(
            ConfigurationError, match="no client 'ai_spine'"
        ):
            current_client()


@needs("aiohttp")
@needs("flask")
def test_flask_cannot_have_an_async_client(node):
    from flask import Flask

    with pytest.raises(ConfigurationError, match="use the synchronous one"):
        RonClient(node.url).init_app(Flask("shop"))


def test_without_flask_one_sentence_says_so(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "flask", None)
    with pytest.raises(
        ConfigurationError, match=r"pip install 'ai-spine-sdk\[flask\]'"
    ):
        current_client()


@click.command()
@click.argument("path")
@pass_client(RonClientSync, prefix="RON_APP")
def fetch(client, path):
    """Print the JSON of a path."""
    click.echo(f"{client.get(path)} {client.timeout:g}")


def test_a_command_of_click_is_given_the_client(node):
    words = ["/hello", "--url", node.url, "--token", "t-secret", "--timeout", "7"]
    result = CliRunner().invoke(fetch, words)
    assert (result.exit_code, result.output) == (0, "{'hello': 'world'} 7\n")
    variables = {
        "RON_APP_URL": node.url,
        "RON_APP_TOKEN": "t-secret",
        "RON_APP_TIMEOUT": "8",
    }
    result = CliRunner().invoke(fetch, ["/hello"], env=variables)
    assert (result.exit_code, result.output) == (0, "{'hello': 'world'} 8\n")
    help_text = CliRunner().invoke(fetch, ["--help"]).output
    assert "--url" in help_text and "Print the JSON of a path." in help_text


def test_an_error_ends_a_command_with_its_message(node):
    result = CliRunner().invoke(
        fetch, ["/hello", "--url", node.url, "--token", "t-other"]
    )
    assert result.exit_code == 1 and result.output.startswith(
        "Error: 401: who are you?"
    )
    result = CliRunner().invoke(fetch, ["/hello", "--url", "nonsense"])
    assert result.exit_code == 1 and "base_url must be" in result.output


def test_a_command_whose_client_needs_a_url_asks_for_it(monkeypatch):
    @click.command()
    @pass_client(RestClient)
    def show(client):
        click.echo(client.base_url)

    result = CliRunner().invoke(show)
    assert result.exit_code == 2 and "Missing option '--url'" in result.output
    monkeypatch.setenv("API_URL", "https://users.example.com")
    assert CliRunner().invoke(show).output == "https://users.example.com\n"


def test_a_client_of_ai_spine_takes_the_token_as_its_key():
    @click.command()
    @pass_client(AISpine)
    def show(client):
        click.echo(client._api.settings.api_key is not None)

    words = ["--url", "http://127.0.0.1:1", "--token", "k-secret"]
    assert CliRunner().invoke(show, words).output == "True\n"
    assert CliRunner().invoke(show, words[:2]).output == "False\n"


@needs("structlog")
def test_an_entry_of_structlog_says_what_the_error_knows(node):
    import structlog

    entries = structlog.testing.LogCapture()
    log = structlog.wrap_logger(None, processors=[add_error_fields, entries])
    with RonClientSync(node.url, "t-other") as client:
        try:
            client.get("/hello")
        except RonProblem as error:
            caught = error
            log.error("refused", exc_info=True)
            log.error("refused", error=error, code="mine")
            log.error("refused", exc_info=error)
    log.info("nothing wrong", error="text")
    first, second, third, last = entries.entries
    assert (first["status_code"], first["code"], first["method"]) == (
        401,
        "unauthorized",
        "GET",
    )
    assert first["request_id"] == third["request_id"] == caught.request_id
    assert first["attempts"] == 1
    assert second["code"] == "mine"
    assert set(last) == {"event", "error", "log_level"}
    assert "t-other" not in repr(entries.entries)


def test_an_error_of_the_network_has_its_fields_too():
    event = add_error_fields(None, "error", {"exc_info": RequestTimeoutError("slow")})
    assert "maybe_executed" not in event and "status_code" not in event


def test_a_dependency_of_the_general_client_is_the_same():
    dependency = ClientDependency(RestClient, "https://users.example.com")
    assert repr(dependency) == "ClientDependency(RestClient)"
