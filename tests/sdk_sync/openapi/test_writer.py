"""What is written as an OpenAPI document is valid, and the same when it is read again."""

import json

import pytest
from hypothesis import HealthCheck, given, settings

from ai_spine.sdk_sync.errors import ExportError
from ai_spine.sdk_sync.ir import (
    IRBody,
    IREndpoint,
    IRField,
    IRModel,
    IRParameter,
    IRResponse,
    IRSpec,
    IRTool,
    IRType,
    SchemaVersion,
)
from ai_spine.sdk_sync.openapi import read_openapi, write_openapi
from tests.needs import needs
from tests.sdk_sync.openapi.support import document, read
from tests.sdk_sync.strategies import specs

V1 = SchemaVersion(1)
TEXT = IRField("", IRType.STRING)
USER = IRModel("User", V1, [IRField("id", IRType.STRING, required=True)])
PET = IRField("pet", IRType.REF, ref_name="User")


def read_again(folder, spec):
    path = folder / "written.json"
    path.write_text(json.dumps(write_openapi(spec)))
    return read_openapi(path)


def whole_spec():
    """Return a specification with all that a document can say."""
    endpoint = IREndpoint(
        "/users/{id}?v=2",
        "POST",
        "D",
        operation_id="save",
        summary="S",
        tags=["users"],
        parameters=[
            IRParameter("id", "path", TEXT, True, style="label"),
            IRParameter("q", "query", PET, explode=False, metadata={"example": 1}),
            IRParameter("j", "query", PET, content_type="application/json"),
            IRParameter("X-H", "header", TEXT, description="H", deprecated=True),
        ],
        bodies=[
            IRBody("application/json", PET, True, description="B"),
            IRBody("multipart/form-data", None, True, {"f": {"style": "form"}}, "B"),
        ],
        responses=[
            IRResponse(
                "200",
                "Fine.",
                {"application/json": PET, "text/csv": None},
                {"X-Rate": IRParameter("X-Rate", "header", TEXT)},
            ),
            IRResponse("default", "Not fine.", metadata={"x-a": 1, "mine": 2}),
        ],
        security=[{}, {"key": []}],
        servers=[{"url": "/v2"}],
        deprecated=True,
        metadata={"x-a": 1, "mine": [1]},
    )
    return IRSpec(
        V1,
        "2024",
        models={"User": USER},
        endpoints={"save": endpoint},
        title="Users",
        servers=[{"url": "https://example.com"}],
        security_schemes={"key": {"type": "http", "scheme": "bearer"}},
        security=[{"key": []}],
        metadata={"source": "openapi", "tags": [{"name": "users"}], "info": {"x-b": 1}},
    )


def test_endpoints_models_and_what_an_api_has_come_back(tmp_path):
    spec = whole_spec()
    found = read_again(tmp_path, spec)
    assert found.problems == []
    assert found.spec.endpoints == spec.endpoints
    assert found.spec.models == spec.models
    for name in ("title", "servers", "security_schemes", "security", "api_version"):
        assert getattr(found.spec, name) == getattr(spec, name)
    assert found.spec.metadata["tags"] == [{"name": "users"}]
    assert found.spec.metadata["info"] == {"x-b": 1}


@needs("openapi_spec_validator")
def test_what_is_written_is_valid():
    from openapi_spec_validator import validate

    tool = IRTool("search it", V1, "Search.", USER, USER, tags=["a"])
    spec = whole_spec()
    spec.tools["search it"] = tool
    validate(write_openapi(spec))
    validate(write_openapi(IRSpec(V1)))


@given(specs())
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_specification_comes_back(tmp_path, spec):
    found = read_again(tmp_path, spec)
    assert found.spec.models == spec.models
    written = list(spec.endpoints.values())
    read_of_tools = len(spec.tools)
    endpoints = list(found.spec.endpoints.values())
    assert len(endpoints) == len(written) + read_of_tools
    assert endpoints[: len(written)] == [
        _as_it_is_read(spec, each, found.spec) for each in written
    ]


