"""Tests of async agents: they share one loop, run at once, and are cancelled for real."""

import asyncio
import gc
import logging
import threading
import time

import pytest

from ai_spine import ExecutionEvent, ExecutionStatus
from ai_spine.local import AgentContext, agent
from ai_spine.models import NodeProgress
from ai_spine.policy.execution_events import SeenEvents
from tests.local import LIMIT, flow, node, run, single, wait_until
from tests.local.engine.test_engine import statuses_of


def loop_threads():
    return [each for each in threading.enumerate() if each.name == "ai-spine-agents"]


class Held:
    """An agent that awaits until it is cancelled or released, and notes what happens."""

    def __init__(self):
        self.events = []
        self.count = 0
        self.released = None

    async def __call__(self, input, config):
        if self.released is None:
            self.released = asyncio.Event()
        self.count += 1
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.events.append("cancelled")
            raise
        finally:
            self.events.append("cleaned up")
        return {"thread": threading.current_thread().name}


@pytest.fixture
def held():
    return Held()


def test_two_hundred_executions_await_at_once_with_two_workers(serve):
    inside, shared = [], []

    async def meet(input, config):
        inside.append(threading.current_thread().name)
        if not shared:  # before Python 3.10 an event belongs to the loop that runs
            shared.append(asyncio.Event())
        (everybody,) = shared
        if len(inside) == 200:
            everybody.set()
        await asyncio.wait_for(everybody.wait(), LIMIT)
        return {}

    server = serve([single()], {"work": meet}, max_workers=2)
    with server.client() as client:
        started = [client.execute_flow("f", {}) for _ in range(200)]
        done = [client.wait_for_execution(each, LIMIT) for each in started]
    assert all(execution.succeeded for execution in done)
    assert set(inside) == {"ai-spine-agents"}


def test_plain_agents_run_while_async_ones_await(serve, held):
    server = serve(
        [single(), single("plain", "g")],
        {"work": held, "plain": lambda i, c: {"done": True}},
        max_workers=1,
    )
    with server.client() as client:
        client.execute_flow("f", {})
        wait_until(lambda: held.count)
        assert run(server, "g").output_data == {"n": {"done": True}}


def test_async_agents_pass_on_their_output(serve):
    async def add(input, config):
        await asyncio.sleep(0)
        return {"sum": input.get("sum", 0) + 1}

    chain = flow(node("a", "add"), node("b", "add", ["a"]), node("c", "add", ["b"]))
    assert run(serve([chain], {"add": add})).output_data == {"c": {"sum": 3}}


def test_a_cancel_is_raised_inside_the_agent(serve, held, http):
    server = serve([single()], {"work": held})
    with server.client() as client:
        execution = client.execute_flow("f", {})
        wait_until(lambda: held.count)
        client.cancel_execution(execution)
        done = client.wait_for_execution(execution, LIMIT, raise_on_failure=False)
    wait_until(lambda: len(held.events) == 2)
    assert held.events == ["cancelled", "cleaned up"]
    assert done.status == ExecutionStatus.CANCELLED
    assert statuses_of(http, server, execution) == {"n": "cancelled"}


@pytest.mark.usefixtures("no_garbage")
@pytest.mark.parametrize("is_plain", [False, True])
def test_nothing_is_logged_of_an_agent_that_is_cancelled(serve, held, caplog, is_plain):
    server = serve(
        [single()], {"work": (lambda i, c: held(i, c)) if is_plain else held}
    )
    with server.client() as client:
        execution = client.execute_flow("f", {})
        wait_until(lambda: held.count)
        client.cancel_execution(execution)
    wait_until(lambda: held.events == ["cancelled", "cleaned up"])
    server.close()  # its loop has ended
    gc.collect()
    assert [each for each in caplog.records if each.name == "asyncio"] == []


def test_a_timeout_is_raised_inside_the_agent(serve, held):
    server = serve([single(timeout=0.05)], {"work": held})
    done = run(server)
    while not held.count:  # a busy machine may not begin it in time
        done = run(server)
    assert done.error_message == "Node 'n' failed: timed out after 0.05 s"
    wait_until(lambda: len(held.events) == 2)
    assert held.events == ["cancelled", "cleaned up"]


