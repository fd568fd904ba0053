"""Tests of the harness: ratios, targets and tables."""

import json

import pytest

from benchmarks import document
from benchmarks.harness import Report, as_json, interleave, ratio


@pytest.fixture
def report():
    made = Report("shape", "how it looks")
    made.add("ours", 12.5, "µs")
    made.at_most("cost", 0.4, 0.5)
    made.at_least("rate", 1.2, 1.8)
    made.at_most("unknown", None, 1.0)
    made.leave_out("a peer", "it is not installed")
    return made


def test_contenders_take_turns_and_the_warm_up_is_not_counted():
    calls = []
    contenders = {name: lambda name=name: calls.append(name) for name in "ab"}
    times = interleave(contenders, rounds=2, calls=1, warm_up=1)
    assert calls == ["a", "b"] * 3
    assert [len(taken) for taken in times.values()] == [2, 2]


def test_a_ratio_is_the_median_of_the_ratios_of_all_rounds():
    times = {"ours": [1.0, 20.0, 3.0], "theirs": [2.0, 10.0, 4.0]}
    assert ratio(times, "ours", "theirs") == 0.75


def test_a_target_is_a_bound_and_an_unmeasured_value_is_not_a_miss(report):
    assert [line.holds for line in report.lines] == [True, False, None]
    assert report.has_missed
    report.lines[1] = report.lines[1]._replace(value=1.8)
    assert not report.has_missed


def test_the_table_shows_each_target_and_whether_it_holds(report):
    lines = report.as_text().splitlines()
    assert lines[0] == "shape: how it looks"
    assert lines[2].split() == "cost 0.40 × at most 0.5 × holds".split()
    assert lines[3].split() == "rate 1.20 × at least 1.8 × MISSED".split()
    assert lines[4].split() == "unknown not measured at most 1 × -".split()
    assert lines[5] == "  (a peer is left out: it is not installed)"


def test_the_json_has_the_ratios_with_their_targets(report):
    (parsed,) = json.loads(as_json([report]))["reports"]
    assert [line["holds"] for line in parsed["ratios"]] == [True, False, None]
    assert parsed["ratios"][0]["target"] == "at most 0.5 ×"
    assert parsed["figures"] == [{"what": "ours", "value": 12.5, "unit": "µs"}]


def test_the_tables_of_several_runs_are_written_between_the_markers_of_a_guide(
    report, tmp_path
):
    guide = tmp_path / "guide.md"
    guide.write_text(
        "before\n<!-- tables: begin -->\noutdated\n<!-- tables: end -->\nafter"
    )
    document.write(str(guide), [[report], [report]])
    text = guide.read_text(encoding="utf-8")
    assert text.startswith("before\n") and text.endswith("\nafter")
    assert "| cost | 0.40 × | 0.40 × | at most 0.5 × | holds |" in text
    assert "| rate | 1.20 × | 1.20 × | at least 1.8 × | **missed** |" in text
    assert "| unknown | not measured | not measured | at most 1 × | - |" in text
    assert "outdated" not in text


def test_the_tables_of_a_benchmark_that_was_not_run_are_kept(report, tmp_path):
    guide = tmp_path / "guide.md"
    guide.write_text("<!-- tables: begin -->\n<!-- tables: end -->")
    document.write(str(guide), [[report]])
    other = Report("other", "something else")
    other.at_most("time", 1.0, 1.0)
    document.write(str(guide), [[other]])
    other.lines.clear()
    other.at_most("later time", 1.0, 1.0)
    document.write(str(guide), [[other]])
    text = guide.read_text(encoding="utf-8")
    assert "| cost | 0.40 × | at most 0.5 × | holds |" in text
    assert "| later time |" in text and "| time |" not in text
    assert text.index("### shape") < text.index("### other")


def test_a_guide_without_markers_is_refused_before_anything_is_measured(tmp_path):
    guide = tmp_path / "guide.md"
    guide.write_text("nothing")
    with pytest.raises(ValueError, match="must have the lines"):
        document.check(str(guide))
    assert guide.read_text() == "nothing"
