"""Tests of tables that fit the terminal."""

import pytest

from ai_spine.cli.output.tables import (
    pair_lines,
    shortened,
    table_lines,
    text_width,
    wrapped,
)

HEADINGS = ["EXECUTION_ID", "FLOW_ID", "STATUS", "CREATED_AT", "ERROR_MESSAGE"]
ID = "3f2b8c1e-0d5a-4c57-9d0e-6a1f5b7c2d90"
ROW = [ID, "credit_analysis", "failed", "2026-11-20T10:50:42Z", "the scale is broken"]


def test_without_a_width_nothing_is_shortened():
    lines = table_lines([HEADINGS, ROW])
    assert lines[1].split("  ") == [part for part in "  ".join(ROW).split("  ")]


def test_wide_columns_shrink_and_the_id_is_not_shortened():
    heading, row = table_lines([HEADINGS, ROW], 80)
    assert row.startswith(ID) and "failed" in row and "…" in row
    assert text_width(heading) <= 80 and text_width(row) <= 80


def test_a_table_that_fits_is_the_same_as_without_a_width():
    rows = [["A", "B"], ["1", "2"]]
    assert table_lines(rows, 20) == table_lines(rows) == ["A  B", "1  2"]


def test_on_twenty_columns_each_row_is_a_paragraph():
    assert table_lines([HEADINGS, ROW, ["e", "f", "-", "-", "-"]], 20) == [
        "EXECUTION_ID",
        "  3f2b8c1e-0d5a-4c57",
        "  -9d0e-6a1f5b7c2d90",
        "FLOW_ID",
        "  credit_analysis",
        "STATUS  failed",
        "CREATED_AT",
        "  2026-11-20T10:50:4",
        "  2Z",
        "ERROR_MESSAGE",
        "  the scale is",
        "  broken",
        "",
        "EXECUTION_ID  e",
        "FLOW_ID  f",
        "STATUS  -",
        "CREATED_AT  -",
        "ERROR_MESSAGE  -",
    ]


def test_headings_without_rows_fit_too():
    assert table_lines([HEADINGS], 20) == [
        "EXECUTION_ID FLOW_ID",
        "STATUS CREATED_AT",
        "ERROR_MESSAGE",
    ]


def test_wide_characters_take_two_columns():
    rows = [["NAME", "B"], ["日本語", "x"], ["e\u0301", "y"]]
    assert table_lines(rows) == ["NAME    B", "日本語  x", "e\u0301       y"]


def test_long_values_are_wrapped_next_to_their_name():
    assert pair_lines([("reasons", "the debt is small, the income high")], 30) == [
        "reasons  the debt is small,",
        "         the income high",
    ]


def test_colours_do_not_change_the_widths():
    def paint(column, text):
        return f"\x1b[31m{text}\x1b[0m"

    plain = table_lines([["A", "B"], ["long", "2"]])
    coloured = table_lines([["A", "B"], ["long", "2"]], paint=paint)
    assert [
        line.replace("\x1b[31m", "").replace("\x1b[0m", "") for line in coloured
    ] == plain


def test_a_text_of_a_million_letters_is_wrapped_quickly():
    assert len(wrapped("x" * 1_000_000, 20)) == 50_000


@pytest.mark.parametrize("width", [0, -1])
def test_text_without_room_is_dropped_or_an_ellipsis(width):
    assert shortened("abc", width)[:1] in ("", "…")