def test_a_node_that_fails_cancels_those_beside_it(serve, held, http):
    async def fail(input, config):
        while not held.count:
            await asyncio.sleep(0)
        raise ValueError("no bread")

    made = flow(
        node("start"), node("a", "held", ["start"]), node("b", "fail", ["start"])
    )
    server = serve([made], {"held": held, "fail": fail})
    done = run(server)
    assert done.error_message.startswith("Node 'b' failed: ValueError: no bread (")
    wait_until(lambda: held.events == ["cancelled", "cleaned up"])
    assert statuses_of(http, server, done)["a"] == "cancelled"


def test_a_coroutine_of_a_plain_function_is_cancelled_too(serve, held):
    server = serve([single()], {"work": lambda i, c: held(i, c)}, max_workers=1)
    with server.client() as client:
        execution = client.execute_flow("f", {})
        wait_until(lambda: held.count)
        client.cancel_execution(execution)
        wait_until(lambda: held.events == ["cancelled", "cleaned up"])
        held.released.set()
        assert run(server).succeeded  # the worker is free again


def test_an_agent_that_ignores_its_cancel_changes_nothing(serve, http):
    begun, ended = [], []

    async def stubborn(input, config):
        begun.append(1)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append(1)
        return {"late": True}

    server = serve([single(timeout=0.05)], {"work": stubborn})
    done = run(server)
    while not begun:  # a busy machine may not begin it in time
        done = run(server)
    wait_until(lambda: ended)
    assert statuses_of(http, server, done) == {"n": "failed"}
    with server.client() as client:
        assert client.get_execution(done).output_data == {}


@pytest.mark.parametrize(
    "error, words",
    [
        (ValueError("no bread"), "ValueError: no bread"),
        (SystemExit(3), "SystemExit: 3"),
        (asyncio.CancelledError(), "CancelledError"),
        (StopAsyncIteration(), "StopAsyncIteration"),
    ],
    ids=repr,
)
def test_an_async_agent_that_raises_fails_its_node(serve, error, words):
    async def fail(input, config):
        await asyncio.sleep(0)
        raise error

    done = run(serve([single()], {"work": fail}))
    assert done.error_message.startswith(f"Node 'n' failed: {words} (test_async_")


def test_a_task_that_exits_does_not_end_the_loop(serve):
    async def leave(input, config):
        async def exit_process():
            raise SystemExit(3)

        asyncio.ensure_future(exit_process())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return {"left": True}

    server = serve([single()], {"work": leave})
    assert [run(server).output_data for _ in range(2)] == [{"n": {"left": True}}] * 2


def test_closing_the_server_cancels_its_agents_and_ends_the_loop(serve, held):
    server = serve([single()], {"work": held})
    with server.client() as client:
        client.execute_flow("f", {})
        wait_until(lambda: held.count)
    server.close()
    assert held.events == ["cancelled", "cleaned up"]
    assert not loop_threads()


def test_a_reset_cancels_async_agents(serve, held):
    server = serve([single()], {"work": held})
    with server.client() as client:
        client.execute_flow("f", {})
        wait_until(lambda: held.count)
        server.reset()
        wait_until(lambda: held.events == ["cancelled", "cleaned up"])


def test_a_server_without_async_agents_has_no_loop(serve):
    run(serve([single()], {"work": lambda i, c: {}}))
    assert not loop_threads()


def test_tenants_share_the_loop(serve):
    async def where(input, config, context):
        return {"tenant": context.tenant, "loop": id(asyncio.get_running_loop())}

    server = serve([single()], {"work": where}, tenants=True)
    found = []
    for tenant in ("acme", "globex"):
        with server.client(tenant=tenant) as client:
            found.append(client.execute_and_wait("f", {}, timeout=LIMIT).output["n"])
    assert [each["tenant"] for each in found] == ["acme", "globex"]
    assert found[0]["loop"] == found[1]["loop"]


# The context


def contexts(serve, **config):
    """Return the context of an agent that has run, and its execution."""
    kept = []

    def work(input, config, context):
        kept.extend([context, context.deadline])
        return {}

    done = run(serve([single(**config)], {"work": work}))
    return [*kept, done]


def test_a_context_knows_its_execution_and_node(serve):
    context, deadline, done = contexts(serve)
    assert context.execution_id == done.execution_id
    assert (context.node_id, context.attempt, context.tenant) == ("n", 1, None)
    assert deadline is None


