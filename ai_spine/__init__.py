"""The Python SDK for AI Spine, a service that runs flows of AI agents.

PYTEST_DONT_REWRITE: importing this package before pytest starts must not cause a warning.
"""

import importlib
import sys
from typing import TYPE_CHECKING, Any, List

from ai_spine.__version__ import __version__

if TYPE_CHECKING:
    from ai_spine.async_client import AsyncAISpine
    from ai_spine.async_rest import AsyncRestClient
    from ai_spine.batch.items import BatchItem, BatchProgress, BatchResult
    from ai_spine.client import AISpine
    from ai_spine.exceptions import (
        AISpineError,
        APIError,
        AuthenticationError,
        BadRequestError,
        BatchError,
        BusyLoopWarning,
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
        LogLine,
        NodeProgress,
        NodeResult,
        SystemStatus,
        Tool,
        ToolExecution,
        ToolResult,
        ToolSchemas,
        ToolSearch,
        User,
    )
    from ai_spine.models.statuses import ExecutionStatus
    from ai_spine.notebook.tables import to_dataframe
    from ai_spine.policy.credentials import (
        ApiCredential,
        BasicCredential,
        CookieCredential,
        HeaderCredential,
        QueryCredential,
    )
    from ai_spine.policy.execution_events import ExecutionEvent
    from ai_spine.policy.json_encoding import json_default
    from ai_spine.policy.pages import Pages
    from ai_spine.policy.request_events import RequestEvent
    from ai_spine.policy.subscriptions import StreamEvent
    from ai_spine.rest import RestClient

# A module is imported when one of its names is first used: `import ai_spine` costs next to nothing.
_NAMES_IN = {
    "async_client": ("AsyncAISpine",),
    "async_rest": ("AsyncRestClient",),
    "batch.items": ("BatchItem", "BatchProgress", "BatchResult"),
    "client": ("AISpine",),
    "policy.credentials": (
        "ApiCredential",
        "BasicCredential",
        "CookieCredential",
        "HeaderCredential",
        "QueryCredential",
    ),
    "policy.request_events": ("RequestEvent",),
    "policy.json_encoding": ("json_default",),
    "exceptions": (
        "AISpineError",
        "APIError",
        "AuthenticationError",
        "BadRequestError",
        "BatchError",
        "BusyLoopWarning",
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
    "policy.execution_events": ("ExecutionEvent",),
    "policy.pages": ("Pages",),
    "policy.subscriptions": ("StreamEvent",),
    "notebook.tables": ("to_dataframe",),
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
        "LogLine",
        "NodeProgress",
        "NodeResult",
        "SystemStatus",
        "Tool",
        "ToolExecution",
        "ToolResult",
        "ToolSchemas",
        "ToolSearch",
        "User",
    ),
    "models.statuses": ("ExecutionStatus",),
    "rest": ("RestClient",),
}
_MODULE_OF = {name: module for module, names in _NAMES_IN.items() for name in names}
_PUBLIC_MODULES = (
    "adapters",
    "async_client",
    "async_rest",
    "client",
    "drawing",
    "exceptions",
    "local",
    "models",
    "notebook",
    "rest",
)

__all__ = [
    "AISpine",
    "AISpineError",
    "APIError",
    "Agent",
    "AgentMessage",
    "ApiCredential",
    "ApiKeyChange",
    "ApiKeyStatus",
    "AsyncAISpine",
    "AsyncRestClient",
    "AuthenticationError",
    "BadRequestError",
    "BasicCredential",
    "BatchError",
    "BatchItem",
    "BatchProgress",
    "BatchResult",
    "BusyLoopWarning",
    "ConfigurationError",
    "ConflictError",
    "CookieCredential",
    "Execution",
    "ExecutionCancelledError",
    "ExecutionError",
    "ExecutionEvent",
    "ExecutionStatus",
    "Flow",
    "FlowNode",
    "HeaderCredential",
    "HealthStatus",
    "InsecureTransportWarning",
    "InsufficientCreditsError",
    "Metrics",
    "NetworkError",
    "LogLine",
    "NodeProgress",
    "NodeResult",
    "NotFoundError",
    "Pages",
    "PermissionDeniedError",
    "ProfileWarning",
    "QueryCredential",
    "RateLimitError",
    "RequestEvent",
    "RequestTimeoutError",
    "RestClient",
    "ServerError",
    "StreamEvent",
    "SystemStatus",
    "TimeoutError",
    "Tool",
    "ToolExecution",
    "ToolResult",
    "ToolSchemas",
    "ToolSearch",
    "User",
    "ValidationError",
    "__version__",
    "json_default",
    "to_dataframe",
]
if sys.version_info < (3, 10):  # the async clients need a newer Python
    __all__.remove("AsyncAISpine")
    __all__.remove("AsyncRestClient")

if not TYPE_CHECKING:  # type checkers would accept any misspelt name

    def __getattr__(name: str) -> Any:
        if name in _PUBLIC_MODULES:
            return importlib.import_module(f"{__name__}.{name}")
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = importlib.import_module(f"{__name__}.{_MODULE_OF[name]}")
        globals()[name] = value = getattr(module, name)
        return value


def __dir__() -> List[str]:
    return sorted({*globals(), *_PUBLIC_MODULES, *__all__})
