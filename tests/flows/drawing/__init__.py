"""Tests of the pictures of flows and executions."""

import random

from ai_spine import Flow, FlowNode

TYPES = ("input", "processor", "output", "conditional")
# Ids that would be markup, code or escapes in the output formats.
HOSTILE = (
    '"]; click n0 "javascript:alert(1)"',
    "</text><script>alert(1)</script>",
    "&lt;b&gt; #quot; ]]>",
    "1. list",
    "%%{init: {}}%%",
    'a\\"\\N\\',
    "two\nlines\r\nand\ttabs",
    "\x1b[31mred\x00\x7f\x9b",
    "שלום עולם",
    "\u202ereversed\u2066",
    "流程图的节点",
    "e\u0301\u200d",
    "\ud800\ufffe",
    "x" * 500,
    "",
)
# Flows that no server would run, but that a server may still send.
BROKEN = {
    "no nodes": {"flow_id": "f", "nodes": []},
    "nodes are none": {"flow_id": "f"},
    "nodes are text": {"flow_id": "f", "nodes": "abc"},
    "nodes are no mappings": {"flow_id": "f", "nodes": [1, None, "x", ["y"]]},
    "nodes without ids": {"nodes": [{}, {}, {"id": 5}, {"id": ["a"]}]},
    "a circle": {"nodes": [{"id": "a", "depends_on": ["a"]}]},
    "a long circle": {
        "nodes": [{"id": str(n), "depends_on": [str((n + 1) % 9)]} for n in range(9)]
    },
    "missing dependencies": {"nodes": [{"id": "a", "depends_on": ["b", "c", 5, None]}]},
    "dependencies that are text": {"nodes": [{"id": "a", "depends_on": "b"}]},
    "dependencies that are a number": {"nodes": [{"id": "a", "depends_on": 5}]},
    "twice the same id": {"nodes": [{"id": "a"}, {"id": "a", "depends_on": ["a"]}]},
    "odd types": {"flow_id": 5, "name": [], "nodes": [{"id": "a", "type": {}}]},
    "odd agents": {"nodes": [{"id": "a", "agent_id": {"b": 1}, "type": "magic"}]},
}


def broken_flow(name):
    return Flow.from_wire(BROKEN[name])


def node(node_id, *depends_on, **rest):
    return FlowNode(node_id, depends_on=list(depends_on), **rest)


def flow(*nodes):
    return Flow("f", nodes=list(nodes))


def hostile_flow():
    """A chain of nodes with hostile ids, one of each type in turn."""
    nodes = []
    for position, name in enumerate(HOSTILE):
        before = HOSTILE[position - 1 : position]
        nodes.append(node(name, *before, type=TYPES[position % 4], agent_id=name))
    return Flow(HOSTILE[0], name=HOSTILE[1], nodes=nodes)


def random_flow(seed, size):
    chance = random.Random(seed)
    nodes = [node("n0", type="input")]
    for number in range(1, size):
        needs = {f"n{chance.randrange(number)}" for _ in range(chance.randrange(3))}
        nodes.append(node(f"n{number}", *sorted(needs), type=chance.choice(TYPES)))
    chance.shuffle(nodes)
    return flow(*nodes)
