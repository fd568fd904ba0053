"""Tests of how requests are sent."""

import pytest
from requests.adapters import HTTPAdapter

needs_short_way = pytest.mark.skipif(
    not hasattr(HTTPAdapter, "get_connection_with_tls_context"),
    reason="the short way needs requests 2.32",
)
