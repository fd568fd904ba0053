"""Tests of flows and timelines as SVG, in light and in dark mode."""

import re
import xml.etree.ElementTree as ElementTree
from datetime import datetime, timedelta, timezone

import pytest

from ai_spine import Execution, NodeResult
from ai_spine.flows.drawing import flow_as_svg, timeline_as_svg
from ai_spine.flows.drawing.theme import FILLS, LOOKS
from tests.browser import use_scheme, violations
from tests.flows.drawing import (
    BROKEN,
    HOSTILE,
    TYPES,
    broken_flow,
    flow,
    hostile_flow,
    node,
    random_flow,
)

SVG = "{http://www.w3.org/2000/svg}"
BEGAN = datetime(2026, 1, 1, tzinfo=timezone.utc)
DARKEST, LIGHTEST = "#000000", "#ffffff"


def parsed(svg):
    return ElementTree.fromstring(svg.encode("utf-8"))


def texts(element, name):
    return [found.text for found in element.iter(SVG + name)]


def at(seconds):
    return BEGAN + timedelta(seconds=seconds)


def contrast(one, other):
    """Return the contrast of two colours, as defined by WCAG 2."""
    first, second = sorted(map(luminance, (one, other)))
    return (second + 0.05) / (first + 0.05)


def luminance(colour):
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("fill", FILLS.values())
def test_a_box_has_enough_contrast_in_light_and_dark_mode(fill):
    assert contrast(fill, "#ffffff") >= 4.5  # the text on it is white
    assert min(contrast(fill, page) for page in (DARKEST, LIGHTEST)) >= 3


@pytest.mark.parametrize("look", LOOKS.values())
def test_a_status_has_enough_contrast_on_white(look):
    assert contrast(look.ink, "#ffffff") >= 4.5


def test_types_differ_in_shape_colour_and_word():
    drawn = parsed(flow_as_svg(flow(*(node(kind, type=kind) for kind in TYPES))))
    outlines = {}
    for group in drawn.iter(SVG + "g"):
        title, outline, name, kind = group
        relative = re.sub(r"\d+(\.\d+)?", "", str(sorted(outline.attrib)))
        corners = len(outline.get("points", "").split())
        outlines[kind.text] = (outline.tag, relative, outline.get("fill"))
        assert corners in (0, 8)
    assert set(outlines) == set(TYPES)
    assert len({fill for _, _, fill in outlines.values()}) == len(TYPES)
    assert outlines["conditional"] != outlines["output"]


def test_states_are_written_as_words():
    drawn = flow_as_svg(flow(*(node(s) for s in LOOKS)), states={s: s for s in LOOKS})
    for state, look in LOOKS.items():
        assert f"{look.sign} {state}" in texts(parsed(drawn), "text")


def test_the_picture_has_a_text_description():
    drawn = parsed(flow_as_svg(flow(node("a"), node("b", "a")), states={"b": "failed"}))
    assert drawn.get("role") == "img"
    assert [drawn[0].text, drawn[1].text] == [
        "Flow f",
        "2 nodes: a (processor); b (processor), after a, failed.",
    ]


def test_hostile_ids_are_shown_and_complete_in_the_titles():
    drawn = flow_as_svg(hostile_flow(), states={name: name for name in HOSTILE})
    root = parsed(drawn)
    assert {element.tag for element in root.iter()} <= {
        SVG + name for name in "svg title desc style g text path polygon rect".split()
    }
    titles = " ".join(texts(root, "title"))
    for name in (HOSTILE[0], HOSTILE[1], "x" * 500, "流程图的节点", "שלום עולם"):
        assert name in titles
    assert any(text.endswith("x…") for text in texts(root, "text") if text)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_flow_is_drawn_as_far_as_possible(name):
    assert parsed(flow_as_svg(broken_flow(name))).get("viewBox")


def test_a_thousand_nodes_are_drawn():
    drawn = parsed(flow_as_svg(random_flow(1, 1000)))
    assert len(texts(drawn, "title")) == 1001


def test_boxes_do_not_overlap():
    drawn = parsed(flow_as_svg(flow(*(node(f"n{n}" * (n + 1)) for n in range(9)))))
    boxes = [
        (float(box.get("x")), float(box.get("x")) + float(box.get("width")))
        for box in drawn.iter(SVG + "rect")
    ]
    ordered = sorted(boxes)
    assert all(before[1] < after[0] for before, after in zip(ordered, ordered[1:]))


