"""Tests of reading flow definitions."""

import builtins
import json
from pathlib import Path

import pytest

from ai_spine import ConfigurationError, Flow, FlowNode, ValidationError
from ai_spine.flows.definitions import read_definition, read_file

DEFINITION = {"flow_id": "f", "nodes": [{"id": "n", "agent_id": "a"}], "x": {"y": None}}
YAML = "flow_id: f\nnodes:\n  - {id: n, agent_id: a}\nx: {y: null}\n"


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize("suffix", [".yaml", ".yml", ".json"])
def test_a_file_is_read_by_its_suffix(tmp_path, suffix, as_text):
    path = tmp_path / f"flow{suffix}"
    path.write_text(json.dumps(DEFINITION) if suffix == ".json" else YAML, "utf-8")
    assert read_definition(str(path) if as_text else path) == DEFINITION


def test_a_byte_order_mark_is_ignored(tmp_path):
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(DEFINITION), "utf-8-sig")
    assert read_definition(path) == DEFINITION


def test_a_mapping_is_sent_unchanged():
    body = read_definition(DEFINITION)
    assert body == DEFINITION and body is not DEFINITION


def test_a_flow_is_sent_without_its_unset_fields():
    flow = Flow("f", nodes=[FlowNode("n", agent_id="a")], entry_point="n")
    assert read_definition(flow) == {
        "flow_id": "f",
        "nodes": [{"id": "n", "agent_id": "a"}],
        "entry_point": "n",
    }


def test_a_flow_of_another_dialect_is_sent_in_this_dialect():
    flow = Flow.from_wire(
        {"id": "f", "entryPoint": "n", "nodes": [{"id": "n", "dependsOn": []}]}
    )
    assert read_definition(flow)["entry_point"] == "n"
    assert read_definition(flow)["nodes"] == [{"id": "n", "depends_on": []}]


def test_a_missing_flow_id_is_filled_in():
    assert read_definition({"nodes": []}, "f") == {"nodes": [], "flow_id": "f"}


@pytest.mark.parametrize(
    "definition, flow_id, words",
    [
        (5, None, "the definition of a flow must be a mapping"),
        ([], None, "the definition of a flow must be a mapping"),
        ({"nodes": []}, None, "flow_id must be text, not None"),
        ({"flow_id": ".."}, None, "flow_id must not be '..'"),
        ({"flow_id": "g"}, "f", "the definition is of flow 'g', not of 'f'"),
    ],
)
def test_an_invalid_definition_is_refused(definition, flow_id, words):
    with pytest.raises(ValidationError, match=f"^{words}"):
        read_definition(definition, flow_id)


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("f.json", b"{bad", "is not JSON: "),
        ("f.json", b"[" * 200000, "is nested too deeply: "),
        ("f.json", b"[" * 101 + b"]" * 101, "is nested too deeply: "),
        ("f.yaml", b"[" * 101 + b"]" * 101, "is nested too deeply: "),
        ("f.yaml", b"[" * 1000 + b"]" * 1000, "is nested too deeply: "),
        ("f.yaml", b"a: [", "is not YAML: "),
        ("f.yaml", b"a: 2026-99-99", "is not YAML: "),
        ("f.yaml", b"!!python/object/apply:os.system [ls]", "is not YAML: "),
        ("f.yaml", b"a: !!timestamp noon", "is not YAML: "),
        ("f.yaml", b"a: !!bool perhaps", "is not YAML: "),
        ("f.yaml", b"a: &a [*a]", "has an alias that contains itself"),
        ("f.yaml", b"&a {b: {c: *a}}", "has an alias that contains itself"),
        ("f.yaml", b"\xff", "cannot be read: it is not UTF-8 text"),
    ],
)
def test_an_invalid_file_is_reported_in_one_line(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_file(path)
    assert str(caught.value).startswith(f"{path} {words}")
    assert "\n" not in str(caught.value)


def test_a_mistake_in_yaml_is_told_with_its_place_alone(tmp_path):
    path = tmp_path / "f.yaml"
    path.write_text("a: b\nc: [1,\n")
    with pytest.raises(ConfigurationError) as caught:
        read_file(path)
    assert str(caught.value).startswith(f"{path} is not YAML: line 3 column 1: ")
    assert "unicode string" not in str(caught.value)


LISTS = "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40)
)
MERGES = "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 40)
)


@pytest.mark.parametrize(
    "text", ["a0: &a0 [lol]\n" + LISTS, "a0: &a0 {x: y}\n" + MERGES]
)
def test_exponential_aliases_are_refused_before_they_are_expanded(tmp_path, text):
    path = tmp_path / "laughs.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_file(path)
    assert str(caught.value) == f"{path} holds more than 100000 values"


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_a_hundred_levels_are_not_too_deep(tmp_path, suffix):
    path = tmp_path / f"deep{suffix}"
    path.write_text("[" * 100 + "]" * 100, "utf-8")
    assert isinstance(read_file(path), list)


def test_an_alias_is_expanded(tmp_path):
    path = tmp_path / "flow.yaml"
    path.write_text("a: &a {x: [1]}\nb: [*a, *a]\nc: {<<: *a, y: 2}\n", "utf-8")
    a = {"x": [1]}
    assert read_file(path) == {"a": a, "b": [a, a], "c": {"x": [1], "y": 2}}


@pytest.mark.parametrize("path", ["no/such.yaml", "."])
def test_an_unreadable_file_is_reported(path):
    with pytest.raises(ConfigurationError, match="cannot be read: "):
        read_definition(Path(path))


def test_yaml_without_pyyaml_says_what_to_install(tmp_path, monkeypatch):
    real = builtins.__import__

    def importer(name, *args, **kwargs):
        if name == "yaml":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    path = tmp_path / "flow.yaml"
    path.write_text(YAML, "utf-8")
    monkeypatch.setattr(builtins, "__import__", importer)
    with pytest.raises(
        ConfigurationError, match=r"needs PyYAML: pip install '.*\[local\]'$"
    ):
        read_definition(path)
