"""`ToolCaller`: executes one tool of a backend. Generated clients have one each."""

from typing import (
    Any,
    AsyncIterator,
    Dict,
    Generator,
    Iterator,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
)
from urllib.parse import quote

from ai_spine.async_client import AsyncAISpine
from ai_spine.client import AISpine
from ai_spine.exceptions import APIError
from ai_spine.policy.execution_events import ExecutionEvent
from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.utils import Secret, one_line

TRANSPORTS = ("auto", "tools", "flows")
_NO_SUCH_ROUTE = (404, 405)


class _Step(NamedTuple):
    """A call of a method of the client, which the synchronous and the asynchronous way share."""

    method: str
    args: Tuple[Any, ...]
    options: Dict[str, Any]


class ToolCaller:
    """Executes a tool, by the backend's endpoint for tools or as a flow of AI Spine.

    Connections, retries, deadlines, idempotency, tracing and what is hidden in logs are those of
    `AISpine` and `AsyncAISpine`, which are made when they are first needed.

    Args:
        tool_name: The tool.
        base_url: The backend.
        api_key: The key; by default, what `AISpine` finds.
        timeout: Seconds that an execution may take.
        flow_id: The flow that the tool is, if it is one.
        transport: `tools` for the endpoint, `flows` to execute the flow and wait, `auto` for the
            endpoint and, if the backend has none, the flow.
        client: A client of yours for synchronous calls; the key and URL above are not used then.
        async_client: A client of yours for asynchronous calls.

    Raises:
        ConfigError: There is no such transport, or there is no flow.

    Example:
        >>> caller = ToolCaller("add", base_url=server.url, flow_id="sentiment-analysis")
        >>> with caller:
        ...     output = caller.execute_sync({"text": "Wonderful!"})
        >>> output["sentiment"]["label"]
        'positive'
    """

    def __init__(
        self,
        tool_name: str,
        *,
        base_url: str,
        api_key: Optional[str] = None,
        timeout: float = 30,
        flow_id: Optional[str] = None,
        transport: str = "auto",
        client: Optional[AISpine] = None,
        async_client: Optional[AsyncAISpine] = None,
    ) -> None:
        if transport not in TRANSPORTS:
            shown = one_line(repr(transport), 60)
            raise ConfigError(
                f"transport must be one of {', '.join(TRANSPORTS)}, not {shown}"
            )
        if transport == "flows" and flow_id is None:
            raise ConfigError(
                f"the tool {tool_name!r} is no flow: use transport='tools'"
            )
        self._path = f"/api/tools/{quote(tool_name, safe='')}/execute"
        self._flow_id = flow_id
        self._transport = transport
        self._timeout = timeout
        self._base_url, self._key = base_url, Secret(api_key) if api_key else None
        self._owns = client is None, async_client is None
        # It opens no connection; a wrong URL or key is an error at once.
        self._client = client or AISpine(api_key, base_url, timeout)
        self._async_client = async_client

    def execute_sync(self, body: Mapping[str, Any]) -> Any:
        """Execute the tool, and return its output as JSON; also inside a running event loop.

        Args:
            body: The input, as JSON.

        Raises:
            APIError: The backend refused.
            ExecutionError: The flow failed.
            NetworkError: No response came.
            TimeoutError: It was not done in time.
        """
        steps = self._steps(body)
        try:
            step = next(steps)
            while True:
                try:
                    result = getattr(self._client, step.method)(
                        *step.args, **step.options
                    )
                except APIError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(result)
        except StopIteration as end:
            return end.value

    async def execute(self, body: Mapping[str, Any]) -> Any:
        """Do the same, awaited."""
        client = self._asynchronous()
        steps = self._steps(body)
        try:
            step = next(steps)
            while True:
                try:
                    result = await getattr(client, step.method)(
                        *step.args, **step.options
                    )
                except APIError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(result)
        except StopIteration as end:
            return end.value

    def stream_sync(self, body: Mapping[str, Any]) -> Iterator[ExecutionEvent]:
        """Execute the flow, and yield what happens to it and its nodes, up to its end."""
        execution = self._client.execute_flow(self._flow(), body)
        yield from self._client.stream_execution(execution, timeout=self._timeout)

    async def stream(self, body: Mapping[str, Any]) -> AsyncIterator[ExecutionEvent]:
        """Do the same, awaited."""
        client = self._asynchronous()
        execution = await client.execute_flow(self._flow(), body)
        async for event in client.stream_execution(execution, timeout=self._timeout):
            yield event

    def close(self) -> None:
        """Close the connections of synchronous calls; a client of yours stays open."""
        if self._owns[0]:
            self._client.close()

    async def aclose(self) -> None:
        """Close all connections; clients of yours stay open."""
        self.close()
        if self._owns[1] and self._async_client is not None:
            await self._async_client.aclose()

    def __enter__(self) -> "ToolCaller":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _asynchronous(self) -> AsyncAISpine:
        if self._async_client is None:
            key = self._key.reveal() if self._key else None
            self._async_client = AsyncAISpine(key, self._base_url, self._timeout)
        return self._async_client

    def _flow(self) -> str:
        if self._flow_id is None:
            raise ConfigError("only a tool that is a flow has a stream of events")
        return self._flow_id

    def _steps(self, body: Mapping[str, Any]) -> Generator[_Step, Any, Any]:
        """Yield the calls that execute the tool, take their results, and return its output."""
        if self._transport != "flows":
            try:
                return (yield _Step("request", ("POST", self._path), {"json": body}))
            except APIError as error:
                has_no_tools = error.status_code in _NO_SUCH_ROUTE
                if self._transport == "tools" or not has_no_tools or not self._flow_id:
                    raise
        execution = yield _Step(
            "execute_and_wait", (self._flow(), body), {"timeout": self._timeout}
        )
        self._transport = "flows"  # the backend has the flow, and no endpoint for tools
        return execution.output_data
