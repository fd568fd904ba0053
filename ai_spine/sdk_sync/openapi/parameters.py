"""Reads the parameters of operations, and the headers of responses."""

import re
from typing import Any, Dict, List, Optional, Tuple

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.ir import IRField, IRParameter, IRType
from ai_spine.sdk_sync.ir.endpoints import LOCATIONS
from ai_spine.sdk_sync.openapi.context import Context
from ai_spine.sdk_sync.openapi.references import Node
from ai_spine.sdk_sync.openapi.schemas import SchemaReader
from ai_spine.utils import one_line

_KNOWN = (
    *("name", "in", "schema", "required", "style", "explode", "allowReserved"),
    *("content", "description", "deprecated", "$ref"),
)
_STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
}
_IN_TEMPLATE = re.compile(r"\{([^{}]*)\}")
Parameters = Dict[Tuple[str, str], IRParameter]


class ParameterReader:
    """Reads parameters.

    Args:
        context: What the readers share.
        schemas: What reads their schemas.
    """

    def __init__(self, context: Context, schemas: SchemaReader) -> None:
        self._context = context
        self._schemas = schemas

    def of_operation(self, path: str, item: Node, operation: Node) -> List[IRParameter]:
        """Return the parameters of an operation, and those that its path has for all."""
        found = {**self._read_all(item), **self._read_all(operation)}
        names = list(dict.fromkeys(_IN_TEMPLATE.findall(path)))
        for name in names:
            if name and (name, "path") not in found:
                words = f"the path has {_shown(name)}, which is no parameter: a required text is"
                self._context.warn(operation, f"{words} taken")
                text = IRField(name, IRType.STRING)
                found[name, "path"] = IRParameter(name, "path", text, True)
        for name, location in list(found):
            if location == "path" and name not in names:
                words = f"the path has no {_shown(name)}: the parameter is left out"
                self._context.warn(operation, words)
                del found[name, location]
        return list(found.values())

    def header(self, name: str, node: Node) -> Optional[IRParameter]:
        """Return a header of a response."""
        found = self._context.mapping(node)
        return None if found is None else self._parameter(found, name, "header")

    def _read_all(self, owner: Node) -> Parameters:
        node = owner.get("parameters")
        if node is None or node.value is None:
            return {}
        if not isinstance(node.value, list):
            self._context.warn(node, "parameters must be a list: they are left out")
            return {}
        read: Parameters = {}
        for _, each in node.children():
            parameter = self._read(each)
            if parameter is not None:
                key = (parameter.name, parameter.location)
                if key in read:
                    self._context.warn(each, "the parameter is there twice")
                read[key] = parameter
        return read

    def _read(self, node: Node) -> Optional[IRParameter]:
        found = self._context.mapping(node)
        if found is None:
            return None
        name, location = found.value.get("name"), found.value.get("in")
        if not isinstance(name, str) or location not in LOCATIONS:
            words = "a parameter needs a name, and is in path, query, header or cookie"
            self._context.warn(found, f"{words}: it is left out")
            return None
        return self._parameter(found, name, location)

    def _parameter(self, node: Node, name: str, where: str) -> Optional[IRParameter]:
        value = node.value
        is_required = value.get("required") is True
        if where == "path" and not is_required:
            self._context.warn(node, "a parameter in a path is required: it is so")
        kind, schema = self._schema(node)
        try:
            return IRParameter(
                name,
                where,
                IRField("", IRType.ANY) if schema is None else schema,
                is_required or where == "path",
                self._style(node, where),
                self._flag(node, "explode"),
                bool(self._flag(node, "allowReserved")),
                kind,
                text_of(value, "description") or None,
                bool(self._flag(node, "deprecated")),
                self._context.others(node, _KNOWN),
            )
        except ConfigError as error:
            self._context.warn(node, f"{error.message}: it is left out")
            return None

    def _schema(self, node: Node) -> Tuple[Optional[str], Optional[IRField]]:
        """Return the media type and the schema of a parameter, as far as it says them."""
        schema, content = node.get("schema"), node.get("content")
        if schema is not None:
            return None, self._schemas.field(schema)
        content = self._context.mapping(content)
        for kind, media in content.children() if content else ():
            found = self._context.mapping(media)
            schema = None if found is None else found.get("schema")
            return kind, None if schema is None else self._schemas.field(schema)
        return None, None

    def _style(self, node: Node, where: str) -> Optional[str]:
        style = node.value.get("style")
        if style is not None and style not in _STYLES[where]:
            words = f"{_shown(style)} is no style of a {where} parameter"
            self._context.warn(node, f"{words}: the default is taken", "style")
            return None
        return None if style is None else str(style)

    def _flag(self, node: Node, key: str) -> Optional[bool]:
        value = node.value.get(key)
        if value is not None and not isinstance(value, bool):
            self._context.warn(node, f"{key} is true or false: it is left out", key)
            return None
        return value


def text_of(value: Any, key: str) -> str:
    """Return a text of an object, or an empty one.

    Example:
        >>> text_of({"summary": 5}, "summary"), text_of({}, "summary")
        ('5', '')
    """
    found = value.get(key)
    return "" if found is None or isinstance(found, (dict, list)) else str(found)


def _shown(value: Any) -> str:
    return one_line(repr(value), 100)
