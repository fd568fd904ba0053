"""A generated client in the place of `AISpine`: the same faults befall the same operations."""

import functools
import importlib
import json
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Callable, Dict

from ai_spine import AISpineError
from ai_spine.constants import TENANT_HEADER
from ai_spine.sdk_sync.generators.python.endpoints.package import EndpointsGenerator
from ai_spine.sdk_sync.openapi import read_openapi
from tests.clients import shared_loop
from tests.faults.cases import BY_NAME
from tests.faults.expected import ODD_ANSWER, Expected
from tests.faults.matrix import Run

CASES = [BY_NAME[name] for name in ("get_flow", "list_flows", "execute_flow")]
_PACKAGE = "client_for_faults"
_ONE_AT_A_TIME = (
    threading.Lock()
)  # cells are played in threads, and it is generated once
_TEXT = {"type": "string"}
_FLOW = {"type": "object", "required": ["flow_id"], "properties": {"flow_id": _TEXT}}
_FLOWS = {
    "type": "object",
    "required": ["flows"],
    "properties": {"flows": {"type": "array", "items": _FLOW}},
}
_STARTED = {
    "type": "object",
    "required": ["execution_id"],
    "properties": {"execution_id": _TEXT},
}
_BODY = {
    "type": "object",
    "required": ["flow_id", "input_data"],
    "properties": {"flow_id": _TEXT, "input_data": {"type": "object"}},
}
_HEALTH = {"type": "object", "required": ["status"], "properties": {"status": _TEXT}}


def _operation(name: str, schema: Any, **more: Any) -> Dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    response = {"description": "Fine.", "content": content}
    tenant = {"name": TENANT_HEADER, "in": "header", "schema": _TEXT}
    parameters = [*more.pop("parameters", ()), tenant]
    return {
        "operationId": name,
        "tags": ["flows"],
        "parameters": parameters,
        "responses": {"2XX": response},
        **more,
    }


def document() -> Dict[str, Any]:
    """Return the document of the operations that are played."""
    own = {"name": "flow_id", "in": "path", "required": True, "schema": _TEXT}
    body = {"required": True, "content": {"application/json": {"schema": _BODY}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Flows", "version": "1.0.0"},
        "security": [{"token": []}],
        "paths": {
            "/flows": {"get": _operation("list_flows", _FLOWS)},
            "/flows/{flow_id}": {
                "get": _operation("get_flow", _FLOW, parameters=[own])
            },
            "/flows/execute": {
                "post": _operation("execute_flow", _STARTED, requestBody=body)
            },
            "/health": {"get": _operation("get_health", _HEALTH)},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}
        },
    }


@functools.lru_cache(maxsize=None)
def _client_module() -> Any:
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    path = folder / "openapi.json"
    path.write_text(json.dumps(document()), "utf-8")
    spec = read_openapi(path).spec
    EndpointsGenerator(spec, _PACKAGE, folder / "out", format=False).generate_sync()
    sys.path.append(str(folder / "out"))
    importlib.invalidate_caches()
    return importlib.import_module(f"{_PACKAGE}.client")


class Generated:
    """A generated client with the methods of `AISpine` that the cases call.

    Args:
        client: The client, of either kind.
        run: Calls a method of it, and waits for what it returns.
        tenant: The tenant of all requests.
    """

    def __init__(self, client: Any, run: Callable[..., Any], tenant: str) -> None:
        self._client, self._run, self._tenant = client, run, tenant
        self._api = client._api

    def _call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        method = getattr(self._client.flows, name)
        return self._run(method, *args, x_tenant_id=self._tenant, **kwargs)

    def get_flow(self, flow_id: str) -> Any:
        return self._call("get_flow", flow_id)

    def list_flows(self) -> Any:
        found = self._call("list_flows")
        return None if found is None else found.flows

    def execute_flow(self, flow_id: str, data: Any) -> Any:
        return self._call("execute_flow", flow_id=flow_id, input_data=data)

    def health_check(self) -> Any:
        return self._call("get_health")

    def with_options(self, **options: Any) -> "Generated":
        made = self._client.with_options(**options)
        return Generated(made, self._run, self._tenant)

    def close(self) -> None:
        self._run(getattr(self._client, "aclose", None) or self._client.close)


def _called(method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return method(*args, **kwargs)


def maker_of(library: str) -> Callable[..., Any]:
    """Return what makes a generated client over a library, with the options of `AISpine`."""

    def make(
        *, api_key: Any, access_token: Any, tenant: str, base_url: str, **options: Any
    ) -> Generated:
        del api_key  # which this server does not know
        with _ONE_AT_A_TIME:
            module = _client_module()
        if library == "requests":
            client = module.AuthenticatedClient(base_url, access_token, **options)
            return Generated(client, _called, tenant)
        loop = shared_loop()
        client = loop.run(
            functools.partial(
                module.AsyncAuthenticatedClient,
                base_url,
                access_token,
                transport=library,
                **options,
            )
        )
        return Generated(client, loop.run, tenant)

    return make


class GeneratedRun(Run):
    """A cell that is played with a generated client."""

    @property
    def maker(self) -> Callable[..., Any]:
        return maker_of(self._library)

    def _judge_error(self, error: AISpineError, expected: Expected) -> str:
        # A list where an object is promised is no response to a client with types.
        if ODD_ANSWER in expected.outcomes and type(error).__name__ == "APIError":
            return "a"
        return super()._judge_error(error, expected)

    def _judge_result(self, result: Any, expected: Expected) -> str:
        if result is None and self.cell.fault.name == "empty 204":
            return "e"  # a server says with it that there is nothing to return
        if result is None:
            self._wrong("returned None where a model is promised")
            return "e"
        return super()._judge_result(result, expected)
