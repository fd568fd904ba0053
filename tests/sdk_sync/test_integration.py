"""The parts of SDK-Sync, from the representation to a package: what its specification tests."""

import sys

import pytest

from ai_spine.sdk_sync import (
    CompatibilityChecker,
    IRField,
    IRModel,
    IRSpec,
    IRTool,
    IRType,
    MigrationGenerator,
    PythonClientGenerator,
    PythonModelGenerator,
    PythonSDKGenerator,
    RequestValidator,
    ResponseValidator,
    SchemaRegistry,
    SchemaVersion,
    ValidationContext,
    VersionManager,
)
from ai_spine.sdk_sync.errors import ValidationError
from tests.needs import needs

V1, V11, V2 = SchemaVersion(1, 0, 0), SchemaVersion(1, 1, 0), SchemaVersion(2, 0, 0)
ID = IRField("id", IRType.STRING, required=True)
EMAIL = IRField("email", IRType.STRING, constraints={"format": "email"})
USER = IRModel("User", V1, [ID], tags=["entity"], namespace="core")
QUERY = IRField("query", IRType.STRING, required=True)
LIMIT = IRField("limit", IRType.INTEGER, default=10, constraints={"maximum": 100})
FOUND = IRField(
    "results",
    IRType.ARRAY,
    required=True,
    items=IRField("", IRType.REF, ref_name="User"),
)
TOTAL = IRField("total", IRType.INTEGER, required=True)
SEARCH_INPUT = IRModel("SearchInput", V1, [QUERY, LIMIT])
SEARCH_OUTPUT = IRModel("SearchOutput", V1, [FOUND, TOTAL])
SEARCH = IRTool(
    "search", V1, "Search for users", SEARCH_INPUT, SEARCH_OUTPUT, tags=["search"]
)
SPEC = IRSpec(V1, models={"User": USER}, tools={"search": SEARCH})
WITH_EMAIL = IRModel("User", V11, [ID, EMAIL])
STRICTER = IRModel("User", V2, [ID, IRField("email", IRType.STRING, required=True)])


class TestIRRepresentation:
    """Versions, fields, models, tools and specifications."""

    def test_versions_are_parsed_and_compared(self):
        version = SchemaVersion.parse("1.2.3")
        assert (version.major, version.minor, version.patch) == (1, 2, 3)
        assert str(version) == "1.2.3" and V1 < version < SchemaVersion.parse("1.10.0")
        assert version.is_compatible_with(V1) and not version.is_compatible_with(V2)

    def test_a_field_is_written_as_a_json_schema(self):
        assert EMAIL.to_json_schema() == {"type": "string", "format": "email"}
        limit = {"type": "integer", "default": 10, "maximum": 100}
        assert LIMIT.to_json_schema() == limit

    def test_a_model_is_its_own_json_schema(self):
        schema = USER.to_json_schema()
        assert (schema["title"], schema["required"]) == ("User", ["id"])
        assert (schema["x-namespace"], schema["x-tags"]) == ("core", ["entity"])
        assert IRModel.from_json_schema(schema) == USER

    def test_a_tool_is_its_own_json(self):
        written = SEARCH.to_dict()
        assert (written["name"], written["version"]) == ("search", "1.0.0")
        assert written["input_schema"]["title"] == "SearchInput"
        assert IRTool.from_dict(written) == SEARCH

    def test_the_hash_of_a_specification_depends_on_what_it_says_alone(self):
        again = IRSpec.from_json(SPEC.to_json())
        assert again.compute_hash() == SPEC.compute_hash()
        other = IRSpec(V1, models={"User": WITH_EMAIL}, tools={"search": SEARCH})
        assert other.compute_hash() != SPEC.compute_hash()


class TestSchemaRegistry:
    """What is registered is found again."""

    @pytest.fixture
    def registry(self):
        made = SchemaRegistry()
        for model in (USER, WITH_EMAIL, SEARCH_INPUT):
            made.register_model(model)
        return made

    def test_a_model_that_is_registered_is_found(self, registry):
        assert registry.get_model("SearchInput") == SEARCH_INPUT
        assert registry.get_model("Nobody") is None

    def test_a_version_is_found_and_the_newest_by_default(self, registry):
        assert registry.get_model("User") == WITH_EMAIL
        assert registry.get_model("User", V1) == USER
        assert registry.versions_of("User") == [V1, V11]

    def test_models_are_found_by_their_tags(self, registry):
        assert registry.find_models_by_tag("entity") == [USER]
        assert registry.find_models_by_tag("none") == []


