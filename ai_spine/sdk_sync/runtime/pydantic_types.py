"""How pydantic reads unions whose members a property distinguishes."""

from typing import Any, Callable, Dict, Mapping, Optional, get_args

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import core_schema

_UNKNOWN = ""


def tagged_schema(
    wire: str, members: Mapping[str, Any], source: Any, handler: GetCoreSchemaHandler
) -> core_schema.CoreSchema:
    """Return the schema of a union whose objects a property distinguishes.

    Args:
        wire: The property, by its name in JSON.
        members: The members, by the values of the property.
        source: The union.
        handler: What makes schemas of types.
    """
    kinds = {kind.__name__: kind for kind in members.values() if _is_model(kind)}
    # Models within another such union go by what that one says.
    others = [m for m in get_args(source) if m not in kinds.values()]
    choices = {name: handler.generate_schema(kind) for name, kind in kinds.items()}
    for value, kind in members.items():
        if not _is_model(kind):  # another such union
            choices[f"={value}"] = handler.generate_schema(kind)
    if others:
        schemas = [handler.generate_schema(each) for each in others]
        choices[_UNKNOWN] = core_schema.union_schema([*schemas])
    names = {
        value: kind.__name__ if _is_model(kind) else f"={value}"
        for value, kind in members.items()
    }
    return core_schema.tagged_union_schema(choices, _finder(wire, names, kinds))


def _finder(
    wire: str, names: Dict[str, str], kinds: Mapping[str, Any]
) -> Callable[[Any], Optional[str]]:
    def find(value: Any) -> Optional[str]:
        if isinstance(value, dict):
            found = value.get(wire)
            return names.get(found, _UNKNOWN) if isinstance(found, str) else _UNKNOWN
        name = type(value).__name__
        return name if name in kinds else _UNKNOWN

    return find


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
