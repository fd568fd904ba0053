"""A server of dialect B for tests: a `LocalServer` behind a translating proxy."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

STATUSES = {
    "pending": "queued",
    "completed": "success",
    "failed": "error",
    "cancelled": "canceled",
}
NAMES = {
    "completed_at": "finishedAt",
    "error_message": "error",
    "next_cursor": "next_cursor",
}
LISTS = ("flows", "agents", "executions", "messages")
# Data of users, the keys of which are not translated.
DATA_OF_USERS = (
    "input_data",
    "output_data",
    "config",
    "conditions",
    "metadata",
    "input",
    "details",
)


def camel(name):
    head, *rest = name.split("_")
    return NAMES.get(name) or head + "".join(word.capitalize() for word in rest)


def translate(value):
    if isinstance(value, list):
        return [translate(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for name, child in value.items():
        if name in DATA_OF_USERS:
            result[camel(name)] = child
        elif (
            name == "status"
            and "flow_id" in value
            or "node_id" in value
            and name == "status"
        ):
            result["status"] = STATUSES.get(child, child)
        elif name.endswith("_at") and isinstance(child, str):
            result[camel(name)] = child + "Z"
        else:
            result[camel(name)] = translate(child)
    if "agent_type" in value:
        result["id"] = result.pop("agentId")
    return result


def translate_response(method, path, status, body, query):
    if status >= 400:
        detail = body.get("detail") if isinstance(body, dict) else None
        words = detail if isinstance(detail, str) else detail[0]["msg"]
        return status, {
            "error": {"code": f"E{status}", "message": words, "details": detail}
        }
    if method == "DELETE" and "/keys/" not in path and "/account/" not in path:
        return 204, None
    if method == "POST" and path.endswith(("/execute", "/cancel")):
        return 202, execution_of(body)
    if "node_results" in body:
        results = translate(body["node_results"])
        execution_id = body.get("execution_id") or body["execution"]["execution_id"]
        return status, {"executionId": execution_id, "results": results}
    wrapper = next((name for name in LISTS if isinstance(body.get(name), list)), None)
    if wrapper is None:
        return status, translate(body)
    page = {"data": translate(body[wrapper]), "next_cursor": None}
    if wrapper == "executions" and len(body[wrapper]) == query["limit"]:
        page["next_cursor"] = cursor_of(query["offset"] + query["limit"])
    return status, page


def execution_of(body):
    result = translate(body)
    if "status" in result:
        result["status"] = STATUSES.get(result["status"], result["status"])
    return result


def cursor_of(offset):
    return base64.urlsafe_b64encode(str(offset).encode()).decode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = (
        -1
    )  # headers and body in one packet: a second one would wait for an acknowledgement

    def respond(self):
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if "cursor" in query:
            query["offset"] = base64.urlsafe_b64decode(query.pop("cursor")).decode()
        length = int(self.headers.get("Content-Length") or 0)
        response = requests.request(
            self.command,
            f"{self.server.upstream}{parts.path}?{urlencode(query)}",
            data=self.rfile.read(length),
            headers={
                k: v for k, v in self.headers.items() if k not in ("Host", "Connection")
            },
            timeout=30,
        )
        paging = {
            "limit": int(query.get("limit", 100)),
            "offset": int(query.get("offset", 0)),
        }
        result = translate_response(
            self.command, parts.path, response.status_code, response.json(), paging
        )
        self.send(*result, response.headers)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = respond

    def send(self, status, body, headers):
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name in ("X-Request-Id", "Idempotency-Key", "Retry-After"):
            if name in headers:
                self.send_header(name, headers[name])
        if body is not None:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class DialectB:
    """Translates the responses of a `LocalServer` into dialect B."""

    def __init__(self, server):
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.upstream = server.url
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
