"""Types of agents' parameters: each converts a JSON value, and has a JSON Schema.

`annotations` reads them from what a function is annotated with. A value that does not fit adds a
sentence with its path to a list of problems, so that all of them are reported at once.
"""

import json
from enum import Enum
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from ai_spine.utils import one_line

Schema = Dict[str, Any]
_MOST_SHOWN = 60  # characters of a value in a message
_KINDS = {bool: "true or false", str: "text", list: "a list", dict: "an object"}
_KIND_IN = {"string": "text", "integer": "a number", "number": "a number"}


class Definitions:
    """The `$defs` of a schema.

    Args:
        for_output: Whether the schema describes what is written, not what is read.
    """

    def __init__(self, *, for_output: bool = False) -> None:
        self.for_output = for_output
        self.schemas: Dict[str, Schema] = {}
        self._names: Dict[int, str] = {}

    def refer(self, owner: "InputType", name: str) -> Schema:
        """Return a reference to the definition of a type, which is made at its first use."""
        known = self._names.get(id(owner))
        if known is None:
            known = self._names[id(owner)] = self._free(name)
            self.schemas[known] = {}  # a type may contain itself
            self.schemas[known] = owner.body(self)
        return {"$ref": f"#/$defs/{known}"}

    def _free(self, name: str) -> str:
        number, free = 1, name
        while free in self.schemas:
            number += 1
            free = f"{name}{number}"
        return free


class InputType:
    """A type that takes any value, and the base of the others."""

    words = "anything"
    """What a value must be, for messages."""
    kind = ""
    """The kind of JSON that it takes, of which a message shows the value."""
    takes_objects = True
    """Whether it takes JSON objects only, or anything."""

    def convert(self, value: Any, path: str, problems: List[str]) -> Any:
        """Return a value of JSON as the type has it, or add to the problems."""
        return value

    def schema(self, definitions: Definitions) -> Schema:
        """Return the JSON Schema, or a reference to it."""
        return self.body(definitions)

    def body(self, definitions: Definitions) -> Schema:
        """Return the JSON Schema itself."""
        return {}

    def refuse(self, value: Any, path: str, problems: List[str]) -> None:
        """Add that a value does not fit."""
        found = _KINDS.get(type(value), "a number") if value is not None else "null"
        if found == self.kind:
            found = one_line(repr(value), _MOST_SHOWN)
        problems.append(f"{path or 'the input'}: must be {self.words}, not {found}")


class Scalar(InputType):
    """A type that a function parses.

    Args:
        words: What a value must be.
        schema: Its JSON Schema.
        parse: Returns the value, or raises `ValueError`, `TypeError` or `ArithmeticError`.
    """

    takes_objects = False

    def __init__(self, words: str, schema: Schema, parse: Callable[[Any], Any]) -> None:
        self.words = words
        self.kind = _KIND_IN.get(schema.get("type", ""), "")
        self._schema = schema
        self._parse = parse

    def convert(self, value: Any, path: str, problems: List[str]) -> Any:
        try:
            return self._parse(value)
        except (ValueError, TypeError, ArithmeticError):
            return self.refuse(value, path, problems)

    def body(self, definitions: Definitions) -> Schema:
        return dict(self._schema)


class Choice(InputType):
    """One of some values: the members of an `Enum`, or a `Literal`.

    Args:
        values: Pairs of a value in JSON and what it is converted to.
    """

    takes_objects = False

    def __init__(self, values: Sequence[Tuple[Any, Any]]) -> None:
        self._values = list(values)
        self.words = "one of " + ", ".join(json.dumps(value) for value, _ in values)

    def convert(self, value: Any, path: str, problems: List[str]) -> Any:
        for plain, meant in self._values:
            if plain == value and isinstance(plain, bool) == isinstance(value, bool):
                return meant
        shown = one_line(json.dumps(value), _MOST_SHOWN)
        problems.append(f"{path}: must be {self.words}, not {shown}")
        return None

    def body(self, definitions: Definitions) -> Schema:
        plain = [value for value, _ in self._values]
        is_text = all(isinstance(value, str) for value in plain)
        return {"type": "string", "enum": plain} if is_text else {"enum": plain}


