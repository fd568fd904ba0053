"""A use of every public name, for `mypy --strict` to check; `test_typed.py` holds it complete."""

import json
import uuid
from datetime import datetime, timedelta
from typing import Any, Dict, Iterator, List, Mapping, Optional, Type

import requests

from ai_spine import (
    __version__,
    Agent,
    AgentMessage,
    AISpine,
    AISpineError,
    ApiCredential,
    APIError,
    ApiKeyChange,
    ApiKeyStatus,
    AuthenticationError,
    BadRequestError,
    BasicCredential,
    BatchError,
    BatchItem,
    BatchProgress,
    BatchResult,
    BusyLoopWarning,
    ConfigurationError,
    ConflictError,
    CookieCredential,
    Execution,
    ExecutionCancelledError,
    ExecutionError,
    ExecutionEvent,
    ExecutionStatus,
    Flow,
    FlowNode,
    HeaderCredential,
    HealthStatus,
    InsecureTransportWarning,
    InsufficientCreditsError,
    json_default,
    LogLine,
    Metrics,
    NetworkError,
    NodeProgress,
    NodeResult,
    NotFoundError,
    Pages,
    PermissionDeniedError,
    ProfileWarning,
    QueryCredential,
    RateLimitError,
    RequestEvent,
    RequestTimeoutError,
    RestClient,
    ServerError,
    StreamEvent,
    SystemStatus,
    TimeoutError,
    to_dataframe,
    Tool,
    ToolExecution,
    ToolResult,
    ToolSchemas,
    ToolSearch,
    User,
    ValidationError,
)
from ai_spine.local import LocalServer, agent
from ai_spine.notebook import overview


@agent("typed", name="Typed", capabilities=["types"], agent_type="processor")
def typed_agent(input: Dict[str, Any], config: Dict[str, Any]) -> Mapping[str, Any]:
    return {"seen": sorted(input)}


def on_event(event: RequestEvent) -> None:
    delay: Optional[float] = event.delay
    print(event.name, event.method, event.path, event.attempt, event.request_id, delay)


def make() -> AISpine:
    return AISpine(
        "key",
        "https://api.test",
        30,
        3,
        False,
        api_prefix="/api/v1",
        deadline=60.0,
        retry_writes=True,
        session=requests.Session(),
        headers={"X-Team": "a"},
        proxies=None,
        verify=True,
        cert=None,
        pool_size=10,
        event_hooks={"request": on_event, "retry": [on_event]},
        access_token="token",
        on_credits_low=print,
        credits_low_at=5,
    )


def use_executions(client: AISpine) -> Execution:
    started: Execution = client.execute_flow(
        "f", {"x": 1}, {"m": 1}, idempotency_key="k"
    )
    events: Iterator[ExecutionEvent] = client.stream_execution("e", timeout=5.0)
    reports: List[Optional[NodeProgress]] = [e.progress for e in events]
    finals: List[Optional[Execution]] = [e.execution for e in events if e.is_final]
    print(reports)
    print(finals)
    waited: Execution = client.wait_for_execution(
        started.execution_id, 10, 0.5, on_progress=print, raise_on_failure=False
    )
    client.execute_and_wait("f", {}, timeout=10, interval=1, idempotency_key="k")
    rerun: Execution = client.rerun_execution(waited, {"x": 2})
    client.rerun_execution("e", None, metadata=rerun.metadata, idempotency_key="k")
    page: List[Execution] = client.list_executions("f", "failed", limit=1, offset=0)
    walk: Iterator[Execution] = client.iter_executions("f", "failed", page_size=10)
    results: List[NodeResult] = client.get_execution_results(waited.execution_id)
    logs: List[LogLine] = client.get_execution_logs(waited.execution_id)
    print(logs[0].text)
    messages: List[AgentMessage] = client.get_execution_messages(waited.execution_id)
    took: Optional[timedelta] = results[0].duration
    sent: Optional[datetime] = messages[0].timestamp
    print(page, next(walk), took, sent, client.get_execution("e").is_done)
    if waited.status == ExecutionStatus.RUNNING:
        return client.cancel_execution(waited.execution_id)
    return waited


