"""RON-CORE's app plane: clients, problems, capabilities, values, and manifests of facets."""

import sys

if sys.version_info < (3, 10):
    raise ImportError("ai_spine.ron needs Python 3.10 or later")

from ai_spine.ron.client import (
    PROTOCOL_VERSION,
    RonClient,
    RonClientDependency,
    RonClientSync,
)
from ai_spine.ron.errors import (
    AmnesiaWarning,
    RonAuthError,
    RonConfigError,
    RonError,
    RonNetworkError,
    RonProblem,
    RonTimeoutError,
    RonValidationError,
)
from ai_spine.ron.facets import Facet, Route, check_unique

__all__ = [
    "PROTOCOL_VERSION",
    "AmnesiaWarning",
    "Facet",
    "RonAuthError",
    "RonClient",
    "RonClientDependency",
    "RonClientSync",
    "RonConfigError",
    "RonError",
    "RonNetworkError",
    "RonProblem",
    "RonTimeoutError",
    "RonValidationError",
    "Route",
    "check_unique",
]
