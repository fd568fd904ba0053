"""SDK-Sync: schemas with versions and migrations, and typed clients that are generated of them."""

import importlib
from typing import TYPE_CHECKING, Any, List

if TYPE_CHECKING:
    from ai_spine.sdk_sync.errors import SDKSyncError
    from ai_spine.sdk_sync.exporter import (
        export_schemas_from_app,
        generate_metadata_router,
    )
    from ai_spine.sdk_sync.generators.python import (
        PythonClientGenerator,
        PythonModelGenerator,
        PythonSDKGenerator,
    )
    from ai_spine.sdk_sync.ir import (
        UNSET,
        IRAgent,
        IRBody,
        IRChain,
        IREndpoint,
        IRField,
        IRModel,
        IRParameter,
        IRResponse,
        IRSpec,
        IRTool,
        IRType,
        SchemaMigration,
        SchemaVersion,
    )
    from ai_spine.sdk_sync.registry import (
        SchemaExporter,
        SchemaImporter,
        SchemaRegistry,
        load_spec,
    )
    from ai_spine.sdk_sync.validation import (
        RequestValidator,
        ResponseValidator,
        TypeValidator,
        ValidationContext,
    )
    from ai_spine.sdk_sync.versioning import (
        ChangeType,
        CompatibilityChecker,
        MigrationGenerator,
        SchemaChange,
        VersionManager,
    )

# A module is imported when one of its names is first used: generated packages need few of them.
_NAMES_IN = {
    "errors": ("SDKSyncError",),
    "exporter": ("export_schemas_from_app", "generate_metadata_router"),
    "generators.python": (
        "PythonClientGenerator",
        "PythonModelGenerator",
        "PythonSDKGenerator",
    ),
    "ir": (
        "UNSET",
        "IRAgent",
        "IRBody",
        "IRChain",
        "IREndpoint",
        "IRField",
        "IRModel",
        "IRParameter",
        "IRResponse",
        "IRSpec",
        "IRTool",
        "IRType",
        "SchemaMigration",
        "SchemaVersion",
    ),
    "registry": ("SchemaExporter", "SchemaImporter", "SchemaRegistry", "load_spec"),
    "validation": (
        "RequestValidator",
        "ResponseValidator",
        "TypeValidator",
        "ValidationContext",
    ),
    "versioning": (
        "ChangeType",
        "CompatibilityChecker",
        "MigrationGenerator",
        "SchemaChange",
        "VersionManager",
    ),
}
_MODULE_OF = {name: module for module, names in _NAMES_IN.items() for name in names}

__all__ = [
    "UNSET",
    "ChangeType",
    "CompatibilityChecker",
    "IRAgent",
    "IRBody",
    "IRChain",
    "IREndpoint",
    "IRField",
    "IRModel",
    "IRParameter",
    "IRResponse",
    "IRSpec",
    "IRTool",
    "IRType",
    "MigrationGenerator",
    "PythonClientGenerator",
    "PythonModelGenerator",
    "PythonSDKGenerator",
    "RequestValidator",
    "ResponseValidator",
    "SDKSyncError",
    "SchemaChange",
    "SchemaExporter",
    "SchemaImporter",
    "SchemaMigration",
    "SchemaRegistry",
    "SchemaVersion",
    "TypeValidator",
    "ValidationContext",
    "VersionManager",
    "export_schemas_from_app",
    "generate_metadata_router",
    "load_spec",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_MODULE_OF[name]}")
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})