def test_a_timeline_has_a_bar_for_each_node_that_ran():
    execution = Execution("e", status="failed", started_at=at(0), completed_at=at(4))
    results = [
        NodeResult("b", status="failed", started_at=at(2), completed_at=at(4)),
        NodeResult("a", status="completed", started_at=at(0), completed_at=at(2)),
        NodeResult("c", status="skipped"),
    ]
    drawn = parsed(timeline_as_svg(execution, results))
    bars = [
        (float(b.get("x")), float(b.get("width"))) for b in drawn.iter(SVG + "rect")
    ]
    (first, wide), (second, as_wide) = bars
    assert second == pytest.approx(first + wide) and wide == pytest.approx(as_wide)
    assert [text for text in texts(drawn, "text")] == [
        *("0 s", "4.00 s"),
        *("a", "✓ completed, 2.00 s"),
        *("b", "✗ failed, 2.00 s"),
        *("c", "– skipped"),
    ]
    assert "b: ✗ failed, 2.00 s; c: – skipped" in texts(drawn, "desc")[0]


@pytest.mark.parametrize("begun", ["started_at", "created_at"])
def test_a_running_node_has_an_open_bar_up_to_the_last_known_time(begun):
    execution = Execution("e", status="running", started_at=at(0))
    results = [
        NodeResult("a", status="completed", started_at=at(0), completed_at=at(4)),
        NodeResult("b", status="running", **{begun: at(2)}),
    ]
    done, runs = parsed(timeline_as_svg(execution, results)).iter(SVG + "rect")
    end = float(done.get("x")) + float(done.get("width"))
    assert float(runs.get("x")) + float(runs.get("width")) == pytest.approx(end)
    assert (runs.get("fill"), runs.get("stroke-dasharray")) == ("none", "5 4")


@pytest.mark.parametrize(
    "wire",
    [
        {},
        {"started_at": "soon", "completed_at": []},
        {"started_at": "2026-01-01T00:00:09", "completed_at": "2026-01-01T00:00:01Z"},
        {"completed_at": "0001-01-01T00:00:00Z", "execution_time_ms": 9e12},
        {"started_at": "2026-01-01T00:00:00Z", "execution_time_ms": -5},
        {"status": {"a": 1}, "node_id": 5, "execution_time_ms": "long"},
    ],
)
def test_a_timeline_is_drawn_despite_invalid_times(wire):
    results = [NodeResult.from_wire({"node_id": "n", "status": "completed", **wire})]
    execution = Execution.from_wire({"execution_id": HOSTILE[1], **wire})
    drawn = parsed(timeline_as_svg(execution, results))
    assert all(float(bar.get("width")) >= 3 for bar in drawn.iter(SVG + "rect"))


def test_an_execution_that_has_not_started_is_labelled():
    drawn = timeline_as_svg(Execution("e", status="pending"), [])
    assert "no node has begun" in texts(parsed(drawn), "text")


@pytest.mark.parametrize("scheme, text", [("light", "#1f2328"), ("dark", "#e6edf3")])
def test_a_standalone_picture_uses_the_preferred_colour_scheme(
    browser, tmp_path, scheme, text
):
    path = tmp_path / "flow.svg"
    path.write_text(flow_as_svg(flow(node("a"), node("b", "a"))), encoding="utf-8")
    use_scheme(browser, scheme)
    browser.get(path.as_uri())
    style = browser.execute_script(
        "const s = getComputedStyle(document.documentElement);"
        "return [s.color, s.backgroundColor];"
    )
    colour, background = ("#%02x%02x%02x" % tuple(rgb(part)) for part in style)
    assert colour == text
    assert contrast(colour, background) >= 7


def rgb(css_colour):
    return [int(part) for part in re.findall(r"\d+", css_colour)[:3]]


@pytest.mark.parametrize(
    "colours", ["color:#222;background:#fff", "color:#ddd;background:#111"]
)
def test_pictures_in_a_page_are_accessible_and_run_no_scripts(
    browser, tmp_path, colours
):
    states = dict(zip(HOSTILE, LOOKS))
    svgs = flow_as_svg(hostile_flow(), states=states) + flow_as_svg(hostile_flow())
    path = tmp_path / "page.html"
    page = (
        f"<title>Flows</title><body style='{colours}'><main><h1>Flows</h1>{svgs}</main>"
    )
    path.write_text(
        f"<!doctype html><html lang='en'><meta charset='utf-8'>{page}", encoding="utf-8"
    )
    browser.get(path.as_uri())
    assert browser.execute_script("return document.scripts.length") == 0
    assert violations(browser) == []
