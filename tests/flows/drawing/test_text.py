"""Tests of flows as text."""

import pytest

from ai_spine.flows.drawing import flow_as_text
from ai_spine.flows.drawing.theme import columns
from tests.flows.drawing import (
    BROKEN,
    broken_flow,
    flow,
    hostile_flow,
    node,
    random_flow,
)

LOAN = flow(
    node("applicant", type="input"),
    node("is_complete", "applicant", type="conditional"),
    node("risk", "is_complete"),
    node("decision", "risk", type="output"),
)
# The directions in which each line character continues.
WAYS = {"│": "ud", "─": "lr", "┘": "ul", "┐": "dl", "┤": "udl", "└": "ur", "┌": "dr"}
WAYS.update({"├": "udr", "┴": "ulr", "┬": "dlr", "┼": "udlr"})
STEPS = {"u": (-1, 0), "d": (1, 0), "l": (0, -1), "r": (0, 1)}
BACK = {"u": "d", "d": "u", "l": "r", "r": "l"}


def test_each_type_of_node_has_its_own_box():
    assert flow_as_text(LOAN) == (
        " ╭───────────╮\n"
        " │ applicant │\n"
        " ╰─────┬─────╯\n"
        "       ▼\n"
        "╱─────────────╲\n"
        "< is_complete >\n"
        "╲──────┬──────╱\n"
        "       ▼\n"
        "   ┌───────┐\n"
        "   │ risk  │\n"
        "   └───┬───┘\n"
        "       ▼\n"
        " ╔═══════════╗\n"
        " ║ decision  ║\n"
        " ╚═══════════╝\n"
    )


def test_a_flow_can_be_drawn_in_ascii():
    drawn = flow_as_text(LOAN, states={"risk": "failed"}, ascii_only=True)
    assert drawn.isascii()
    assert "( applicant )" in drawn
    assert "# decision  #" in drawn
    assert "! failed" in drawn


@pytest.mark.parametrize("ascii_only", [True, False])
def test_states_are_written_as_words(ascii_only):
    states = {
        "applicant": "success",
        "is_complete": "running",
        "risk": "skipped",
        "decision": "brand-new",
        "nobody": "failed",
    }
    drawn = flow_as_text(LOAN, states=states, ascii_only=ascii_only)
    for word in ("completed", "running", "skipped", "brand-new"):
        assert word in drawn
    assert "failed" not in drawn


@pytest.mark.parametrize("seed", range(40))
def test_the_lines_match_the_dependencies(seed):
    drawn_flow = random_flow(seed, 3 + seed % 9)
    drawn = flow_as_text(drawn_flow, width=200)
    wanted = {(need, n.id) for n in drawn_flow.nodes for need in n.depends_on}
    if "▼" in drawn:
        assert edges_of(drawn) == wanted
    else:
        assert drawn.count("←") == len({end for _, end in wanted})


def test_most_small_flows_are_drawn_with_boxes():
    drawings = [flow_as_text(random_flow(seed, 8), width=200) for seed in range(30)]
    assert sum("▼" in drawing for drawing in drawings) >= 24


@pytest.mark.parametrize("width", [20, 40, 80])
@pytest.mark.parametrize("name", ["loan", "hostile", "large", "random"])
@pytest.mark.parametrize("states", [None, "running", "interminable-status"])
def test_no_line_is_wider_than_the_terminal(width, name, states):
    drawn_flow = {
        "loan": LOAN,
        "hostile": hostile_flow(),
        "large": random_flow(1, 200),
        "random": random_flow(2, 12),
    }[name]
    state_of_each = states and {each.id: states for each in drawn_flow.nodes}
    drawn = flow_as_text(drawn_flow, states=state_of_each, width=width)
    assert max(map(columns, drawn.splitlines())) <= width
    assert not any(line != line.rstrip() for line in drawn.splitlines())


def test_a_list_shows_states_and_dependencies_too():
    drawn = flow_as_text(
        flow(*(node(f"node-{n}", *(["node-0"] if n else [])) for n in range(100))),
        states={"node-7": "failed"},
    )
    assert len(drawn.splitlines()) == 100
    assert "  node-7 ✗ failed ← node-0\n" in drawn


def test_a_thousand_nodes_are_listed():
    drawn = flow_as_text(random_flow(3, 1000))
    assert len(drawn.splitlines()) == 1000


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_flow_is_drawn_as_far_as_possible(name):
    assert flow_as_text(broken_flow(name), width=20)


def test_circles_and_missing_nodes_are_marked():
    nodes = node("a", "c", "ghost"), node("b", "a"), node("c", "b")
    drawn = flow_as_text(flow(*nodes))
    assert "┆ ghost?  ┆" in drawn
    assert "circle: c → a" in drawn
    assert flow_as_text(flow()) == "(no nodes)\n"


def test_escapes_and_bidi_marks_in_ids_are_removed():
    drawn = flow_as_text(hostile_flow(), width=120)
    for mark in ("\x1b", "\x00", "\x9b", "\r", "\t", "\u202e", "\u2066", "\ud800"):
        assert mark not in drawn
    assert "[31mred" in drawn and "reversed" in drawn


def test_long_ids_end_in_an_ellipsis_and_wide_characters_fit_their_boxes():
    drawn = flow_as_text(flow(node("x" * 500), node("流程图的节点")))
    assert "x…" in drawn
    assert len({columns(line) for line in drawn.splitlines()}) == 1


def edges_of(drawn):
    """Follow the lines of a drawing and return the pairs of connected boxes."""
    rows = drawn.splitlines()
    grid = {(r, c): x for r, row in enumerate(rows) for c, x in enumerate(row)}
    ids = {(r, c): n for r, row in enumerate(rows) for c, n in ids_in(row)}
    found = set()
    for (row, column), character in grid.items():
        start = box_at(ids, row - 1, column)
        if character in "┬╤" and start is not None:
            ends = follow(grid, (row, column))
            found |= {(start, box_at(ids, r + 2, c)) for r, c in ends}
    return found


def ids_in(row):
    return [(row.index(f" {word} "), word) for word in row.split() if word[0] == "n"]


def box_at(ids, row, column):
    """Return the id of the box whose text is in this row, around this column."""
    near = [(abs(c + 2 - column), n) for (r, c), n in ids.items() if r == row]
    distance, name = min(near, default=(99, None))
    return name if distance <= 4 else None


def follow(grid, place):
    ends, seen, todo = set(), set(), [(place, "d")]
    while todo:
        (row, column), way = todo.pop()
        step = STEPS[way]
        there = row + step[0], column + step[1]
        character = grid.get(there, " ")
        if (there, way) in seen:
            continue
        seen.add((there, way))
        if character == "▼":
            ends.add(there)
        elif character == "│" and way in "lr":
            todo.append((there, way))  # it crosses a vertical line
        else:
            ways = WAYS[character]
            assert BACK[way] in ways, (there, character, way)
            todo += [(there, other) for other in ways if other != BACK[way]]
    return ends
