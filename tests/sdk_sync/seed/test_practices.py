"""What the specification recommends can be done, and what it warns of is refused or reported."""

import re

import pytest

from ai_spine.sdk_sync.errors import CodegenError, ConfigError, ValidationError
from ai_spine.sdk_sync.generators.python import PythonModelGenerator, PythonSDKGenerator
from ai_spine.sdk_sync.generators.python.formatting import formatted
from ai_spine.sdk_sync.ir import IRModel, IRSpec, IRType, SchemaVersion
from ai_spine.sdk_sync.validation import RequestValidator
from ai_spine.sdk_sync.versioning import (
    CompatibilityChecker,
    MigrationGenerator,
    VersionManager,
)
from tests.needs import needs
from tests.sdk_sync.seed.page import SEARCH_INPUT, V1, Page, field

ID, NAME = field("id", required=True), field("name", required=True)
USER = IRModel("User", V1, [ID, NAME])
V11, V2 = SchemaVersion(1, 1), SchemaVersion(2)


@pytest.fixture
def spec():
    return Page().with_tool()["spec"]


def user(version, *fields):
    return IRModel("User", version, list(fields))


# Schemas


def test_descriptions_constraints_tags_and_namespaces_are_in_the_code():
    name = field(
        "name",
        description="As in the passport",
        constraints={"maxLength": 9, "pattern": "^[A-Z]"},
    )
    count = field("count", IRType.INTEGER, constraints={"minimum": 1})
    model = IRModel("Person", V1, [name, count], tags=["entity"], namespace="core")
    code = PythonModelGenerator().generate_model(model)
    for words in (
        'description="As in the passport"',
        "max_length=9",
        'pattern="^[A-Z]"',
        "ge=1",
        '"x-tags": ["entity"]',
        '"x-namespace": "core"',
        '"x-version": "1.0.0"',
        "Namespace: core",
    ):
        assert words in code


@pytest.mark.parametrize(
    "new",
    [
        user(V11, ID),
        user(V11, ID, field("name", IRType.INTEGER, required=True)),
        user(V11, ID, NAME, field("email", required=True)),
    ],
    ids=["a required field is removed", "a type changes", "a required field is added"],
)
def test_a_breaking_change_is_reported_and_needs_a_major_version(new):
    checker = CompatibilityChecker()
    is_compatible, changes = checker.check_compatibility(USER, new)
    assert not is_compatible and all(each.description for each in changes)
    assert checker.suggest_version(USER, new) == V2


def test_other_changes_need_a_minor_version_or_a_patch_and_none_is_skipped():
    checker = CompatibilityChecker()
    more = user(V1, ID, NAME, field("email"))
    words = user(V1, ID, field("name", required=True, description="Full name"))
    assert checker.suggest_version(USER, more) == V11
    assert checker.suggest_version(USER, words) == SchemaVersion(1, 0, 1)
    assert checker.suggest_version(USER, USER) == V1


# Migrations


def test_a_required_field_that_is_removed_is_in_the_migration():
    migration = MigrationGenerator().generate(USER, user(V2, ID))
    assert migration.breaking and "name" in migration.description
    manager = VersionManager()
    data = {"id": "u", "name": "Ana"}
    assert manager.execute_migration(migration, data) == {"id": "u"}
    assert manager.execute_migration(migration, {"id": "u"}, "downgrade") == {
        "id": "u",
        "name": "",
    }


def test_a_migration_that_is_registered_cannot_be_changed():
    manager = VersionManager()
    manager.register_migration(MigrationGenerator().generate(USER, user(V2, ID)))
    with pytest.raises(ConfigError, match="another migration of 'User' between"):
        other = user(V2, ID, field("email"))
        manager.register_migration(MigrationGenerator().generate(USER, other))


# Generated code


@pytest.mark.parametrize("format", [True, False])
def test_the_same_input_is_the_same_output_without_a_time_in_it(spec, format):
    first, second = (
        PythonSDKGenerator(each, "my_sdk", format=format).render()
        for each in (spec, IRSpec.from_json(spec.to_json()))
    )
    assert first == second
    everything = b"".join(first.values()).decode("utf-8")
    assert re.findall(r"\b20\d\d-\d\d-\d\d", everything) == []


@needs("ruff")
def test_code_is_formatted_by_ruff(spec):
    for path, content in PythonSDKGenerator(spec, "my_sdk").render().items():
        if path.endswith(".py"):
            text = content.decode("utf-8")
            assert formatted(text) == text


def test_strict_refuses_what_cannot_be_typed():
    owner = field("owner", IRType.REF, ref_name="Nobody")
    untyped = IRSpec(V1, models={"Pet": IRModel("Pet", V1, [owner])})
    with pytest.raises(CodegenError, match="--strict refuses: /models/Pet"):
        PythonSDKGenerator(untyped, strict=True).render()


def test_files_that_were_edited_or_added_are_reported_and_not_overwritten(
    spec, tmp_path
):
    generator = PythonSDKGenerator(spec, "my_sdk", tmp_path / "sdk")
    generator.generate_sync()
    edited, added = (
        tmp_path / "sdk" / "my_sdk" / name for name in ("models.py", "x.py")
    )
    for path in (edited, added):
        path.write_text("mine")
    assert {(each.kind, each.path) for each in generator.check()} == {
        ("changed", "my_sdk/models.py"),
        ("unknown", "my_sdk/x.py"),
    }
    with pytest.raises(ConfigError, match="not generated"):
        generator.generate_sync()
    assert edited.read_text() == added.read_text() == "mine"


# If something fails


def test_names_are_case_sensitive_and_the_error_suggests_one():
    with pytest.raises(ValidationError) as caught:
        RequestValidator(SEARCH_INPUT).validate({"Query": "x"})
    messages = {
        each["path"]: each["message"] for each in caught.value.validation_errors
    }
    assert messages == {
        "/Query": "is not known; is 'query' meant?",
        "/query": "is required",
    }


def test_a_package_names_what_it_needs(spec):
    files = PythonSDKGenerator(spec, "my_sdk").render()
    project = files["pyproject.toml"].decode("utf-8")
    assert '"pydantic>=2.0.0"' in project and '"httpx>=0.25.0"' in project
    assert 'requires-python = ">=3.10"' in project
    assert b'"x-version": "1.0.0"' in files["my_sdk/models.py"]
    assert files["my_sdk/py.typed"] == b""
