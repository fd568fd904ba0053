"""Tests of the docstrings of generated methods."""

import ast
import doctest
import re

from ai_spine.sdk_sync.generators.python.endpoints.docstrings import (
    indented,
    method_docstring,
)
from ai_spine.sdk_sync.generators.python.endpoints.operations import OperationPlan
from ai_spine.sdk_sync.generators.python.endpoints.signatures import Signature
from ai_spine.sdk_sync.ir import IREndpoint


def docstring_of(returns="", **more):
    endpoint = IREndpoint("/a", "GET", more.pop("description", ""), **more)
    plan = OperationPlan("a", endpoint, "a", "a")
    return method_docstring(plan, Signature(), returns, ["APIError: It is refused."])


def test_the_first_sentence_is_the_summary_where_there_is_none():
    text = docstring_of(description="Lists things. And more of them.")
    assert text.startswith(
        "Lists things.\n\nLists things. And more of them.\n\nRaises:"
    )


def test_long_lines_are_wrapped_and_long_texts_cut():
    text = docstring_of(summary="A", description="  word " * 600)
    assert max(map(len, text.splitlines())) <= 88
    assert "…" in text


def test_phrases_that_say_nothing_are_left_out():
    assert "Returns" not in docstring_of("Successful Response")
    assert "Returns:\n    The things." in docstring_of("The things.")


def test_a_docstring_is_one_text_whatever_is_in_it():
    made = indented('"""\\ \x00\n\u2028x', 4)
    (again,) = ast.parse(
        ast.unparse(ast.fix_missing_locations(ast.Module([made], [])))
    ).body
    assert again.value.value == made.value.value


def test_what_a_document_says_is_no_example_that_doctest_runs():
    said = "Lists things.\n\n    >>> 1 / 0\n\n.. include:: /etc/passwd\n\nIt is so:\n... all."
    for text in (docstring_of(description=said), docstring_of(summary=">>> 1 / 0")):
        made = ast.literal_eval(ast.unparse(indented(text, 8)))
        assert doctest.DocTestParser().get_examples(made) == []
        assert not re.search(r"^\s*\.\. ", made, re.MULTILINE)
    assert "    | >>> 1 / 0" in ast.unparse(indented(docstring_of(description=said), 8))
