"""A use of every name of `AsyncAISpine`, for `mypy --strict` to check; as `public_names.py`."""

import uuid
from datetime import timedelta
from typing import Any, AsyncIterator, Dict, List, Optional

import aiohttp
import httpx

from ai_spine import (
    Agent,
    ApiKeyChange,
    ApiKeyStatus,
    AsyncAISpine,
    AsyncRestClient,
    BatchItem,
    BatchProgress,
    BatchResult,
    Execution,
    LogLine,
    ExecutionEvent,
    ExecutionStatus,
    Flow,
    HealthStatus,
    Metrics,
    NodeResult,
    RequestEvent,
    SystemStatus,
    Tool,
    ToolExecution,
    ToolResult,
    ToolSchemas,
    ToolSearch,
    User,
)
from ai_spine.local import LocalServer
from ai_spine.models import AgentMessage


async def use_any_api(session: aiohttp.ClientSession) -> str:
    async def token() -> str:
        return "token"

    client = AsyncRestClient("https://api.test", token, session=session)
    async with client, AsyncRestClient("https://api.test", transport="httpx") as other:
        patient: AsyncRestClient = other.with_options(timeout=60)
        await patient.aclose()
        return client.base_url


async def on_event(event: RequestEvent) -> None:
    print(event.name, event.method, event.path)


async def on_change(execution: Execution) -> None:
    print(execution.status)


def make(session: aiohttp.ClientSession, client: httpx.AsyncClient) -> AsyncAISpine:
    AsyncAISpine(session=session)
    AsyncAISpine(session=client)
    return AsyncAISpine(
        "key",
        "https://api.test",
        30,
        3,
        False,
        api_prefix="/api/v1",
        deadline=60.0,
        retry_writes=True,
        headers={"X-Team": "a"},
        proxies=None,
        verify=True,
        cert=None,
        pool_size=10,
        retry_after_limit=timedelta(seconds=5),
        event_hooks={"request": on_event, "retry": [on_event, print]},
        access_token="token",
        on_credits_low=print,
        credits_low_at=5,
        profile="",
        json_default=str,
        transport="httpx",
    )


async def use_executions(client: AsyncAISpine) -> Execution:
    started: Execution = await client.execute_flow(
        "f", {"x": 1}, {"m": 1}, idempotency_key="k"
    )
    events: AsyncIterator[ExecutionEvent] = client.stream_execution("e", timeout=5.0)
    finals: List[Optional[Execution]] = [
        event.execution async for event in events if event.is_final
    ]
    waited: Execution = await client.wait_for_execution(
        started.execution_id, 10, 0.5, on_progress=on_change, raise_on_failure=False
    )
    await client.wait_for_execution(uuid.UUID(int=1), timeout=None, progress=True)
    await client.execute_and_wait("f", {}, timeout=10, interval=1, idempotency_key="k")
    rerun: Execution = await client.rerun_execution(waited, {"x": 2})
    await client.rerun_execution(
        "e", None, metadata=rerun.metadata, idempotency_key="k"
    )
    page: List[Execution] = await client.list_executions("f", "failed", limit=1)
    walk: AsyncIterator[Execution] = client.iter_executions("f", page_size=10)
    results: List[NodeResult] = await client.get_execution_results(waited)
    logs: List[LogLine] = await client.get_execution_logs(waited)
    print(logs[0].text)
    messages: List[AgentMessage] = await client.get_execution_messages(waited)
    again: Execution = await client.get_execution("e")
    print(finals, page, await walk.__anext__(), results, messages, again.is_done)
    if waited.status == ExecutionStatus.RUNNING:
        return await client.cancel_execution(waited)
    return waited


async def use_flow_tools(client: AsyncAISpine) -> Execution:
    tools: List[Dict[str, Any]] = [
        *await client.flows_as_tools(),
        *await client.flows_as_tools("anthropic", mine=True),
        *await client.flows_as_tools(format="mcp"),
    ]
    await client.call_flow_tool("f", {"x": 1}, timeout=None, on_progress=on_change)
    print(tools, await client.call_flow_tool("f"))
    return await client.call_flow_tool(
        "f", '{"x": 1}', {"m": 1}, raise_on_failure=False, idempotency_key="k"
    )


