"""The Python SDK for AI Spine, a service that runs flows of AI agents.

PYTEST_DONT_REWRITE: who runs pytest after importing this package need not be warned of its plugin.
"""

import importlib
from typing import TYPE_CHECKING, Any, List

from ai_spine.__version__ import __version__

# pytest imports this package for its plugin, in every run, though most runs need nothing of it:
# so what is public is imported when the first of it is asked for.
if TYPE_CHECKING:
    from ai_spine.batch import BatchItem, BatchProgress, BatchResult
    from ai_spine.client import AISpine
    from ai_spine.events import RequestEvent
    from ai_spine.exceptions import (
        AISpineError,
        APIError,
        AuthenticationError,
        BadRequestError,
        BatchError,
        ConfigurationError,
        ConflictError,
        ExecutionCancelledError,
        ExecutionError,
        InsecureTransportWarning,
        InsufficientCreditsError,
        NetworkError,
        NotFoundError,
        PermissionDeniedError,
        RateLimitError,
        RequestTimeoutError,
        ServerError,
        TimeoutError,
        ValidationError,
    )
    from ai_spine.execution_events import ExecutionEvent
    from ai_spine.models import (
        Agent,
        AgentMessage,
        ApiKeyChange,
        ApiKeyStatus,
        Execution,
        Flow,
        FlowNode,
        HealthStatus,
        Metrics,
        NodeResult,
        SystemStatus,
        User,
    )
    from ai_spine.statuses import ExecutionStatus

__all__ = [
    "AISpine",
    "AISpineError",
    "APIError",
    "Agent",
    "AgentMessage",
    "ApiKeyChange",
    "ApiKeyStatus",
    "AuthenticationError",
    "BadRequestError",
    "BatchError",
    "BatchItem",
    "BatchProgress",
    "BatchResult",
    "ConfigurationError",
    "ConflictError",
    "Execution",
    "ExecutionCancelledError",
    "ExecutionError",
    "ExecutionEvent",
    "ExecutionStatus",
    "Flow",
    "FlowNode",
    "HealthStatus",
    "InsecureTransportWarning",
    "InsufficientCreditsError",
    "Metrics",
    "NetworkError",
    "NodeResult",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "RequestEvent",
    "RequestTimeoutError",
    "ServerError",
    "SystemStatus",
    "TimeoutError",
    "User",
    "ValidationError",
    "__version__",
]

# Where the names of `__all__` stand.
_ROOMS = ("batch", "client", "events", "exceptions", "models", "statuses")

if not TYPE_CHECKING:  # to a type checker, a module with `__getattr__` has every name

    def __getattr__(name: str) -> Any:
        if name in _ROOMS:
            return importlib.import_module(f"{__name__}.{name}")
        for room in _ROOMS if name in __all__ else ():
            known = vars(importlib.import_module(f"{__name__}.{room}"))
            if name in known:
                globals()[name] = known[name]
                return known[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> List[str]:
        return sorted({*globals(), *__all__})