def test_a_deadline_is_the_seconds_left_of_the_timeout(serve):
    _, deadline, _ = contexts(serve, timeout=1000)
    assert 1000 - LIMIT < deadline <= 1000
    assert AgentContext(ends=time.monotonic() - 1).deadline == 0.0


def test_records_of_the_logger_name_the_execution_and_the_node(serve, caplog):
    @agent("work")
    async def work(input, config, context):
        context.logger.info("half of %s", "it")
        return {}

    caplog.set_level(logging.INFO, "ai_spine")
    done = run(serve([single()], [work]))
    record = next(each for each in caplog.records if each.getMessage() == "half of it")
    assert record.name == "ai_spine.local.agents.n"
    assert (record.execution_id, record.node_id) == (done.execution_id, "n")
    assert (record.flow_id, record.attempt, record.tenant) == ("f", 1, None)


@pytest.mark.parametrize("progress", [-0.1, 1.1, "a", None, True, float("nan")])
def test_progress_that_is_no_share_is_refused(progress):
    with pytest.raises(ValueError, match="progress must be from 0 to 1, not"):
        AgentContext().report(progress)


def test_a_message_that_is_no_text_is_refused():
    with pytest.raises(ValueError, match="message must be text, not 5"):
        AgentContext().report(0.5, 5)


def reporting(context):
    context.report(0.25, "reading\nall")
    context.report(1)
    return {}


async def reporting_async(input, config, context):
    return reporting(context)


@pytest.mark.parametrize("work", [lambda i, c, x: reporting(x), reporting_async])
def test_a_stream_has_the_last_progress_of_a_node(serve, work):
    server = serve([single()], {"work": work})
    done = run(server)
    with server.client() as client:
        events = list(client.stream_execution(done, timeout=LIMIT))
    assert [(event.type, event.id) for event in events] == [
        ("execution", "1"),
        ("execution", "2"),
        ("node", "3"),
        ("progress", "5"),
        ("node", "6"),
        ("execution", "7"),
    ]
    progress = events[3].progress
    assert (progress.node_id, progress.progress, progress.message) == ("n", 1, None)
    assert events[3].node is None and not events[3].is_final


def test_a_stream_has_each_progress_that_it_is_in_time_for(serve):
    steps = [threading.Event() for _ in range(4)]

    def work(input, config, context):
        for number, step in enumerate(steps):
            assert step.wait(LIMIT)
            context.report(number / 4, f"step {number}")
        return {}

    server = serve([single()], {"work": work})
    with server.client() as client:
        execution = client.execute_flow("f", {})
        seen = []
        steps[0].set()
        for event in client.stream_execution(execution, timeout=LIMIT):
            if event.progress is not None:
                seen.append((event.progress.progress, event.progress.message))
                for step in steps[len(seen) : len(seen) + 1]:
                    step.set()
    assert seen == [(number / 4, f"step {number}") for number in range(4)]


def test_progress_of_a_node_that_has_ended_is_ignored(serve):
    kept = []

    def work(input, config, context):
        kept.append(context)
        return {}

    server = serve([single()], {"work": work})
    done = run(server)
    kept[0].report(0.5)
    assert server._site.store.node_progress(done.execution_id) == []


def test_progress_is_the_same_after_a_restart(serve, tmp_path):
    options = {"db": tmp_path / "db"}
    agents = {"work": lambda i, c, context: reporting(context)}
    first = serve([single()], agents, **options)
    done = run(first)
    with first.client() as client:
        before = [e.progress or e.type for e in client.stream_execution(done)]
    kept = first._site.store.node_progress(done.execution_id)
    assert [(each["node_id"], each["progress"]) for each in kept] == [("n", 1.0)]
    first.close()
    second = serve([single()], agents, **options)
    with second.client() as client:
        assert [e.progress or e.type for e in client.stream_execution(done)] == before
    assert second._site.store.node_progress(done.execution_id) == kept
    second.reset()
    assert second._site.store.node_progress(done.execution_id) == []


def test_progress_with_a_known_id_is_reported_once():
    seen, progress = SeenEvents(), NodeProgress("n", progress=0.5)
    event = ExecutionEvent("4", "progress", progress=progress)
    assert [seen.is_new(event), seen.is_new(event)] == [True, False]
    assert seen.is_new(event._replace(id="5"))
