"""Tests that the examples of the guide to clients for OpenAPI documents run as documented."""

import contextlib
import importlib
import io
import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ai_spine.cli.main import cli
from tests.needs import needs
from tests.sdk_sync.generators.python.support import check_types
from tests.sdk_sync.runtime.server import Reply, reply, serving

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "openapi-clients.md").read_text(encoding="utf-8")
DOCUMENT = ROOT / "examples" / "bookshop.yaml"
URL = "https://eu.bookshop.example.com/v1"
TITLES = ["The Third Man", "The Big Sleep", "Gaudy Night"]
# The output of the guide's blocks of Python, in order.
PRINTED = [
    "b3 crime 2026\nThe Third Man\nThe Big Sleep\nGaudy Night\n",
    "fine\nThe Big Sleep\n",
    "get_book needs bearerAuth or apiKey: make the client with "
    "bearer_auth=... or api_key=..., or with a token\n",
    "True open\n",
    "True True False\n",
    '200 "v1" True The Big Sleep\n',
    "404 There is no b9. No such book\n"
    "404: There is no b9. (GET /books/b9, request id r-1)\n",
    "2\n['The Third Man', 'The Big Sleep', 'Gaudy Night']\n",
    "o1 packed\no1 sent\n4\n4\n8\n",
    "Dashiell Hammett\n",
    "",
    "True True\n<Genre: 'poetry'> False\n",
    "open\n",
]
pytestmark = [needs("aiohttp"), needs("attrs"), needs("yaml")]


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


def book(name, title, **more):
    added = "2026-11-27T10:00:00Z"
    return {"id": name, "title": title, "genre": "crime", "added": added, **more}


def pages(request):
    """Return two pages of books."""
    first = {"items": [book("b3", TITLES[0]), book("b1", TITLES[1])], "nextCursor": "2"}
    is_second = request.query.get("cursor") == ["2"]
    return reply(200, {"items": [book("b2", TITLES[2])]} if is_second else first)


def events(*values):
    """Return a stream of events."""
    pieces = [b"data: %s\n\n" % json.dumps(each).encode() for each in values]
    return Reply(200, pieces, {"content-type": "text/event-stream"})


def a_book(request):
    """Return a book, a book of another genre, or a problem."""
    if request.path == "/books/b9":
        problem = {"title": "No such book", "type": "about:blank", "status": 404}
        content = json.dumps({**problem, "detail": "There is no b9."}).encode()
        headers = {"content-type": "application/problem+json", "x-request-id": "r-1"}
        return Reply(404, content, headers)
    genre = "poetry" if request.path == "/books/b4" else "crime"
    found = book("b1", TITLES[1], subtitle=None)
    return reply(200, {**found, "genre": genre}, ETag='"v1"')


def respond(request):
    """Do what the bookshop does."""
    place = request.method, request.path
    if place == ("GET", "/health"):
        return reply(200, "fine", content_type="text/plain")
    if request.headers.get("authorization") != "Bearer my-token":
        return reply(401, {})
    if place == ("GET", "/books"):
        return pages(request)
    if place == ("POST", "/books"):
        return reply(201, {**book("b3", ""), **request.json})
    if request.path.endswith("/content"):
        kind = {"content-type": "application/epub+zip"}
        return Reply(200, [b"epub", b"book"], kind)
    if request.path.endswith("/files"):
        return Reply(204 if b'filename="two.png"' in request.body else 400)
    if request.path == "/workspaces/acme/orders":
        is_sent = request.body in (b'{"bookId": "b1", "count": 2}', b"bookId=b1")
        return reply(201 if is_sent else 400, {"id": "o1", "state": "open"})
    if request.path == "/workspaces/acme/orders/events":
        return events({"id": "o1", "state": "packed"}, {"id": "o1", "state": "sent"})
    if request.path == "/recommendations":
        return events({"delta": "Dashiell "}, {"delta": "Hammett"})
    return a_book(request)


@pytest.fixture
def generate(tmp_path, monkeypatch):
    """Return a function that generates the package of a document, and puts it on the path."""

    def generate(document):
        command = ["sdk-sync", "python", "--spec-file", str(document), "--no-format"]
        done = CliRunner().invoke(cli, [*command, "--out", str(tmp_path / "bookshop")])
        assert done.exit_code == 0, done.output
        return done.output

    def forget():
        for name in [each for each in sys.modules if each.split(".")[0] == "bookshop"]:
            del sys.modules[name]

    monkeypatch.syspath_prepend(str(tmp_path / "bookshop"))
    monkeypatch.chdir(tmp_path)
    importlib.invalidate_caches()
    yield generate
    forget()


def run(found):
    """Return what blocks print, each in the names of those before it."""
    names = {}
    printed = []
    with serving(respond) as server, contextlib.ExitStack() as stack:
        for block in found:
            text = io.StringIO()
            code = compile(block.replace(URL, server.url), "guide", "exec")
            with contextlib.redirect_stdout(text):
                exec(code, names)
            printed.append(text.getvalue())
        for each in ("client", "anyone"):
            if each in names:
                stack.callback(names[each].close)
    return printed, server.requests


def test_the_document_of_the_guide_makes_the_client_of_its_first_example(
    generate, tmp_path
):
    path = tmp_path / "bookshop.yaml"
    path.write_text(blocks("yaml")[0], encoding="utf-8")
    said = re.search(r"The first command prints `([^`]*)`", GUIDE)[1]
    assert said in generate(path)
    assert run(blocks("py")[:1])[0] == PRINTED[:1]


def test_the_examples_of_the_guide_print_what_it_says(generate):
    generate(DOCUMENT)
    printed, requests = run(blocks("py"))
    assert printed == PRINTED
    changes = [each.body.decode() for each in requests if each.method == "PATCH"]
    assert changes == ['{"title": "The Big Sleep"}', '{"subtitle": null}']
    assert all(f"`{each}`" in GUIDE for each in changes)


@pytest.mark.parametrize("line", "".join(PRINTED).splitlines())
def test_the_output_of_each_example_is_documented(line):
    assert re.search(rf"It prints[^\n]*`{re.escape(line)}`", GUIDE)


def test_the_configuration_of_the_guide_is_read(generate, tmp_path):
    text = blocks("toml")[0]
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    generate(DOCUMENT)
    package = importlib.import_module("bookshop")
    with package.Client("http://localhost:1") as client:
        assert client.books.all_books.__name__ == "all_books"
        assert client.purchases.order.__name__ == "order"
        assert not hasattr(client.purchases, "cancel_orders")
    assert package.NewOrder(book_id="b1").count is not None


@needs("openapi_core")
def test_verify_finds_what_the_guide_says(generate, tmp_path):
    generate(DOCUMENT)
    command = ["sdk-sync", "verify", str(tmp_path / "bookshop"), "--no-types"]
    done = CliRunner().invoke(cli, [*command, "--spec-file", str(DOCUMENT)])
    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines()[-1] in GUIDE
    check_types(tmp_path / "bookshop" / "bookshop")
