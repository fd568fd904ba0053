"""Tests of the picture of an execution that runs, without a terminal."""

import pytest

from ai_spine.cli.output.live_drawing import Picture, progress_text
from ai_spine.models import NodeProgress, NodeResult


def lines_after(*changes):
    picture = Picture("e", 0.0, False)
    for change in changes:
        if isinstance(change, NodeProgress):
            picture.see_progress(change)
        else:
            picture.see_node(change, 1.0)
    return picture.lines(80, 24, 2.0)[1:]


HALF = NodeProgress("n", progress=0.5, message="reading")
RUNNING = NodeResult("n", status="running")
DONE = NodeResult("n", status="completed", execution_time_ms=1000)


def test_progress_is_shown_beside_a_node_that_runs():
    assert lines_after(RUNNING, HALF) == ["n  running      1.0 s  50 % reading"]


def test_progress_is_not_shown_beside_a_node_that_is_done():
    assert lines_after(RUNNING, HALF, DONE) == ["n  completed    1.0 s"]
    assert lines_after(DONE, HALF) == ["n  completed    1.0 s"]


@pytest.mark.parametrize(
    "share, message, text",
    [(0.5, None, "50 %"), (0, "a", "0 % a"), (9, "a", "a"), ("x", "a\x1b", "a\\x1b")],
)
def test_progress_is_written_as_a_percentage(share, message, text):
    written = progress_text(NodeProgress("n", progress=share, message=message))
    assert written.startswith(text.replace("\\x1b", ""))
    assert written.isprintable()
