"""The Python SDK for AI Spine, a service that runs flows of AI agents."""

import importlib
from typing import TYPE_CHECKING, Any, List

from ai_spine.__version__ import __version__

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
        ProfileWarning,
        RateLimitError,
        RequestTimeoutError,
        ServerError,
        TimeoutError,
        ValidationError,
    )
    from ai_spine.execution_events import ExecutionEvent
    from ai_spine.frames import to_dataframe
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

# A room is imported when one of its names is asked for: `import ai_spine` costs next to nothing.
_ROOMS = {
    "batch": ("BatchItem", "BatchProgress", "BatchResult"),
    "client": ("AISpine",),
    "events": ("RequestEvent",),
    "exceptions": (
        "AISpineError",
        "APIError",
        "AuthenticationError",
        "BadRequestError",
        "BatchError",
        "ConfigurationError",
        "ConflictError",
        "ExecutionCancelledError",
        "ExecutionError",
        "InsecureTransportWarning",
        "InsufficientCreditsError",
        "NetworkError",
        "NotFoundError",
        "PermissionDeniedError",
        "ProfileWarning",
        "RateLimitError",
        "RequestTimeoutError",
        "ServerError",
        "TimeoutError",
        "ValidationError",
    ),
    "execution_events": ("ExecutionEvent",),
    "frames": ("to_dataframe",),
    "models": (
        "Agent",
        "AgentMessage",
        "ApiKeyChange",
        "ApiKeyStatus",
        "Execution",
        "Flow",
        "FlowNode",
        "HealthStatus",
        "Metrics",
        "NodeResult",
        "SystemStatus",
        "User",
    ),
    "statuses": ("ExecutionStatus",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

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
    "ProfileWarning",
    "RateLimitError",
    "RequestEvent",
    "RequestTimeoutError",
    "ServerError",
    "SystemStatus",
    "TimeoutError",
    "User",
    "ValidationError",
    "__version__",
    "to_dataframe",
]

if not TYPE_CHECKING:  # else any misspelt name would pass for one

    def __getattr__(name: str) -> Any:
        room = _ROOM_OF.get(name, name)
        if room not in _ROOMS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = importlib.import_module(f"{__name__}.{room}")
        value = module if name == room else getattr(module, name)
        globals()[name] = value
        return value


def __dir__() -> List[str]:
    return sorted({*globals(), *_ROOMS, *__all__})