class TestPythonGenerators:
    """The code of models and of clients."""

    def test_a_simple_model_is_a_class(self):
        lines = PythonModelGenerator().generate_model(USER).splitlines()
        assert lines[0] == "class User(BaseModel):" and "    id: str" in lines

    def test_constraints_are_those_of_the_fields(self):
        code = PythonModelGenerator().generate_model(SEARCH_INPUT)
        assert "    limit: int = Field(default=10, le=100)" in code.splitlines()

    def test_an_object_within_an_object_is_a_class_of_its_own(self):
        street = IRField("street", IRType.STRING, required=True)
        address = IRField(
            "address", IRType.OBJECT, required=True, properties={"street": street}
        )
        code = PythonModelGenerator().generate_model(IRModel("Person", V1, [address]))
        assert "class PersonAddress(BaseModel):" in code
        assert "    address: PersonAddress" in code.splitlines()

    def test_a_client_takes_the_input_and_returns_the_output(self):
        code = PythonClientGenerator().generate_tool_client(SEARCH)
        signature = "(self, input_data: SearchInput) -> SearchOutput:"
        assert f"    async def execute{signature}" in code.splitlines()
        assert f"    def execute_sync{signature}" in code.splitlines()


class TestVersioning:
    """What changes, whom it breaks, and how data follow."""

    def test_an_optional_field_that_is_added_is_compatible(self):
        is_compatible, (change,) = CompatibilityChecker().check_compatibility(
            USER, WITH_EMAIL
        )
        assert is_compatible and change.description == "Field 'email' added"

    def test_a_field_that_becomes_required_is_a_breaking_change(self):
        is_compatible, changes = CompatibilityChecker().check_compatibility(
            WITH_EMAIL, STRICTER
        )
        assert not is_compatible and any(each.breaking for each in changes)
        assert "Field 'email' became required" in [c.description for c in changes]

    def test_a_migration_is_generated_with_code_for_both_directions(self):
        migration = MigrationGenerator().generate(USER, WITH_EMAIL)
        assert (migration.from_version, migration.to_version) == (V1, V11)
        assert "def upgrade(" in migration.upgrade_code
        assert "def downgrade(" in migration.downgrade_code

    def test_a_migration_is_executed_in_both_directions(self):
        manager = VersionManager()
        manager.register_migration(MigrationGenerator().generate(WITH_EMAIL, STRICTER))
        data = {"id": "u", "email": "a@b.example"}
        assert manager.migrate("User", data, V11, V2) == data
        assert manager.migrate("User", data, V2, V11) == data
        assert manager.migrate("User", {"id": "u"}, V11, V2) == {"id": "u", "email": ""}


@needs("jsonschema")
class TestValidation:
    """What fits a schema, and what is said of the rest."""

    def test_a_request_has_its_defaults_or_is_refused(self):
        validator = RequestValidator(SEARCH_INPUT)
        assert validator.validate({"query": "q"}) == {"query": "q", "limit": 10}
        with pytest.raises(ValidationError, match="limit") as caught:
            validator.validate({"query": "q", "limit": 101})
        assert caught.value.validation_errors[0]["path"] == "/limit"

    def test_a_response_may_have_fields_that_are_unknown(self):
        validator = ResponseValidator(SEARCH_OUTPUT, spec=SPEC)
        response = {"results": [{"id": "u"}], "total": 1, "more": True}
        assert validator.validate(response) == response
        with pytest.raises(ValidationError, match="total is required"):
            validator.validate({"results": []})

    def test_a_context_collects_errors_and_warnings(self):
        context = ValidationContext()
        RequestValidator(SEARCH_INPUT).check({"limit": "x"}, context)
        context.add_warning("is old", ["query"])
        assert {each["path"] for each in context.errors} == {"/query", "/limit"}
        assert context.has_errors() and len(context.warnings) == 1
        context.clear()
        assert not context.has_errors() and context.warnings == []


class TestIntegration:
    """From a registry to a package that runs."""

    def test_a_package_is_generated_of_a_registry_and_says_the_same(
        self, tmp_path, monkeypatch
    ):
        pytest.importorskip("pydantic")
        registry = SchemaRegistry()
        registry.import_spec(SPEC)
        spec = registry.export_spec(version=V1, api_version="1.0")
        first, second = (
            PythonSDKGenerator(spec, "whole_sdk", tmp_path / each / "sdk")
            for each in ("first", "second")
        )
        assert first.render() == second.render()
        monkeypatch.syspath_prepend(str(first.generate_sync()))
        try:
            import whole_sdk

            # What fits the schema is read, and written as it was.
            wire = {"results": [{"id": "u"}], "total": 1}
            output = whole_sdk.SearchOutput.model_validate(wire)
            assert output.results == [whole_sdk.User(id="u")]
            assert output.model_dump(mode="json") == wire
            assert ResponseValidator(SEARCH_OUTPUT, spec=spec).validate(wire) == wire
        finally:
            for name in [n for n in sys.modules if n.partition(".")[0] == "whole_sdk"]:
                del sys.modules[name]
