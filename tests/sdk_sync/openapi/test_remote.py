"""References that lead to documents on the network."""

import json

import pytest

from ai_spine.sdk_sync.errors import ImportError
from ai_spine.sdk_sync.ir import IRType
from ai_spine.sdk_sync.openapi import remote
from ai_spine.sdk_sync.openapi.loading import Document, load_document
from ai_spine.sdk_sync.openapi.reader import read_document
from ai_spine.sdk_sync.openapi.remote import fetch_document
from tests.sdk_sync.openapi.support import document, sentences
from tests.sdk_sync.runtime.server import Reply, serving

URL = "https://example.com/shared/types.json"


@pytest.fixture
def read(tmp_path):
    """Read a document whose schema refers to a place, with documents on a network of a test."""
    asked = []

    def make(reference, network):
        path = tmp_path / "openapi.json"
        path.write_text(json.dumps(document(schemas={"A": {"$ref": reference}})))

        def fetch(url):
            asked.append(url)
            return Document(path, json.dumps(network[url]), url)

        found = read_document(load_document(path), fetch=fetch)
        return found, asked

    return make


def test_a_document_on_the_network_is_read_once(read):
    network = {
        URL: {
            "A": {
                "type": "object",
                "properties": {"b": {"$ref": "#/B"}, "c": {"$ref": "more.json"}},
            },
            "B": {},
        },
        "https://example.com/shared/more.json": {"type": "integer"},
    }
    found, asked = read(f"{URL}#/A", network)
    assert sentences(found) == []
    assert asked == list(network)
    fields = [each.get_field("c") for each in found.spec.models.values()]
    kinds = [each.type for each in fields if each is not None]
    assert kinds and IRType.ANY not in kinds


def test_a_document_on_the_network_leads_to_no_file(read, tmp_path):
    own = (tmp_path / "openapi.json").as_uri()
    found, _ = read(URL, {URL: {"properties": {"a": {"$ref": own}}}})
    (said,) = sentences(found)
    assert "leads from the network to a file: any value is allowed" in said


def test_only_https_is_read(read):
    found, asked = read("http://example.com/a.json", {})
    assert asked == []
    assert "nothing is read but files beside the document" in sentences(found)[0]


def test_no_more_documents_are_read_than_anyone_needs(read):
    first = "https://example.com/0.json"
    network = {
        f"https://example.com/{n}.json": {
            "properties": {"a": {"$ref": f"{n + 1}.json"}}
        }
        for n in range(150)
    }
    found, asked = read(first, network)
    assert len(asked) == 100
    assert "more than 100 documents are needed" in sentences(found)[0]


@pytest.fixture
def fetch(monkeypatch):
    """Fetch a document from a server of a test, which has no certificate."""
    made = remote.RestClient

    def call(respond, path="/a/types.json?v=2"):
        with serving(respond) as server:
            monkeypatch.setattr(
                remote,
                "RestClient",
                lambda url, **more: made(server.url, max_retries=0, **more),
            )
            found = fetch_document(f"https://example.com{path}")
            return found, server.requests

    return call


def test_a_document_is_fetched_without_credentials(fetch):
    found, (request,) = fetch(lambda _: Reply(200, b'{"a": 1}'))
    assert (found.data, found.uri) == ({"a": 1}, "https://example.com/a/types.json?v=2")
    assert found.problem("/a", "x").file == "types.json"
    assert (request.path, request.query) == ("/a/types.json", {"v": ["2"]})
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    "reply, words",
    [
        (Reply(404, b"{}"), "types.json cannot be read: 404"),
        (Reply(200, b"\xff"), "is not UTF-8 text"),
        (Reply(200, b"{"), "cannot be read: it is not JSON"),
    ],
)
def test_a_document_that_cannot_be_read_is_an_error(fetch, reply, words):
    with pytest.raises(ImportError) as caught:
        fetch(lambda _: reply, "/types.json")
    assert words in caught.value.message
