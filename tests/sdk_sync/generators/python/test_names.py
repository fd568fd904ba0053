"""Every text has a name in Python, and no two share one."""

import builtins
import keyword
import unicodedata

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine.sdk_sync.generators.python.names import (
    MODEL_ATTRIBUTES,
    Names,
    class_name,
    field_name,
    module_name,
)
from tests.sdk_sync.strategies import NASTY

RULES = [class_name, field_name, module_name]


@given(st.text() | st.sampled_from(NASTY), st.sampled_from(RULES))
@settings(max_examples=150, deadline=None)
def test_every_text_has_a_name(text, rule):
    name = rule(text)
    assert name.isidentifier() and not keyword.iskeyword(name)
    assert unicodedata.normalize("NFKC", name) == name
    assert not name.startswith("_")
    assert not (rule is class_name and hasattr(builtins, name))


@given(st.lists(st.text(max_size=4) | st.sampled_from(NASTY), max_size=12))
@settings(max_examples=50, deadline=None)
def test_names_are_unique_as_python_and_file_systems_read_them(texts):
    names = Names(ignore_case=True)
    found = [names.take(module_name(text)) for text in texts]
    assert len({each.casefold() for each in found}) == len(texts)
    names = Names()
    found = [names.take(field_name(text)) for text in texts]
    assert len({unicodedata.normalize("NFKC", each) for each in found}) == len(texts)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("user_profile", "UserProfile"),
        ("USER_ROLE", "UserRole"),
        ("searchInput", "SearchInput"),
        ("a.b/c", "ABC"),
        ("None", "None_"),
        ("ValueError", "ValueError_"),
        ("list", "List_"),
        ("Model", "Model_"),
        ("naïve", "Naïve"),
        ("ﬁeld x", "FieldX"),
        ("{}", "Model_"),
    ],
)
def test_classes_are_named_in_capitals(text, name):
    assert class_name(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("id", "id"),
        ("type", "type"),
        ("self", "self_"),
        ("int", "int_"),
        ("None", "None_"),
        ("__class__", "field_class"),
        ("model_config", "model_config_"),
        ("model_name", "model_name"),
        ("2nd", "field_2nd"),
        ("a b", "a_b"),
        ("List", "List_"),
        ("ﬁeld", "field"),
    ],
)
def test_fields_keep_their_names_where_they_can(text, name):
    assert field_name(text) == name


def test_no_field_hides_what_models_of_pydantic_have():
    public = {name for name in dir(pydantic.BaseModel) if not name.startswith("_")}
    assert public <= MODEL_ATTRIBUTES


def test_names_given_earlier_are_kept_and_wrong_ones_ignored():
    given = {"/a": "Mine", "/b": "not valid", "/c": "class", "/d": "Any", "/e": "__x"}
    names = Names({**given, "/f": 5}, reserved=["Taken"])
    assert names.take("Mine", "/other") == "Mine2"
    assert names.take("A", "/a") == "Mine"
    for key in ("/b", "/c", "/d", "/e", "/f"):
        assert names.take(f"X{key[1:]}", key) == f"X{key[1:]}"
    assert names.take("Taken") == "Taken2"


def test_thousands_of_names_that_are_alike_take_no_time():
    names = Names()
    found = [names.take("User") for _ in range(20_000)]
    assert found[:2] == ["User", "User2"] and found[-1] == "User20000"


@pytest.mark.parametrize("text", ["ExceptionGroup", "PythonFinalizationError"])
def test_a_name_does_not_depend_on_the_version_of_python(text, monkeypatch):
    assert class_name(text) == f"{text}_"
    monkeypatch.delattr(builtins, text, raising=False)
    assert class_name(text) == f"{text}_"


def test_long_names_are_cut_to_what_file_systems_take_and_stay_their_own():
    for rule in (class_name, module_name):
        one, other = rule("aB" * 300 + "c"), rule("aB" * 300 + "d")
        assert one != other and one == rule("aB" * 300 + "c")
        assert len(f"{module_name(one)}.cpython-310.pyc") < 255