def use_flow_tools(client: AISpine) -> Execution:
    tools: List[Dict[str, Any]] = [
        *client.flows_as_tools(),
        *client.flows_as_tools("anthropic", mine=True),
        *client.flows_as_tools(format="mcp"),
    ]
    client.call_flow_tool("f", {"x": 1}, timeout=None, on_progress=print)
    print(tools, client.call_flow_tool("f"))
    return client.call_flow_tool(
        "f", '{"x": 1}', {"m": 1}, raise_on_failure=False, idempotency_key="k"
    )


def use_flows_and_agents(client: AISpine) -> Flow:
    flow = Flow(
        "f", nodes=[FlowNode("n", agent_id="a")], entry_point="n", exit_points=["n"]
    )
    flow.validate(["a"])
    order: List[str] = flow.order()
    flows: List[Flow] = [
        client.create_flow(flow),
        client.update_flow("f", {"nodes": []}),
    ]
    flows += [
        *client.list_flows(),
        client.create_flow("flow.yaml"),
        client.get_flow("f"),
    ]
    agents: List[Agent] = [*client.list_agents(), client.get_agent("a")]
    agents.append(client.create_agent({"agent_id": "a", "endpoint": "http://a.test"}))
    gone: bool = client.delete_agent("a") and client.delete_flow("f")
    print(order, agents[0].capabilities, gone)
    return flows[0]


def use_tools(client: AISpine) -> ToolExecution:
    tool: Tool = client.create_tool({"tool_id": "t", "endpoint": "http://t.test"})
    tools: List[Tool] = [
        *client.list_tools(active=True, mine=True),
        client.get_tool("t"),
        client.update_tool(tool, {"name": "T"}),
        client.set_tool_status(tool, False),
    ]
    page: ToolSearch = client.search_tools("t", tool_types=["OCR"], is_active=None)
    schemas: List[ToolSchemas] = [
        client.create_tool_schemas(tool, input_schema={"properties": []}),
        client.get_tool_schemas(uuid.uuid4()),
    ]
    result: ToolResult = client.execute_tool(
        tool, {"x": 1}, {}, raise_on_failure=False, idempotency_key="k"
    )
    gone: bool = client.delete_tool(tool)
    offers: Any = client.list_marketplace_agents(search="x", min_rating=4.5, limit=1)
    more: List[Any] = [
        client.get_marketplace_agent("a"),
        client.get_marketplace_categories(),
        client.get_marketplace_stats(),
    ]
    print(tools, page.has_more, schemas, result.data, gone, offers, more)
    return client.get_tool_execution(result)


def use_the_rest(client: AISpine) -> None:
    health: HealthStatus = client.health_check()
    database: Optional[str] = client.get_health(detailed=True).database
    print(database)
    metrics: Metrics = client.get_metrics()
    status: SystemStatus = client.get_status()
    user: User = client.get_current_user()
    credits: Optional[float] = client.check_credits()
    profile: User = client.get_user_profile()
    keys: List[ApiKeyStatus] = [
        client.get_api_key_status(),
        client.check_user_api_key("u"),
    ]
    changes: List[ApiKeyChange] = [
        client.generate_api_key(),
        client.revoke_api_key(),
        client.generate_user_api_key("u"),
        client.revoke_user_api_key("u"),
    ]
    print(
        health.is_healthy, metrics.last_execution, status.components, user.id, credits
    )
    print(profile.email, keys[0].has_api_key, changes[0].api_key)
    print(client.request("GET", "/x", json={}, params={"a": 1}), __version__)
    quick: AISpine = client.with_options(
        timeout=1, max_retries=0, deadline=2, headers={}, retry_writes=False
    )
    print(quick.base_url, quick.timeout, quick.max_retries)
    print(client.get("/x"), client.head("/x").status, client.delete("/x"))
    print(
        client.post("/x", {}), client.put("/x", []), client.patch("/x", {}, idem=True)
    )
    print(client.call("GET", "/x", raw=True), list(client.pages("/x")))
    for item in client.items("/x", query={"limit": 5}):
        print(item)
    for event in client.subscribe("/x"):
        named: StreamEvent = event
        print(named.id, event.json(), BusyLoopWarning)
    print(list(client.pages("/x", pages=Pages("offset", ("items",), "offset"))))
    client.subscribe("/x", print)
    client.add_middleware(print)
    client.close()


