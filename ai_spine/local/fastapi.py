"""The execution of flows as routes of FastAPI applications."""

from typing import TYPE_CHECKING, Any

from ai_spine.exceptions import ConfigurationError
from ai_spine.local.http.wsgi_server import MAX_BODY_BYTES
from ai_spine.local.in_process import FlowRunner

if TYPE_CHECKING:
    from fastapi import APIRouter


def tools_router(runner: FlowRunner) -> "APIRouter":
    """Return the route `POST /api/tools/{name}/execute`, which executes flows.

    The body is the input as JSON, and the response is the output, as on a local server. A request
    takes a thread of the application until its flow has ended.

    Args:
        runner: Runs the flows; whoever made it closes it.

    Raises:
        ConfigurationError: FastAPI is not installed.
    """
    try:
        from fastapi import APIRouter, HTTPException, Request, Response
        from fastapi.concurrency import run_in_threadpool
    except ImportError:
        raise ConfigurationError(
            "tools_router needs FastAPI, which is not installed: pip install fastapi"
        ) from None
    router = APIRouter(tags=["tools"])

    async def read(request: Any) -> bytes:
        content = b""
        async for piece in request.stream():
            content += piece
            if len(content) > MAX_BODY_BYTES:
                words = f"The body must be smaller than {MAX_BODY_BYTES} bytes"
                raise HTTPException(413, words)
        return content

    @router.post("/api/tools/{name:path}/execute")
    async def execute_tool(name: str, request: Request) -> Response:
        """Execute the flow of a tool, and return its output when it has ended."""
        # Pages of other origins cannot send that type without asking first.
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        if kind.lower() != "application/json":
            raise HTTPException(415, "The body must be application/json")
        content = await read(request)
        reply = await run_in_threadpool(
            runner.execute, name, content, dict(request.headers)
        )
        return Response(reply.content, reply.status, dict(reply.headers))

    return router
