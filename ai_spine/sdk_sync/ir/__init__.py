"""The intermediate representation: what schemas, tools and APIs are, in no language of its own.

It loses nothing: what JSON Schema says and no attribute names is a constraint, and comes out again.
"""

from ai_spine.sdk_sync.ir.endpoints import (
    IRBody,
    IREndpoint,
    IRParameter,
    IRResponse,
)
from ai_spine.sdk_sync.ir.fields import UNSET, IRField, IRType
from ai_spine.sdk_sync.ir.models import IRModel
from ai_spine.sdk_sync.ir.parts import (
    IRAgent,
    IRChain,
    IRTool,
    SchemaMigration,
)
from ai_spine.sdk_sync.ir.spec import IRSpec
from ai_spine.sdk_sync.ir.versions import SchemaVersion

__all__ = [
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
]
