"""Serves small documents, and asks them over a real connection."""

import contextlib
import http.client
import json
from urllib.parse import urlsplit

from ai_spine.sdk_sync.verifying.server import DocumentServer


@contextlib.contextmanager
def serving(folder, paths, version="3.1.0", **more):
    """Yield the server of a document that is written to a folder."""
    document = {
        "openapi": version,
        "info": {"title": "Shop", "version": "1"},
        "paths": paths,
        **more,
    }
    path = folder / "openapi.json"
    path.write_text(json.dumps(document), "utf-8")
    with DocumentServer(path) as server:
        yield server


def ask(server, method, target, body=None, **headers):
    """Return the status, the headers and the body of a response."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    content = json.dumps(body) if isinstance(body, (dict, list)) else body
    try:
        connection.request(method, target, content, names)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def operation(schema=None, kind="application/json", status="200", **more):
    """Return an operation whose response has a schema."""
    content = {} if schema is None else {"content": {kind: {"schema": schema}}}
    responses = {status: {"description": "Fine.", **content}}
    return {"responses": responses, **more}


def parameter(name, schema, place="query", **more):
    """Return a parameter."""
    needed = {"required": True} if place == "path" else {}
    return {"name": name, "in": place, "schema": schema, **needed, **more}
