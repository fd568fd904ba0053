"""Each error of the specification is raised by what it is for."""

import pytest

from ai_spine.sdk_sync import errors
from ai_spine.sdk_sync.generators.python import PythonSDKGenerator
from ai_spine.sdk_sync.ir import IRModel, IRSpec, IRType, SchemaVersion
from ai_spine.sdk_sync.registry import SchemaExporter, SchemaRegistry, load_spec
from ai_spine.sdk_sync.validation import RequestValidator, ResponseValidator
from ai_spine.sdk_sync.versioning import VersionManager
from tests.sdk_sync.registry.backends import serving
from tests.sdk_sync.seed.page import SEARCH_INPUT, SEARCH_OUTPUT, V1, field

V2 = SchemaVersion(2)
CODES = {
    "SDK001": "SDKSyncError",
    "SDK002": "SchemaRegistryError",
    "SDK003": "CodegenError",
    "SDK004": "VersionMismatchError",
    "SDK005": "ValidationError",
    "SDK006": "MigrationError",
    "SDK007": "ExportError",
    "SDK008": "ImportError",
    "SDK009": "ConfigError",
    "SDK010": "NetworkError",
}


def register_other_content():
    registry = SchemaRegistry()
    registry.register_model(IRModel("User", V1))
    registry.register_model(IRModel("User", V1, [field("id")]))


def generate_strictly_what_has_no_type():
    owner = field("owner", IRType.REF, ref_name="Nobody")
    spec = IRSpec(V1, models={"Pet": IRModel("Pet", V1, [owner])})
    PythonSDKGenerator(spec, strict=True).render()


def read_a_response_of_another_major_version():
    response = {"results": [], "total": 0, "x-schema-version": "2.0.0"}
    ResponseValidator(SEARCH_OUTPUT).validate(response)


def send_what_does_not_fit():
    RequestValidator(SEARCH_INPUT).validate({})


def migrate_where_nothing_leads():
    VersionManager().migrate("User", {}, V1, V2)


def read_a_backend_without_metadata():
    with serving({}) as backend:
        SchemaExporter(backend_url=backend.url).export_from_backend_sync()


def read_a_file_that_is_not_there():
    load_spec("nowhere.json")


def name_a_version_that_is_none():
    SchemaVersion.parse("latest")


def read_a_backend_that_is_down():
    with serving({}) as backend:
        url = backend.url
    SchemaExporter(backend_url=url).export_from_backend_sync()


@pytest.mark.parametrize(
    "code, cause",
    [
        ("SDK002", register_other_content),
        ("SDK003", generate_strictly_what_has_no_type),
        ("SDK004", read_a_response_of_another_major_version),
        ("SDK005", send_what_does_not_fit),
        ("SDK006", migrate_where_nothing_leads),
        ("SDK007", read_a_backend_without_metadata),
        ("SDK008", read_a_file_that_is_not_there),
        ("SDK009", name_a_version_that_is_none),
        ("SDK010", read_a_backend_that_is_down),
    ],
)
def test_an_error_has_its_code_and_is_one_of_sdk_sync(code, cause, monkeypatch):
    monkeypatch.setenv("AI_SPINE_MAX_RETRIES", "0")
    with pytest.raises(errors.SDKSyncError) as caught:  # SDK001, the base of all
        cause()
    error = caught.value
    assert (error.code, type(error).__name__) == (code, CODES[code])
    written = error.to_dict()
    assert list(written) == ["error", "message", "code", "details"]
    assert (written["error"], written["code"]) == (CODES[code], code)
    assert written["message"] == str(error) and "\n" not in str(error)


def test_there_are_these_codes_and_no_others():
    classes = [errors.SDKSyncError, *errors.SDKSyncError.__subclasses__()]
    assert {each.code: each.__name__ for each in classes} == CODES
