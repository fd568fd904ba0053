"""Packages with models of each kind, for the tests beside it."""

import pytest

from tests.sdk_sync.generators.python.models.support import STYLES, Package, plan_of


@pytest.fixture(params=STYLES)
def make(request, tmp_path):
    """Make a package of schemas: with attrs, and with pydantic."""

    def package(schemas, **roots):
        roots = roots or {"received": list(schemas)}
        return Package(plan_of(schemas, **roots), request.param, tmp_path)

    return package
