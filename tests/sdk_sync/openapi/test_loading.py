"""Files in JSON and YAML: what their values are, and in which line."""

import sys

import pytest

from ai_spine.sdk_sync.errors import ImportError
from ai_spine.sdk_sync.openapi import loading, yaml_reading
from ai_spine.sdk_sync.openapi.loading import load_document
from tests.needs import needs

pytestmark = needs("yaml")


@pytest.fixture
def load(tmp_path):
    """Load a text from a file."""

    def call(text, name="a.yaml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_document(path)

    return call


def test_keys_are_texts_as_they_are_written(load):
    data = load("200: a\non: b\n2024-01-02: c\n1.10: d\nnull: e\n").data
    assert data == {"200": "a", "on": "b", "2024-01-02": "c", "1.10": "d", "null": "e"}


@pytest.mark.parametrize(
    "text, value",
    [
        ("yes", "yes"),
        ("off", "off"),
        ("2024-01-02", "2024-01-02"),
        ("12:30:00", "12:30:00"),
        ("true", True),
        ("False", False),
        ("", None),
        ("~", None),
        ("'5'", "5"),
        ("5", 5),
        ("-5", -5),
        ("0x1f", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        ("1.2.3", "1.2.3"),
        ("-", [None]),
        ("!!str 5", "5"),
        ("!!int '5'", 5),
        ("!!null ''", None),
        ("!thing 5", "5"),
        ("|\n  two\n  lines", "two\nlines"),
    ],
)
def test_values_are_those_of_yaml_1_2(load, text, value):
    found = load(f"a: {text}" if text != "-" else "a:\n-").data["a"]
    assert (found, type(found)) == (value, type(value))


def test_yaml_is_the_same_without_the_library_in_c(load, monkeypatch):
    import yaml

    text = "a: &x {200: [1, yes]}\nb: *x\n"
    expected = load(text).data
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert load(text).data == expected == {"a": {"200": [1, "yes"]}, "b": expected["b"]}


def test_a_version_is_a_text(load):
    data = load("openapi: 3.10\ninfo: {version: 1.10}\nx: 1.10").data
    assert data == {"openapi": "3.10", "info": {"version": "1.10"}, "x": 1.1}


def test_an_anchor_is_the_same_value_and_a_merge_adds_its_keys(load):
    text = "a: &x {b: 1, c: 2}\nd: *x\ne:\n  <<: *x\n  c: 3\nf: {<<: [*x, {g: 4}]}\n"
    document = load(text)
    assert document.data["d"] == {"b": 1, "c": 2}
    assert document.data["e"] == {"b": 1, "c": 3}
    assert document.data["f"] == {"b": 1, "c": 2, "g": 4}
    assert document.line_of("/e/b") == 1


def test_an_anchor_may_be_on_a_key(load):
    assert load("&k a: 1\nb: {*k : 2}").data == {"a": 1, "b": {"a": 2}}


@pytest.mark.parametrize(
    "text, words",
    [
        ("a: *x", "the alias *x in line 1 leads to nothing"),
        ("a: &x [*x]", "the alias *x in line 1 leads to nothing"),
        ("? [1]\n: 2", "line 1 has a key that is no text"),
        ("a: &x [1]\n*x : 2", "line 2 has a key that is no text"),
        ("a: {<<: 5}", "a merge key << has a value that is no mapping"),
        ("a: [", "it is not YAML: line "),
        ("a: 1\n---\nb: 2", "it holds more than one document"),
        ("[" * 150 + "]" * 150, "nested too deeply: more than 100 levels"),
        (b"\xff", "it is not UTF-8 text"),
    ],
)
def test_yaml_that_cannot_be_read_is_refused_in_a_sentence(load, text, words):
    with pytest.raises(ImportError) as caught:
        load(text)
    assert words in str(caught.value)
    assert "a.yaml" in str(caught.value)


def test_aliases_that_would_expand_without_limit_are_refused(load, monkeypatch):
    monkeypatch.setattr(yaml_reading, "MAX_VALUES", 1000)
    lines = ["a0: &a0 [x, x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 30)]
    with pytest.raises(ImportError, match="holds more than 1000 values"):
        load("\n".join(lines))


@pytest.mark.parametrize("name", ["a.yaml", "a.json", "a"])
def test_a_place_has_its_line_in_json(load, name):
    text = '{"a": [\n {"b/c": "x\\"{",\n  "d": []},\n 5],\n "e": 1}'
    document = load(text, name)
    places = ("", "/a", "/a/0", "/a/0/b~1c", "/a/0/d", "/a/1", "/e", "/a/0/none")
    assert [document.line_of(each) for each in places] == [1, 1, 2, 2, 3, 4, 5, 2]


def test_a_place_has_its_line_in_yaml(load):
    document = load("a:\n- b/c: x\n  d: []\n- 5\ne: 1\n")
    places = ("", "/a", "/a/0", "/a/0/b~1c", "/a/0/d", "/a/1", "/e", "/a/0/none")
    assert [document.line_of(each) for each in places] == [1, 1, 2, 2, 3, 4, 5, 2]


@pytest.mark.parametrize(
    "text, name, line",
    [
        ("a: {}\nb:\n  c: 1\n  c: 2\n", "a.yaml", 4),
        ('{"a": {},\n "b": {"c": 1,\n "c": 2}}', "a.json", 3),
    ],
)
def test_a_key_that_is_there_twice_is_reported(load, text, name, line):
    document = load(text, name)
    (problem,) = document.problems
    assert document.data["b"] == {"c": 2}
    assert (problem.pointer, problem.line) == ("/b/c", line)
    assert str(problem).startswith(f"{name}:{line}: the key is there twice")


@pytest.mark.parametrize(
    "text, words",
    [
        ('{"a": ', "it is not JSON"),
        ("a: 1", "it is not JSON"),
        ("[" * 150 + "]" * 150, "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_json_that_cannot_be_read_is_refused_in_a_sentence(load, text, words):
    with pytest.raises(ImportError, match=words):
        load(text, "a.json")


def test_numbers_that_json_has_not_are_texts(load):
    text = '{"a": NaN, "b": 1e999, "c": 1.5}'
    assert load(text, "a.json").data == {"a": "NaN", "b": "1e999", "c": 1.5}


def test_yaml_in_braces_is_read_as_yaml(load):
    assert load("{a: 1, b: [x]}").data == {"a": 1, "b": ["x"]}


def test_an_empty_file_holds_nothing(load):
    assert load("").data is None
    assert load("# only a comment\n").data is None


def test_a_file_that_is_too_large_is_not_read(load, monkeypatch):
    monkeypatch.setattr(loading, "MAX_BYTES", 5)
    with pytest.raises(ImportError, match="is too large"):
        load("a: 12345")


def test_a_file_that_does_not_exist_is_an_error(tmp_path):
    with pytest.raises(ImportError, match="cannot be read: No such file"):
        load_document(tmp_path / "none.yaml")


def test_yaml_without_its_library_is_an_error_in_a_sentence(load, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ImportError, match="is YAML, which needs PyYAML: pip install"):
        load("a: 1")
