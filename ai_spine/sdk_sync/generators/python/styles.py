"""What models can be made with."""

import ast
from typing import Callable, Mapping, NamedTuple

from ai_spine.sdk_sync.generators.python import attrs_models, pydantic_models
from ai_spine.sdk_sync.generators.python.plan import Plan


class Style(NamedTuple):
    """A library that models are made with."""

    emit: Callable[[Plan], ast.Module]
    """Returns the module of the models of a plan."""
    runtime: str
    """The module that generated code imports for it."""
    requirement: str
    """What a package with such models asks for."""
    read: str
    """The class method of a model that takes JSON."""
    checks: str
    """What is checked when a model is made, in words."""


_RUNTIME = "ai_spine.sdk_sync.runtime"
STYLES: Mapping[str, Style] = {
    "pydantic": Style(
        pydantic_models.emit,
        f"{_RUNTIME}.models",
        "pydantic>=2.0.0",
        "model_validate",
        "A model of wrong values raises pydantic's `ValidationError`; both are `ValueError`s.",
    ),
    "attrs": Style(
        attrs_models.emit,
        f"{_RUNTIME}.attrs_models",
        "attrs>=22.2.0",
        "from_dict",
        "Models are checked when they are read from JSON, and by type checkers, not when made.",
    ),
}
