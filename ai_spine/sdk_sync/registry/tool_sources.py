"""Reads the tools of a running program, however it keeps and describes them."""

from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple

from ai_spine.policy.json_encoding import kind_of
from ai_spine.sdk_sync.errors import ConfigError, ImportError, SDKSyncError
from ai_spine.sdk_sync.ir import IRModel, IRTool
from ai_spine.utils import one_line

_SCHEMAS = ("input_schema", "output_schema")
_OTHERS = (
    "name",
    "version",
    "description",
    "namespace",
    "tags",
    "timeout",
    "retry_config",
    "auth_required",
    "streaming",
    "metadata",
)
_SOURCES = ("get_all_tools", "list_tools", "tools")
NO_SCHEMA: Mapping[str, Any] = {"type": "object"}


def tools_in(registry: Any) -> Iterator[Tuple[Optional[str], Any]]:
    """Yield what a registry has, each with the name that it goes by there, if any.

    Args:
        registry: A mapping of names to tools, an iterable of tools, or an object that has them as
            `tools`, `get_all_tools()` or `list_tools()`.

    Raises:
        ImportError: It is none of these.
    """
    if isinstance(registry, Mapping):
        yield from registry.items()
        return
    for name in _SOURCES:
        found = getattr(registry, name, None)
        if found is not None:
            yield from _by_name(registry, found() if callable(found) else found)
            return
    if isinstance(registry, (str, bytes)) or not isinstance(registry, Iterable):
        raise ImportError(
            "a registry of tools is a mapping or an iterable of tools, or has them as "
            f"tools, get_all_tools() or list_tools(); it cannot be {kind_of(registry)}"
        )
    for tool in registry:
        yield None, tool


def read_tool(tool: Any, name: Optional[str] = None) -> Tuple[IRTool, List[str]]:
    """Return a tool in the representation, and the names of the schemas that it does not have.

    Args:
        tool: An `IRTool`, or a mapping or an object with `name`, `description`, `input_schema` and
            `output_schema`. A schema is a JSON Schema, or a class that pydantic can describe.
        name: Its name, if it says none.

    Raises:
        ImportError: It is no tool, or a schema of it cannot be read.
    """
    if isinstance(tool, IRTool):
        return tool, []
    given = _attributes(tool)
    named = given.setdefault("name", name)
    if not isinstance(named, str) or not named:
        raise ImportError(f"a tool needs a name; there is none in one {kind_of(tool)}")
    missing = [each for each in _SCHEMAS if each not in given]
    data = {"version": "1.0.0", "description": "", **given}
    data["version"] = str(data["version"])
    for each in _SCHEMAS:
        data[each] = _json_schema_of(named, each, given.get(each, NO_SCHEMA))
    try:
        return IRTool.from_dict(data), missing
    except SDKSyncError as error:
        raise ImportError(f"tool {_shown(named)}: {error.message}") from None


def _by_name(registry: Any, found: Any) -> Iterator[Tuple[Optional[str], Any]]:
    """Yield tools, those that are listed by their names as `get_tool` returns them."""
    for name, tool in tools_in(found):
        if isinstance(tool, str) and hasattr(registry, "get_tool"):
            yield tool, registry.get_tool(tool)
        else:
            yield name, tool


def _attributes(tool: Any) -> Dict[str, Any]:
    names = _OTHERS + _SCHEMAS
    if isinstance(tool, Mapping):
        found = {name: tool[name] for name in names if name in tool}
    else:
        found = {name: getattr(tool, name, None) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _json_schema_of(tool: str, name: str, schema: Any) -> Any:
    if isinstance(schema, IRModel):
        return schema.to_json_schema()
    if isinstance(schema, (Mapping, bool)):
        return schema
    shown = _shown(tool)
    try:
        from pydantic import TypeAdapter
    except ModuleNotFoundError:
        raise ConfigError(
            f"tool {shown}: its {name} is a class, which needs pydantic: "
            "pip install 'ai-spine-sdk[sdk-sync]'"
        ) from None
    mode: Any = "validation" if name == "input_schema" else "serialization"
    try:
        return TypeAdapter(schema).json_schema(mode=mode)
    except Exception as error:  # a type may be anything, and so are its own hooks
        raise ImportError(
            f"tool {shown}: its {name} is neither a JSON Schema nor a class that pydantic can "
            f"describe: {type(error).__name__}"
        ) from None


def _shown(name: str) -> str:
    return one_line(repr(name), 100)