class ListOf(InputType):
    """A list of items of one type.

    Args:
        item: The type of the items.
        make: Makes a list, a tuple or a set of them.
    """

    words = "a list"
    takes_objects = False

    def __init__(self, item: InputType, make: Callable[[List[Any]], Any]) -> None:
        self._item = item
        self._make = make

    def convert(self, value: Any, path: str, problems: List[str]) -> Any:
        if not isinstance(value, list):
            return self.refuse(value, path, problems)
        before = len(problems)
        items = [
            self._item.convert(item, f"{path}[{number}]", problems)
            for number, item in enumerate(value)
        ]
        if len(problems) > before:
            return None
        try:
            return self._make(items)
        except TypeError as error:  # a set of lists, say
            problems.append(f"{path}: {one_line(str(error))}")
            return None

    def body(self, definitions: Definitions) -> Schema:
        return {"type": "array", "items": self._item.schema(definitions)}


class Row(InputType):
    """A tuple with a type for each place."""

    kind = "a list"
    takes_objects = False

    def __init__(self, items: Sequence[InputType]) -> None:
        self._items = items
        self.words = f"a list of {len(items)}"

    def convert(self, value: Any, path: str, problems: List[str]) -> Any:
        if not isinstance(value, list) or len(value) != len(self._items):
            return self.refuse(value, path, problems)
        return tuple(
            item.convert(part, f"{path}[{number}]", problems)
            for number, (item, part) in enumerate(zip(self._items, value))
        )

    def body(self, definitions: Definitions) -> Schema:
        items = [item.schema(definitions) for item in self._items]
        length = {"minItems": len(items), "maxItems": len(items)}
        return {"type": "array", "prefixItems": items, **length}


class MapOf(InputType):
    """An object with any keys, whose values have one type."""

    words = "an object"

    def __init__(self, item: InputType) -> None:
        self._item = item
        self.is_bare = type(item) is InputType
        """Whether nothing is known of its values."""

    def convert(self, value: Any, path: str, problems: List[str]) -> Any:
        if not isinstance(value, dict):
            return self.refuse(value, path, problems)
        return {
            key: self._item.convert(item, join(path, key), problems)
            for key, item in value.items()
        }

    def body(self, definitions: Definitions) -> Schema:
        more = self._item.schema(definitions)
        return {"type": "object", **({"additionalProperties": more} if more else {})}


class AnyOf(InputType):
    """The first of several types that takes the value."""

    def __init__(self, branches: Sequence[InputType]) -> None:
        self._branches = branches
        self.words = " or ".join(branch.words for branch in branches)
        self.takes_objects = all(branch.takes_objects for branch in branches)

    def convert(self, value: Any, path: str, problems: List[str]) -> Any:
        refusals = []
        for branch in self._branches:
            found: List[str] = []
            converted = branch.convert(value, path, found)
            if not found:
                return converted
            refusals.append(found)
        # A branch that takes the value, and not what is in it, knows best what is wrong.
        wrong_kind = f"{path or 'the input'}: must be "
        inside = [each for each in refusals if not each[0].startswith(wrong_kind)]
        if inside:
            problems.extend(inside[0])
        else:
            self.refuse(value, path, problems)
        return None

    def body(self, definitions: Definitions) -> Schema:
        return {"anyOf": [branch.schema(definitions) for branch in self._branches]}


def join(path: str, step: Any) -> str:
    """Return the path of a key or an index below a path."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else str(step)


def members_of(kind: Any) -> Optional[Choice]:
    """Return an `Enum` as a choice; `None` if its values are not plain JSON."""
    members: List[Enum] = list(kind)
    plain = (str, int, float, type(None))
    if not members or not all(isinstance(each.value, plain) for each in members):
        return None
    return Choice([(each.value, each) for each in members])
