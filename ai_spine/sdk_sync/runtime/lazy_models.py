"""The base of pydantic models of endpoints, each of which has a module of its own."""

import sys
from typing import Any, Optional, Set, Type

import pydantic

from ai_spine.sdk_sync.runtime.lazy import missing_names
from ai_spine.sdk_sync.runtime.models import BaseModel

__all__ = ["LazyModel"]


class LazyModel(BaseModel):
    """A generated model whose annotations are looked at when it is first used."""

    @classmethod
    def model_rebuild(cls, **options: Any) -> Optional[bool]:
        """Import what the annotations name, here and in all that they lead to, and build."""
        _complete(cls)
        options.setdefault("_parent_namespace_depth", 3)
        return super().model_rebuild(**options)


def _complete(kind: Type[Any]) -> None:
    """Give the modules of models the names that their annotations have."""
    pending, seen = [kind], {kind}
    while pending:
        each = pending.pop()
        package, names = missing_names(each)
        module = sys.modules[each.__module__]
        for name in names:
            setattr(module, name, getattr(sys.modules[package], name))
        _follow(vars(module).values(), seen, pending)


def _follow(values: Any, seen: Set[Any], pending: Any) -> None:
    for value in list(values):
        for kind in _models_in(value):
            if kind not in seen:
                seen.add(kind)
                pending.append(kind)


def _models_in(value: Any) -> Any:
    if isinstance(value, type) and issubclass(value, pydantic.BaseModel):
        return (
            [value] if issubclass(value, LazyModel) and value is not LazyModel else []
        )
    from typing import get_args

    return [kind for each in get_args(value) for kind in _models_in(each)]
