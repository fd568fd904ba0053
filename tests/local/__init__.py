"""Helpers for tests of the local server: small flows, and waiting for conditions."""

import time

from ai_spine import TimeoutError

LIMIT = 30.0  # seconds: generous, and only used up by a test that fails


def wait_until(predicate, limit=LIMIT, pause=0.01):
    """Poll until the predicate returns something true, and return it."""
    deadline = time.monotonic() + limit
    while True:
        value = predicate()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {limit} s: {predicate}"
        time.sleep(pause)


def timed_out(wait, words):
    """Return the error of a wait that is too short to see an end, but not to see anything.

    Args:
        wait: Waits for that many seconds; a busy machine gets more than the usual few.
        words: What the error says once something was seen.
    """
    for seconds in (0.3, 3, LIMIT):
        try:
            wait(seconds)
        except TimeoutError as error:
            if words in str(error):
                return error
    raise AssertionError(f"no error says {words!r}")


def node(node_id, agent_id=None, depends_on=(), **more):
    """Return a node: a processor if it has an agent, and an input node if not."""
    kind = "processor" if agent_id else "input"
    return {
        "id": node_id,
        "agent_id": agent_id,
        "type": kind,
        "depends_on": list(depends_on),
        **more,
    }


def flow(*nodes, flow_id="f", exits=None, **more):
    """Return a flow that starts at its first node and ends at its last, or at `exits`."""
    return {
        "flow_id": flow_id,
        "nodes": list(nodes),
        "entry_point": nodes[0]["id"],
        "exit_points": [nodes[-1]["id"]] if exits is None else list(exits),
        **more,
    }


def single(agent_id="work", flow_id="f", **config):
    """Return a flow with one node, `n`."""
    return flow(node("n", agent_id, config=config), flow_id=flow_id)


def run(server, flow_id="f", input_data=None):
    """Execute a flow and return the execution when it is done, whatever its status."""
    with server.client() as client:
        return client.execute_and_wait(
            flow_id,
            {} if input_data is None else input_data,
            timeout=LIMIT,
            interval=0.05,
            raise_on_failure=False,
        )


def is_one_sentence(error):
    """Return whether the message of an error is one line."""
    text = str(error)
    return bool(text.strip()) and "\n" not in text
