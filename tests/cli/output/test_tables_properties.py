"""Property-based tests of tables: any text, any width."""

import pytest

from ai_spine.cli.output.tables import shortened, table_lines, text_width, wrapped

given = pytest.importorskip("hypothesis").given
st = pytest.importorskip("hypothesis.strategies")

TEXTS = st.text(st.sampled_from("ab 日é\u0301☂😀…\u200d"), max_size=30)


@given(TEXTS, st.integers(1, 40))
def test_a_shortened_text_is_never_wider_than_the_limit(text, width):
    short = shortened(text, width)
    assert text_width(short) <= width
    assert short == text or (text_width(text) > width and short.endswith("…"))


@given(TEXTS, st.integers(2, 40))
def test_a_wrapped_text_is_complete_and_fits(text, width):
    lines = wrapped(text, width)
    assert all(text_width(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1), st.integers(2, 60))
def test_no_line_of_a_table_is_wider_than_the_terminal(rows, width):
    for line in table_lines(rows, width):
        assert text_width(line) <= width
