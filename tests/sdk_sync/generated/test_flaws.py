"""Documents with flaws, with texts that would be code, and with what is not generated."""

import ast
import importlib
import os

import pytest

from ai_spine.sdk_sync.errors import ImportError
from ai_spine.sdk_sync.generators.python.endpoints.package import EndpointsGenerator
from ai_spine.sdk_sync.openapi import read_openapi
from tests.sdk_sync.generated.packages import DOCUMENTS, generated, package_of


@pytest.fixture
def api(client_of, wire):
    wire.respond({})
    return client_of("flawed")


def test_a_flaw_spoils_its_own_place_and_all_are_counted(api):
    generator = generated("flawed")
    assert (generator.operation_count, generator.left_out) == (6, ["GET /broken"])
    said = "\n".join(generator.warnings)
    for place in ("enum", "Nowhere", "strnig", "/broken"):
        assert place in said


@pytest.mark.parametrize(
    "method", ["get_good", "get_undescribed", "get_enum", "get_dangling", "get_typo"]
)
def test_an_operation_with_a_flaw_can_be_called(api, wire, method):
    getattr(api.flaws, method)()
    assert wire.sent.method == "GET"


def test_what_yaml_takes_for_other_values_are_names(api, wire):
    value = {"2024-01-01": "a", "on": "b", "yes": "c", "12": 5}
    wire.respond(value)
    result = api.flaws.get_yaml(on=True, yes="x")
    assert sorted(wire.sent.query) == [("on", "true"), ("yes", "x")]
    assert api.sync.codec.to_json(result) == value


def test_swagger_is_refused_with_the_name_of_a_converter():
    with pytest.raises(ImportError, match="swagger2openapi"):
        read_openapi(DOCUMENTS / "swagger.yaml")


@pytest.mark.parametrize("models", ["attrs", "pydantic"])
def test_no_text_of_a_document_is_code_or_a_path(models):
    generator = generated("hostile", models)
    package = generator.output_dir / generator.package_name
    for path in package.rglob("*.py"):
        names = {
            node.id
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Name)
        }
        assert not names & {"os", "__import__", "eval", "exec"}, path
    around = [generator.output_dir.parent, generator.output_dir.parent.parent]
    names = {each.name for folder in around for each in folder.iterdir()}
    assert not any("escape" in name for name in names)
    package_of("hostile", models, "client")
    for path in (package / "models").glob("*.py"):
        importlib.import_module(f"{generator.package_name}.models.{path.stem}")
    assert os.getpid()  # and none of it has ended the process


def test_a_hostile_operation_can_be_called(client_of, wire):
    wire.echo()
    api = client_of("hostile")
    (group,) = [n for n, v in vars(type(api.sync)).items() if isinstance(v, property)]
    (method,) = [n for n in dir(getattr(api.sync, group)) if not n.startswith("_")]
    value = {'p"; import os; os._exit(3)': '"', "__class__": "a", "../../../etc": "b"}
    result = getattr(getattr(api, group), method)("x", value)
    assert wire.sent.json == value
    assert api.sync.codec.to_json(result) == value


def test_callbacks_links_webhooks_and_extensions_change_nothing(client_of, wire):
    wire.respond({"id": "1"}, 201)
    assert client_of("ignored").things.create_thing().id == "1"
    said = "\n".join(generated("ignored").warnings)
    assert "webhooks" in said and "callbacks" in said


def test_the_same_document_gives_the_same_bytes(tmp_path):
    for name in ("schemas", "naming", "answers"):
        spec = read_openapi(DOCUMENTS / f"{name}.yaml").spec
        folders = [tmp_path / name / each / "sdk" for each in "ab"]
        one, other = (EndpointsGenerator(spec, "p", f, format=False) for f in folders)
        assert one.render() == other.render()
