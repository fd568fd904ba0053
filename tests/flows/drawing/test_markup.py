"""Tests of flows drawn as Mermaid and Graphviz."""

import re

import pytest

from ai_spine.flows.drawing import flow_as_dot, flow_as_mermaid
from tests.flows.drawing import (
    BROKEN,
    HOSTILE,
    broken_flow,
    flow,
    hostile_flow,
    node,
    random_flow,
)

# Every valid line. In a label, all but letters and digits are numeric entities.
MERMAID = re.compile(
    r"""flowchart\ TD
    | \ {4}n\d+(\(\[|\[\[?|\{\{|\()"(\w|\ |[.-]|\#\d+;)*"(\]\)|\]\]?|\}\}|\)):::[a-z]+
    | \ {4}n\d+\ (-->|-\.->)\ n\d+
    | \ {4}classDef\ [a-z]+\ [a-z0-9:,\#]+""",
    re.VERBOSE,
)
TEXT = r'"([^"\\\n]|\\["\\])*"'
DOT = re.compile(
    rf"""digraph\ {{ | }} | \ {{4}}label={TEXT}
    | \ {{4}}node\ \[fontname="Helvetica",\ fontcolor="\#ffffff"\]
    | \ {{4}}n\d+\ \[label={TEXT},\ tooltip={TEXT},\ shape=[a-z]+,\ style="[a-z,]+",
      \ color="\#[0-9a-f]{{6}}"\]
    | \ {{4}}n\d+\ ->\ n\d+(\ \[style=dashed\])?""",
    re.VERBOSE,
)


@pytest.mark.parametrize("draw, line", [(flow_as_mermaid, MERMAID), (flow_as_dot, DOT)])
@pytest.mark.parametrize("name", ["hostile", *BROKEN])
def test_ids_are_escaped_in_labels(draw, line, name):
    drawn = draw(hostile_flow() if name == "hostile" else broken_flow(name))
    for found in drawn.splitlines():
        assert line.fullmatch(found), found


def test_mermaid_labels_decode_to_the_ids():
    labels = re.findall(r'"(.*)"', flow_as_mermaid(hostile_flow()))
    shown = [re.sub(r"#(\d+);", lambda n: chr(int(n[1])), label) for label in labels]
    assert shown[:5] == list(HOSTILE[:5])
    assert HOSTILE[10] in shown


def test_dot_labels_decode_to_the_ids():
    labels = re.findall(rf"\[label=({TEXT})", flow_as_dot(hostile_flow()))
    texts = [re.sub(r"\\(.)", r"\1", found[0][1:-1]) for found in labels]
    assert [text.replace("&amp;", "&") for text in texts][:6] == list(HOSTILE[:6])


def test_both_have_an_edge_for_each_dependency():
    drawn = random_flow(1, 30)
    count = sum(len(each.depends_on) for each in drawn.nodes)
    assert flow_as_mermaid(drawn).count(" --> ") == count
    assert flow_as_dot(drawn).count(" -> ") == count


def test_missing_nodes_and_circles_are_marked():
    broken = flow(node("a", "b"), node("b", "a"), node("c", "ghost"))
    assert "-.->" in flow_as_mermaid(broken)
    assert '"ghost #40;missing#41;"' in flow_as_mermaid(broken)
    assert "[style=dashed]" in flow_as_dot(broken)
    assert '"ghost (missing)"' in flow_as_dot(broken)