def _as_it_is_read(spec, endpoint, found):
    """Return an endpoint with what a document says in another way."""
    security = endpoint.security
    needed = spec.security if security is None else security
    parameters = [_described(each) for each in endpoint.parameters]
    responses = [
        IRResponse(
            each.status,
            each.description,
            each.content,
            {name: _described(header) for name, header in each.headers.items()},
        )
        for each in endpoint.responses
    ]
    return IREndpoint(
        **{
            **vars(endpoint),
            "auth_required": bool(needed) and {} not in needed,
            "summary": endpoint.summary or None,
            "parameters": parameters,
            "responses": responses,
        }
    )


def _described(parameter):
    return IRParameter(
        **{**vars(parameter), "description": parameter.description or None}
    )


def test_a_tool_is_the_endpoint_that_executes_it(tmp_path):
    taken = IRModel("Input", V1, [PET])
    tool = IRTool("a/b", V1, "Search.", taken, USER, tags=["t"])
    endpoint = IREndpoint("/x", "GET", "", operation_id="execute_a/b")
    spec = IRSpec(
        V1, models={"User": USER}, tools={"a/b": tool}, endpoints={"x": endpoint}
    )
    found = read_again(tmp_path, spec)
    made = found.spec.endpoints["execute_a/b_"]
    assert (made.path, made.method, made.tags) == (
        "/api/tools/a%2Fb/execute",
        "POST",
        ["t"],
    )
    assert made.bodies[0].required
    assert made.bodies[0].schema.properties["pet"].ref_name == "User"
    assert made.responses[0].content["application/json"].properties["id"].required
    assert found.problems == []


def test_the_models_of_an_endpoint_are_its_body_and_its_response(tmp_path):
    endpoint = IREndpoint("/x", "POST", "", USER, USER)
    found = read_again(tmp_path, IRSpec(V1, endpoints={"x": endpoint}))
    made = found.spec.endpoints["post_x"]
    assert made.bodies[0].schema.properties["id"].required
    assert made.responses[0].status == "200"


def test_names_that_no_component_may_have_are_kept(tmp_path):
    names = ["a b", "a/b", "a_b", "é"]
    models = {name: IRModel(name, V1, [PET]) for name in names}
    models["User"] = USER
    written = write_openapi(IRSpec(V1, models=models))
    keys = list(written["components"]["schemas"])
    assert keys == ["a_b_2", "a_b_3", "a_b", "_", "User"]
    found = read_again(tmp_path, IRSpec(V1, models=models))
    assert found.spec.models == models


def test_definitions_of_a_model_are_models(tmp_path):
    part = IRField("part", IRType.REF, ref_name="Part")
    model = IRModel("Whole", V1, [part, PET], definitions={"Part": TEXT})
    found = read_again(tmp_path, IRSpec(V1, models={"Whole": model, "User": USER}))
    assert found.spec.models["Whole"].get_field("part").ref_name == "Whole_Part"
    assert found.spec.models["Whole_Part"].root.type is IRType.STRING
    assert found.problems == []


def test_the_references_of_a_discriminator_are_kept(tmp_path):
    kinds = {"propertyName": "kind", "mapping": {"a": "#/components/schemas/User"}}
    reference = {"$ref": "#/components/schemas/User"}
    schemas = {
        "User": {"type": "object", "properties": {}},
        "Any": {"oneOf": [reference], "discriminator": kinds},
    }
    spec = read(tmp_path, document(schemas=schemas)).spec
    assert write_openapi(spec)["components"]["schemas"]["Any"]["discriminator"] == kinds
    assert read_again(tmp_path, spec).spec.models == spec.models


def test_two_endpoints_with_one_method_and_path_are_refused():
    endpoint = IREndpoint("/x", "GET", "")
    with pytest.raises(ExportError, match="a document has one GET /x, but 'b'"):
        write_openapi(IRSpec(V1, endpoints={"a": endpoint, "b": endpoint}))
