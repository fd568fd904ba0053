"""Calls the methods of a generated package, in a process of its own: `verification` starts it.

It reads a line of JSON for each call and writes one for each result.
"""

import ast
import asyncio
import base64
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

_RUNTIME = (
    "ai_spine.sdk_sync.runtime.api",
    "ai_spine.sdk_sync.runtime.async_api",
    "ai_spine.sdk_sync.runtime.base_client",
    "ai_spine.sdk_sync.runtime.async_base_client",
)
_SETTINGS = {"timeout": 10, "max_retries": 0}
_LONGEST = 500


def main() -> None:
    """Serve one package until there are no more calls."""
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a package prints is no result

    def tell(result: Mapping[str, Any]) -> None:
        results.write(json.dumps(result) + "\n")
        results.flush()

    about = json.loads(sys.stdin.readline())
    try:
        calls = Package(about)
    except Exception as error:
        tell(_failed(error))
        return
    tell({"import_ms": calls.import_ms})
    for line in sys.stdin:
        tell(calls.call(json.loads(line)))
    calls.close()


class Package:
    """A package that has been imported, with a client of each kind.

    Args:
        about: Where the package is and what its clients need: `out`, `package`, `base_url` and
            `arguments`.

    Attributes:
        import_ms: How long its import took, without that of the runtime.
    """

    def __init__(self, about: Mapping[str, Any]) -> None:
        sys.path.insert(0, about["out"])
        self._name = about["package"]
        for each in (*_RUNTIME, *_imports(Path(about["out"], self._name, "client.py"))):
            importlib.import_module(each)
        started = time.perf_counter()
        importlib.import_module(self._name)
        module = importlib.import_module(f"{self._name}.client")
        self.import_ms = 1000 * (time.perf_counter() - started)
        arguments = {**about["arguments"], **_SETTINGS}
        for name, value in arguments.items():
            arguments[name] = tuple(value) if isinstance(value, list) else value
        self._client = module.Client(about["base_url"], **arguments)
        self._loop = asyncio.new_event_loop()
        self._async_client = module.AsyncClient(about["base_url"], **arguments)

    def call(self, call: Mapping[str, Any]) -> Dict[str, Any]:
        """Return what a method returns, as JSON, or what it raises."""
        started = time.perf_counter()
        try:
            given = self._arguments(call)
            if call["mode"] == "sync":
                owner = getattr(self._client, call["group"])
                value = getattr(owner, call["method"])(**given)
                result = _result(value, self._client.codec)
            else:
                result = self._loop.run_until_complete(self._awaited(call, given))
        except Exception as error:
            result = _failed(error)
        return {**result, "ms": 1000 * (time.perf_counter() - started)}

    async def _awaited(
        self, call: Mapping[str, Any], given: Dict[str, Any]
    ) -> Dict[str, Any]:
        owner = getattr(self._async_client, call["group"])
        value = await getattr(owner, call["method"])(**given)
        if hasattr(value, "__aiter__"):
            pieces = [each async for each in value]
            return _collected(pieces, self._client.codec)
        return _result(value, self._client.codec)

    def close(self) -> None:
        """Close both clients."""
        self._client.close()
        self._loop.run_until_complete(self._async_client.aclose())
        self._loop.close()

    def _arguments(self, call: Mapping[str, Any]) -> Dict[str, Any]:
        given = dict(call["arguments"])
        if "body" not in call:
            return given
        body, kind = call["body"], call["body_kind"]
        if kind in ("binary", "lines"):
            body = str(body).encode()
        elif call["files"]:
            body = {k: _file(v) if k in call["files"] else v for k, v in body.items()}
        elif call["mode"] == "async" and kind == "json":
            body = self._typed(call, body)
        return {**given, "body": body}

    def _typed(self, call: Mapping[str, Any], body: Any) -> Any:
        """Return a body as the model that the operation takes."""
        module = importlib.import_module(f"{self._name}.api.{call['module']}")
        for endpoint in vars(module).values():
            if type(endpoint).__name__ == "Endpoint" and (
                endpoint.name == call["method"]
            ):
                kinds = [
                    e.kind
                    for e in endpoint.bodies
                    if e.content_type == call["media"] and e.kind is not None
                ]
                if kinds:
                    return self._client.codec.from_json(kinds[0](), body)
        return body


def _imports(path: Path) -> List[str]:
    """Return the modules of the SDK that a module imports, those of its codec among them."""
    found: List[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("ai_spine"):
            found.append(str(node.module))
            if node.module == "ai_spine.sdk_sync.runtime":
                found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def _file(value: Any) -> Any:
    if isinstance(value, list):
        return [_file(each) for each in value]
    return str(value).encode()


def _result(value: Any, codec: Any) -> Dict[str, Any]:
    if hasattr(value, "__next__"):
        return _collected(list(value), codec)
    if isinstance(value, bytes):
        return _collected([value], codec)
    return {"value": codec.to_json(value), "kind": type(value).__name__}


def _collected(pieces: List[Any], codec: Any) -> Dict[str, Any]:
    """Return what a stream of values or of bytes had."""
    if pieces and all(isinstance(each, bytes) for each in pieces):
        return {"bytes": base64.b64encode(b"".join(pieces)).decode()}
    return {"values": [codec.to_json(each) for each in pieces]}


def _failed(error: BaseException) -> Dict[str, Any]:
    status: Optional[int] = getattr(error, "status_code", None)
    said = " ".join(str(error).split())[:_LONGEST]
    return {"error": f"{type(error).__name__}: {said}", "status": status}


if __name__ == "__main__":
    main()
