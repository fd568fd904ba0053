"""Schemas come from files and folders; a bad file is one problem and spoils no other."""

import json
import sys

import pytest

from ai_spine.sdk_sync.errors import ImportError as SchemaImportError
from ai_spine.sdk_sync.errors import SchemaRegistryError, SDKSyncWarning
from ai_spine.sdk_sync.ir import (
    IRField,
    IRModel,
    IRSpec,
    IRTool,
    IRType,
    SchemaMigration,
    SchemaVersion,
)
from ai_spine.sdk_sync.registry import SchemaImporter, SchemaRegistry, load_spec

V1, V2 = SchemaVersion(1), SchemaVersion(2)
USER = IRModel("User", V1, [IRField("id", IRType.STRING)])
SPEC = IRSpec(V1, models={"User": USER})


@pytest.fixture
def registry():
    return SchemaRegistry()


@pytest.fixture
def importer(registry):
    return SchemaImporter(registry)


def test_a_specification_is_loaded_as_it_was_written(tmp_path, importer, registry):
    path = tmp_path / "api.json"
    path.write_bytes(b"\xef\xbb\xbf" + SPEC.to_json().encode())
    assert load_spec(path) == load_spec(str(path)) == SPEC
    assert importer.import_from_spec_file(path) == SPEC
    assert registry.get_model("User") == USER


BAD_SPECS = {
    b"": "is no specification: the specification is not JSON: .*line 1 column 1",
    b'{\n"version": "1.0.0",\n"models" {}}': "is not JSON: .*line 3 column 10",
    b"\xff": "cannot be read: it is not UTF-8 text",
    b"[]": "is no specification: a schema must be an object",
    b'{"version": "1.0.0", "models": {"A": {"type": "odd"}}}': "at /models/A",
    b'{"version": "1.0.0", "tools": {"a": {}}}': "IRTool at /tools/a has no name",
    b"[" * 10**5: "nested too deeply",
    b'{"version": NaN}': "NaN is not JSON",
}


@pytest.mark.parametrize("text", BAD_SPECS, ids=lambda text: text[:20])
def test_what_is_no_specification_is_refused_with_file_and_place(tmp_path, text):
    path = tmp_path / "spec.json"
    path.write_bytes(text)
    with pytest.raises(SchemaImportError, match=BAD_SPECS[text]) as caught:
        load_spec(path)
    assert str(caught.value).startswith(f"{path} ")
    assert (caught.value.code, caught.value.source_path) == ("SDK008", str(path))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SchemaImportError, match="a.json cannot be read: No such file"):
        load_spec(tmp_path / "a.json")


def test_a_folder_with_a_specification_is_that(tmp_path, importer, registry):
    (tmp_path / "spec.json").write_text(SPEC.to_json())
    (tmp_path / "other.json").write_text("{")
    importer.import_from_directory(tmp_path)
    assert registry.export_spec(V1) == SPEC and importer.problems == []
    (tmp_path / "spec.json").write_text("{")
    with pytest.raises(SchemaImportError, match="spec.json is no specification"):
        importer.import_from_directory(str(tmp_path))


def test_a_folder_that_a_registry_was_saved_in_is_added(tmp_path, importer, registry):
    saved = SchemaRegistry(tmp_path)
    tool = IRTool("search", V1, "", IRModel("In"), IRModel("Out"))
    saved.import_spec(
        IRSpec(V1, models={"User": USER}, tools={"search": tool}),
    )
    saved.register_model(IRModel("User", V2))
    saved.register_migration(SchemaMigration("User", V1, V2, ""))
    saved.save()
    damaged = tmp_path / "tools" / "search" / "2.0.0.json"
    damaged.write_text("{}")
    registry.register_model(IRModel("User", V1))
    importer.import_from_directory(tmp_path)
    assert registry.versions_of("User") == [V1, V2]
    assert registry.get_tool("search") == tool and len(registry.migrations) == 1
    first, second = importer.problems
    assert first.path == damaged and first.sentence.startswith("is no tool")
    assert second.path == tmp_path / "models" / "+user" / "1.0.0.json"
    assert "is there with other content already" in second.sentence
    SchemaImporter(registry, replace=True).import_from_directory(tmp_path)
    assert registry.get_model("User", V1) == USER


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")


