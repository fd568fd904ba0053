"""What building a backend does with schemas: what the specification of SDK-Sync tests."""

import ast

import pytest
from click.testing import CliRunner

from ai_spine.cli.main import cli
from ai_spine.models import Flow
from ai_spine.sdk_sync import (
    IRSpec,
    SchemaVersion,
    export_schemas_from_app,
    generate_metadata_router,
)
from ai_spine.sdk_sync.exporter import SchemaExporter

SCHEMA = {
    "type": "object",
    "properties": {"query": {"type": "string"}},
    "required": ["query"],
}
FLOW = Flow("search_users", description="Search for users", input_schema=SCHEMA)
YAML = """\
flow_id: search_users
nodes: [{id: in, type: input}]
entry_point: in
exit_points: [in]
"""


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Build a backend of one flow, and return the paths of its schemas."""
    pytest.importorskip("yaml")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "search_users.yaml").write_text(YAML)

    def call(*options):
        done = CliRunner().invoke(cli, ["build", "flows/", *options])
        assert done.exit_code == 0, done.output
        generated = tmp_path / "backend" / "generated"
        return generated / "schemas" / "spec.json", generated / "routers"

    return call


def test_a_backend_is_generated_with_its_schemas(build):
    path, routers = build("--export-schemas", "--schema-version", "1.2.0")
    spec = IRSpec.from_json(path.read_text())
    assert (str(spec.version), list(spec.tools)) == ("1.2.0", ["search_users"])
    assert (routers / "metadata.py").read_text() == generate_metadata_router()


def test_a_backend_is_generated_without_schemas(build):
    path, routers = build()
    assert not path.exists() and not (routers / "metadata.py").exists()
    assert "metadata" not in (routers / "__init__.py").read_text()


def test_the_schemas_of_an_application_are_exported(tmp_path):
    path = tmp_path / "spec.json"
    spec = export_schemas_from_app([FLOW], "2.0.0", path)
    assert IRSpec.from_json(path.read_text()) == spec
    tool = spec.tools["search_users"]
    assert (tool.version, tool.description) == (SchemaVersion(2), "Search for users")
    assert tool.input_schema.get_field("query").required


def test_the_router_of_schemas_is_a_module_that_defines_a_router():
    tree = ast.parse(generate_metadata_router())
    assigned = [
        each.targets[0].id for each in tree.body if isinstance(each, ast.Assign)
    ]
    assert "router" in assigned and ast.get_docstring(tree)


def test_an_exporter_fills_its_registry():
    exporter = SchemaExporter()
    exporter.export_from_app([FLOW])
    assert set(exporter.registry.models) == {"SearchUsersInput", "SearchUsersOutput"}
    assert exporter.registry.get_tool("search_users").namespace == "flows"
