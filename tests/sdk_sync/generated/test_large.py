"""A large document: all of it is made, and imported only as far as it is used."""

import json
import sys

import pytest

from ai_spine.sdk_sync.generators.python.endpoints.package import EndpointsGenerator
from ai_spine.sdk_sync.openapi import read_openapi
from ai_spine.sdk_sync.verifying.verification import verify_package
from tests.needs import needs
from tests.sdk_sync.generated.synthetic import large_document


def read(folder, **sizes):
    path = folder / "openapi.json"
    path.write_text(json.dumps(large_document(**sizes)), "utf-8")
    return path, read_openapi(path)


def test_a_large_document_is_made_whole(tmp_path):
    _, found = read(tmp_path)
    assert (found.operations, found.problems) == (250, [])
    generator = EndpointsGenerator(found.spec, "large", tmp_path / "sdk", format=False)
    rendered = generator.render()
    assert (generator.operation_count, generator.warnings) == (250, [])
    modules = [each for each in rendered if each.startswith("large/api/")]
    assert len(modules) == 25 + 1


@needs("openapi_core")
@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("models", ["attrs", "pydantic"])
def test_the_operations_of_a_large_document_pass(tmp_path, models):
    path, found = read(tmp_path, groups=3, resources=1)
    out = tmp_path / "out"
    EndpointsGenerator(
        found.spec, "large", out, models=models, format=False
    ).generate_sync()
    result = verify_package(out, path, types=False)
    assert result.failures == [] and result.passed == 15


def test_importing_a_large_package_imports_no_model(tmp_path):
    _, found = read(tmp_path, groups=10, resources=2)
    out = tmp_path / "out"
    EndpointsGenerator(found.spec, "large_lazy", out, format=False).generate_sync()
    sys.path.append(str(out))
    try:
        import importlib

        client = importlib.import_module("large_lazy.client")
        own = [each for each in sys.modules if each.startswith("large_lazy")]
        assert not any(".models." in each or ".api." in each for each in own)
        with client.Client("http://127.0.0.1:9") as made:
            assert made.group_1
        own = [each for each in sys.modules if each.startswith("large_lazy.api.")]
        assert own == ["large_lazy.api.group_1"]
    finally:
        sys.path.remove(str(out))
