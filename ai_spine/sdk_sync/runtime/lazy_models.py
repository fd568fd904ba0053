"""The base of pydantic models of endpoints, each of which has a module of its own."""

import sys
from typing import Any, List, Optional, Type

import pydantic

from ai_spine.sdk_sync.runtime.lazy import missing_names
from ai_spine.sdk_sync.runtime.models import BaseModel, models_in

__all__ = ["LazyModel"]


class LazyModel(BaseModel):
    """A generated model whose annotations are looked at when it is first used."""

    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)  # files

    @classmethod
    def model_rebuild(cls, **options: Any) -> Optional[bool]:
        """Import what the annotations name, here and in all that they lead to, and build."""
        _complete(cls)
        options.setdefault("_parent_namespace_depth", 3)
        return super().model_rebuild(**options)


def _complete(kind: Type[Any]) -> None:
    """Give the modules of models the names that their annotations have."""
    pending: List[Type[Any]] = [kind]
    seen = {kind}
    while pending:
        each = pending.pop()
        package, names = missing_names(each)
        own = vars(sys.modules[each.__module__])
        for name in names:
            own[name] = getattr(sys.modules[package], name)
        for found in [
            model for value in list(own.values()) for model in models_in(value)
        ]:
            if found not in seen and issubclass(found, LazyModel):
                seen.add(found)
                pending.append(found)