async def use_flows_and_agents(client: AsyncAISpine) -> Flow:
    flows: List[Flow] = [
        await client.create_flow({"flow_id": "f"}),
        await client.update_flow("f", {"nodes": []}),
        await client.get_flow("f"),
        *await client.list_flows(),
    ]
    agents: List[Agent] = [*await client.list_agents(), await client.get_agent("a")]
    agents.append(await client.create_agent({"agent_id": "a"}))
    gone: bool = await client.delete_agent("a") and await client.delete_flow("f")
    print(agents, gone)
    return flows[0]


async def use_tools(client: AsyncAISpine) -> ToolExecution:
    tool: Tool = await client.create_tool({"tool_id": "t", "endpoint": "http://t.test"})
    tools: List[Tool] = [
        *await client.list_tools(active=True, mine=True),
        await client.get_tool("t"),
        await client.update_tool(tool, {"name": "T"}),
        await client.set_tool_status(tool, False),
    ]
    page: ToolSearch = await client.search_tools(
        "t", tool_types=["OCR"], is_active=None
    )
    schemas: List[ToolSchemas] = [
        await client.create_tool_schemas(tool, input_schema={"properties": []}),
        await client.get_tool_schemas(uuid.uuid4()),
    ]
    result: ToolResult = await client.execute_tool(
        tool, {"x": 1}, {}, raise_on_failure=False, idempotency_key="k"
    )
    gone: bool = await client.delete_tool(tool)
    offers: Any = await client.list_marketplace_agents(
        search="x", min_rating=4.5, limit=1
    )
    more: List[Any] = [
        await client.get_marketplace_agent("a"),
        await client.get_marketplace_categories(),
        await client.get_marketplace_stats(),
    ]
    print(tools, page.has_more, schemas, result.data, gone, offers, more)
    return await client.get_tool_execution(result)


async def use_the_rest(client: AsyncAISpine) -> None:
    print((await client.get_health(detailed=True)).database)
    health: HealthStatus = await client.health_check()
    metrics: Metrics = await client.get_metrics()
    status: SystemStatus = await client.get_status()
    user: User = await client.get_current_user()
    profile: User = await client.get_user_profile()
    credits: Optional[float] = await client.check_credits()
    keys: List[ApiKeyStatus] = [
        await client.get_api_key_status(),
        await client.check_user_api_key("u"),
    ]
    changes: List[ApiKeyChange] = [
        await client.generate_api_key(),
        await client.revoke_api_key(),
        await client.generate_user_api_key("u"),
        await client.revoke_user_api_key("u"),
    ]
    body: Any = await client.request("GET", "/x", json={}, params={"a": 1})
    print(health, metrics, status, user, profile, credits, keys, changes, body)
    quick: AsyncAISpine = client.with_options(timeout=1, max_retries=0, deadline=2)
    print(quick.base_url, quick.timeout, quick.max_retries, quick.session)
    print(await client.get("/x"), (await client.head("/x")).status)
    print(
        await client.delete("/x"), await client.post("/x", {}), await client.put("/x")
    )
    print(await client.patch("/x", {}, idem=True), await client.call("GET", "/x"))
    print([page async for page in client.pages("/x")])
    print([item async for item in client.items("/x")])
    async for event in client.subscribe("/x"):
        print(event.id, event.json())
    await client.subscribe("/x", print)
    client.add_middleware(print)
    await client.aclose()


async def use_batches(client: AsyncAISpine) -> None:
    async def inputs() -> AsyncIterator[Dict[str, int]]:
        yield {"n": 1}

    def progress(so_far: BatchProgress) -> None:
        print(so_far.done, so_far.left)

    result: BatchResult = await client.execute_batch(
        "f", inputs(), on_result=print, progress=progress
    )
    item: BatchItem
    async for item in client.iter_batch("f", [{}], ordered=False):
        print(item.index, item.output, item.error)
    result.raise_for_errors()


async def use_local_server() -> None:
    async with LocalServer(port=0) as server, server.async_client(timeout=5) as client:
        await use_the_rest(client)
