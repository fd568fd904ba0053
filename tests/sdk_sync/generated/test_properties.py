"""Values of each schema survive the way from a client to a server and back."""

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ai_spine.sdk_sync.openapi import read_openapi
from ai_spine.sdk_sync.verifying.comparing import same
from tests.sdk_sync.generated.both import Both
from tests.sdk_sync.generated.packages import DOCUMENTS, package_of
from tests.sdk_sync.generated.values import values_of
from tests.sdk_sync.generated.wire import Wire

SPEC = read_openapi(DOCUMENTS / "schemas.yaml").spec
# Where a response has what no request has, nothing can be echoed; and no value is only one of
# two schemas that a discriminator alone keeps apart.
LEFT_OUT = ("echoSides", "echoPet")
ECHOED = {n: each for n, each in SPEC.endpoints.items() if n not in LEFT_OUT}
DEFINITIONS = {name: model.to_json_schema() for name, model in SPEC.models.items()}


@pytest.fixture(scope="module")
def wire():
    made = Wire()
    made.echo()
    yield made
    made.close()


@pytest.fixture(scope="module", params=["attrs", "pydantic"])
def api(request, wire):
    package = package_of("schemas", request.param, "client")
    made = Both(
        package.Client(wire.url, max_retries=0),
        package.AsyncClient(wire.url, max_retries=0),
        wire,
    )
    yield made
    made.close()


@pytest.mark.parametrize("name", ECHOED)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_value_comes_back_as_it_went(api, wire, name, data):
    value = data.draw(_STRATEGIES[name])
    method = getattr(api.sync.echo, _METHODS[name])
    wire.requests.clear()
    result = method(copy.deepcopy(value))
    assert same(json.loads(wire.sent.body), value)
    assert same(api.sync.codec.to_json(result), value)
    again = method(result)
    assert same(json.loads(wire.sent.body), value)
    assert same(api.sync.codec.to_json(again), value)


_STRATEGIES = {
    name: values_of(each.bodies[0].schema.to_json_schema(), DEFINITIONS)
    for name, each in ECHOED.items()
}
_METHODS = {name: name[:4] + "_" + name[4:].lower() for name in ECHOED}
_METHODS["patchThing"] = "patch_thing"