def test_a_folder_of_schemas_is_read_on_all_levels(tmp_path, importer, registry):
    write(
        tmp_path,
        {
            "user.json": {"title": "User", "type": "object", "properties": {}},
            "deep/er/pet.schema.json": {"type": "object", "properties": {}},
            "size.yaml": "enum: [S, M]\ndescription: Größe\n",
            "day.yml": "type: string\ndefault: 2026-11-02\n",
            "any.json": "true",
            "empty.json": {},
            "odd.json": {"x-name": "Odd", "title": "An odd one", "const": 1},
            "tools/add.json": {"input_schema": {}, "output_schema": {"type": "number"}},
            "README.md": "No schema.",
            ".hidden/a.json": "{",
            "__init__.py": "",
        },
    )
    importer.import_from_directory(tmp_path)
    assert importer.problems == []
    names = ["Odd", "User", "any", "day", "empty", "pet", "size"]
    assert [each.name for each in registry.find_models()] == names
    assert registry.get_model("size").description == "Größe"
    assert registry.get_model("day").root.default == "2026-11-02"
    assert registry.get_tool("add").output_schema.root.type is IRType.NUMBER


BAD_FILES = {
    "truncated.json": ('{"type": "obj', "is not JSON: Unterminated string.*line 1"),
    "package.json": ('{"name": "x"}', "is no JSON Schema: it has neither type, nor"),
    "list.json": ("[1]", "is no JSON Schema: a schema must be an object"),
    "odd.json": ('{"type": "odd"}', "is no JSON Schema: 'odd' is no type"),
    "nan.json": ('{"const": NaN}', "has a value that JSON has not"),
    "deep.json": ("[" * 10**5, "is nested too deeply"),
    "version.json": ('{"x-version": "1", "type": "null"}', "a version has three"),
    "bad.yaml": ("a: [", "is not YAML: "),
    "set.yaml": ("const: !!set {a}", "has a value that JSON has not: a value of type"),
    "bomb.yaml": ("a: &a [1]\nb: *c", "is not YAML: "),
    "tool.json": ('{"input_schema": 5}', "tool 'tool': its input_schema is neither"),
    "clash.json": ('{"title": "User", "enum": [1]}', "with other content already"),
    "folder.json/a.txt": ("", "cannot be read: Is a directory|Permission denied"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_one_problem_and_the_others_are_added(
    tmp_path, importer, registry, name
):
    text, words = BAD_FILES[name]
    write(tmp_path, {"a.json": USER.to_json_schema(), name: text, "z.json": {}})
    importer.import_from_directory(tmp_path)
    (problem,) = importer.problems
    assert problem.path == tmp_path / name.partition("/")[0]
    assert pytest.raises(AssertionError, _raise, problem.sentence).match(words)
    assert str(tmp_path) not in problem.sentence
    assert [each.name for each in registry.find_models()] == ["User", "z"]


def _raise(words):
    raise AssertionError(words)


def test_without_any_schema_a_folder_is_refused(tmp_path, importer):
    with pytest.raises(SchemaImportError, match="there is no schema in .*$"):
        importer.import_from_directory(tmp_path)
    write(tmp_path, {f"{number}.json": "[" for number in range(7)})
    with pytest.raises(SchemaImportError, match="0.json: is not JSON.*and 2 more$"):
        importer.import_from_directory(tmp_path)
    with pytest.raises(SchemaImportError, match="there is no folder"):
        importer.import_from_directory(tmp_path / "none")


def test_yaml_needs_a_library_that_is_named(tmp_path, importer, monkeypatch):
    write(tmp_path, {"a.yaml": "type: string", "b.json": {}})
    monkeypatch.setitem(sys.modules, "yaml", None)
    importer.import_from_directory(tmp_path)
    ((path, sentence),) = importer.problems
    assert path.name == "a.yaml"
    assert "needs PyYAML: pip install 'ai-spine-sdk[sdk-sync]'" in sentence


def test_a_tool_file_without_a_schema_is_added_with_a_warning(tmp_path, importer):
    write(tmp_path, {"a.json": {"output_schema": {}}})
    with pytest.warns(SDKSyncWarning, match="tool 'a' has no input_schema"):
        importer.import_from_directory(tmp_path)


def test_a_conflict_with_a_specification_is_an_error(tmp_path, importer, registry):
    registry.register_model(IRModel("User", V1))
    write(tmp_path, {"spec.json": SPEC.to_json()})
    with pytest.raises(SchemaRegistryError, match="model 'User' 1.0.0 is there"):
        importer.import_from_directory(tmp_path)
