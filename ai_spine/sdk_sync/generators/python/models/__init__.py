"""Models of endpoints: a module for each class, enum or alias."""

from ai_spine.sdk_sync.generators.python.models.annotations import (
    ANNOTATION_SOURCES,
    annotation,
    kind_of,
    models_in,
)
from ai_spine.sdk_sync.generators.python.models.emit import emit_modules
from ai_spine.sdk_sync.generators.python.models.plan import ModelsPlan, plan_models
from ai_spine.sdk_sync.generators.python.models.roots import REQUEST, RESPONSE, Root

__all__ = [
    "ANNOTATION_SOURCES",
    "REQUEST",
    "RESPONSE",
    "ModelsPlan",
    "Root",
    "annotation",
    "emit_modules",
    "kind_of",
    "models_in",
    "plan_models",
]