def use_batches(client: AISpine) -> None:
    def progress(so_far: BatchProgress) -> None:
        print(so_far.done, so_far.left)

    result: BatchResult = client.execute_batch(
        "f", ({"n": n} for n in range(3)), on_result=print, progress=progress
    )
    item: BatchItem
    for item in client.iter_batch("f", [{}], ordered=False):
        print(item.index, item.output, item.error)
    print(len(result), result[0].execution, result.failed)
    result.raise_for_errors()
    result.to_jsonl("results.jsonl")


def use_errors(error: AISpineError) -> Optional[str]:
    classes: List[Type[AISpineError]] = [
        AuthenticationError,
        BadRequestError,
        ConfigurationError,
        ConflictError,
        ExecutionCancelledError,
        NotFoundError,
        PermissionDeniedError,
        RequestTimeoutError,
        ServerError,
        ValidationError,
    ]
    if isinstance(error, InsufficientCreditsError):
        needed: Optional[float] = error.credits_needed
        print(needed, error.credits_available)
    if isinstance(error, RateLimitError):
        wait: Optional[float] = error.retry_after
        print(wait)
    if isinstance(error, (APIError, NetworkError)):
        maybe: bool = error.maybe_executed
        print(maybe, error.idempotency_key, error.attempts, classes)
        return error.request_id
    if isinstance(error, TimeoutError):
        return error.execution_id
    if isinstance(error, BatchError):
        print(error.failed, InsecureTransportWarning, ProfileWarning)
    if isinstance(error, ExecutionError):
        print(error.execution)
    return error.message


def use_in_notebook(client: AISpine, execution: Execution) -> str:
    frame = to_dataframe(client.list_executions(), flatten=True)
    result = client.execute_batch("f", [{}], progress=True)
    print(frame.shape, to_dataframe(result, model=BatchItem))
    client.wait_for_execution(execution.execution_id, progress=False)
    print(execution.to_json(indent=2), json.dumps(execution, default=json_default))
    client.wait_for_execution(execution, timeout=timedelta(minutes=1))
    client.wait_for_execution(uuid.UUID(int=1), timeout=None)
    client.cancel_execution(execution)
    client.execute_flow(client.get_flow("f"), {})
    client.delete_agent(client.get_agent("a"))
    return overview(client, execution)


def use_any_api() -> ApiCredential:
    credentials: Dict[str, ApiCredential] = {
        "key": HeaderCredential("X-API-Key", lambda: "k", prefix="Key "),
        "basic": BasicCredential("user", "password"),
        "query": QueryCredential("key", "k"),
        "cookie": CookieCredential("session", "k"),
    }
    with RestClient(
        "https://api.test/v1",
        lambda: "token",
        credentials=credentials,
        timeout=timedelta(seconds=5),
        session=requests.Session(),
        event_hooks={"request": on_event},
    ) as client:
        patient: RestClient = client.with_options(timeout=60)
        print(patient.base_url, client.session, client.max_retries)
    return credentials["key"]


def use_local_server() -> None:
    with LocalServer(agents=[typed_agent], port=0) as server, server.client(
        timeout=5
    ) as client:
        server.faults.add(
            "GET", "/flows", status=503, headers={"Retry-After": "1"}, times=2
        )
        server.reset()
        print(server.url, client.session)
