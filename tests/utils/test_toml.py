"""Tests of small TOML files."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine.utils.toml import read_toml, table_lines

VALUES = (
    st.text(st.characters(codec="utf-8"))
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1), VALUES, max_size=5
    )
)
def test_what_is_written_is_read_back(fields):
    assert read_toml("\n".join(table_lines("[a]", fields))) == {"a": fields}


@pytest.mark.parametrize("text", ["[a", "a = ", "a = 1\na = 2", "[" * 10_000])
def test_what_is_no_toml_is_said(text):
    with pytest.raises(ValueError, match="it is not TOML"):
        read_toml(text)


def test_an_older_python_reads_it_with_tomli(monkeypatch):
    pytest.importorskip("tomli")
    monkeypatch.setitem(sys.modules, "tomllib", None)
    assert read_toml("a = 1") == {"a": 1}
