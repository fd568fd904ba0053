"""Makes one value of a JSON Schema; whether it fits is for others to check."""

import math
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ai_spine.sdk_sync.ir import IRField
from ai_spine.sdk_sync.ir.references import name_referred_to
from ai_spine.sdk_sync.patterns import text_matching

Resolve = Callable[[str], Optional[IRField]]
Schema = Mapping[str, Any]
_DEEPEST = 12  # levels, since a schema may refer to itself
_FULL_DEPTH = 6  # levels that have what may be absent
_MOST_VALUES = 200  # in an example; schemas that branch could have millions
_LONGEST = 1000  # characters of a text, and items of a list
_UNIONS = ("oneOf", "anyOf")
_FORMATS = {
    "byte": "aGVsbG8=",
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "duration": "P1DT12H",
    "email": "ana@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "json-pointer": "/a/b",
    "time": "12:00:00Z",
    "uri": "https://example.com",
    "url": "https://example.com",
    "uri-reference": "/a",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_BY_KEYWORD = {
    "properties": "object",
    "additionalProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minimum": "number",
    "maximum": "number",
    "pattern": "string",
    "format": "string",
    "minLength": "string",
    "maxLength": "string",
}


class Choices(NamedTuple):
    """What to choose where a schema leaves it open."""

    option: int = 0
    """The number of the member of a union."""
    given: bool = True
    """Whether to take the examples and defaults that a schema has."""
    full: bool = False
    """Whether to have what may be absent."""
    without: Optional[str] = None
    """The keyword of properties to leave out: `readOnly` or `writeOnly`."""


class TooLarge(Exception):
    """The smallest value that fits is no small one."""


class ValueMaker:
    """Makes one value.

    Args:
        resolve: Finds a model by its name.
        choices: What to choose.
    """

    def __init__(self, resolve: Resolve, choices: Choices) -> None:
        self._resolve = resolve
        self._choices = choices
        self._left = _MOST_VALUES * (5 if choices.full else 1)

    def value_of(self, schema: Any, depth: int = 0) -> Any:
        """Return a value for a schema in the dialect 2020-12.

        Args:
            schema: The schema.
            depth: How many schemas it is in.

        Raises:
            TooLarge: It would have too many values.
        """
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise TooLarge()
        if not isinstance(schema, Mapping):
            return "text"
        merged = self._merged(schema, depth)
        known = self._known(merged)
        return known[0] if known else self._made(merged, depth)

    def _known(self, schema: Schema) -> List[Any]:
        """Return the values that a schema names itself."""
        if "const" in schema:
            return [schema["const"]]
        if self._choices.given:
            if "default" in schema and schema["default"] is not None:
                return [schema["default"]]
            examples = schema.get("examples")
            if isinstance(examples, list) and examples:
                return examples
            if "example" in schema:
                return [schema["example"]]
        enum = schema.get("enum")
        return enum if isinstance(enum, list) else []

    def _made(self, schema: Schema, depth: int) -> Any:
        for keyword in _UNIONS:
            if schema.get(keyword):
                return self._member(schema, keyword, depth)
        kind = _kind_of(schema)
        if kind == "object":
            heir = _heir_of(schema, self._choices.option)
            if heir is not None and depth < _DEEPEST - 2:
                value = self.value_of({"$ref": heir[1]}, depth + 1)
                return {**value, **heir[0]} if isinstance(value, dict) else value
            return self._object(schema, depth)
        if kind == "array":
            return self._list(schema, depth)
        if kind in ("integer", "number"):
            return _number_of(schema, kind)
        if kind in ("boolean", "null"):
            return True if kind == "boolean" else None
        return _text_of(schema) if kind == "string" else "text"

    def _merged(self, schema: Schema, depth: int) -> Dict[str, Any]:
        """Return a schema with what it refers to, and all that must fit as well."""
        if depth > _DEEPEST:
            raise TooLarge()
        rest = {k: v for k, v in schema.items() if k not in ("$ref", "allOf")}
        parts: List[Any] = []
        name = name_referred_to(schema.get("$ref"))
        if name is not None:
            target = self._resolve(name)
            parts += [] if target is None else [target.to_json_schema()]
        members = schema.get("allOf")
        parts += members if isinstance(members, list) else []
        for part in parts:
            if isinstance(part, Mapping):
                found = self._merged(part, depth + 1)
                if part is not parts[0] or name is None:
                    found.pop("discriminator", None)  # which is that of a base
                rest = _both(rest, found)
        return rest

    def _member(self, schema: Schema, keyword: str, depth: int) -> Any:
        """Return a value of one member of a union, with what all of them have."""
        members = [m for m in schema[keyword] if m != {"type": "null"}]
        members = members or schema[keyword]
        member = members[self._choices.option % len(members)]
        around = {k: v for k, v in schema.items() if k not in (keyword, "type")}
        found = self._merged(member, depth + 1) if isinstance(member, Mapping) else {}
        value = self.value_of(_both(around, found), depth + 1)
        return _named_by(value, schema.get("discriminator"), member, found)

    def _object(self, schema: Schema, depth: int) -> Any:
        found = schema.get("properties")
        properties = found if isinstance(found, Mapping) else {}
        required = schema.get("required")
        names = list(required) if isinstance(required, list) else []
        if self._choices.full and depth < _FULL_DEPTH:
            names += [name for name in properties if name not in names]
        made = {}
        for name in names:
            part = properties.get(name, self._other(schema))
            if not self._is_left_out(part, depth):
                made[name] = self._property(part, name in (required or ()), depth)
        made = {n: v for n, v in made.items() if v is not _ABSENT}
        return self._filled(schema, made, depth)

    def _property(self, part: Any, is_required: bool, depth: int) -> Any:
        if is_required or depth < 1:
            return self.value_of(part, depth + 1)
        left = self._left
        try:
            return self.value_of(part, depth + 1)
        except TooLarge:
            self._left = left - 1
            return _ABSENT

    def _filled(self, schema: Schema, made: Dict[str, Any], depth: int) -> Any:
        """Return an object with as many properties as it must have."""
        least = schema.get("minProperties", 0)
        if least > _LONGEST:
            raise TooLarge()
        for name, part in (schema.get("properties") or {}).items():
            if len(made) < least and name not in made:
                if not self._is_left_out(part, depth):
                    made[name] = self.value_of(part, depth + 1)
        is_map = "additionalProperties" in schema and not schema.get("properties")
        least = max(least, int(bool(is_map and self._choices.full)))
        if schema.get("additionalProperties") is not False:
            while len(made) < least:
                made[f"key{len(made) + 1}"] = self.value_of(
                    self._other(schema), depth + 1
                )
        return made

    def _other(self, schema: Schema) -> Any:
        """Return the schema of properties that have none by their name."""
        other = schema.get("additionalProperties", True)
        return {"type": "string"} if isinstance(other, bool) else other

    def _is_left_out(self, part: Any, depth: int) -> bool:
        if self._choices.without is None or not isinstance(part, Mapping):
            return False
        return self._merged(part, depth + 1).get(self._choices.without) is True

    def _list(self, schema: Schema, depth: int) -> Any:
        item = schema.get("items")
        first = schema.get("prefixItems")
        values = [
            self.value_of(each, depth + 1)
            for each in (first if isinstance(first, list) else [])
        ]
        usual = 1 if item and depth < _DEEPEST - 2 and not values else 0
        least = int(schema.get("minItems", min(usual, schema.get("maxItems", usual))))
        if least > _LONGEST:
            raise TooLarge()
        while len(values) < least:
            values.append(self._next_item(item, values, schema, depth))
        return values

    def _next_item(self, item: Any, values: List[Any], schema: Schema, d: int) -> Any:
        value = self.value_of({} if item is None else item, d + 1)
        if not schema.get("uniqueItems") or value not in values:
            return value
        if isinstance(value, str):
            merged = self._merged(item, d + 1) if isinstance(item, Mapping) else {}
            others = [e for e in merged.get("enum", ()) if e not in values]
            return others[0] if others else f"{value}{len(values)}"
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return value + len(values) if is_number else value


_ABSENT = object()


def _kind_of(schema: Schema) -> Any:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "null")
    if kind is None:
        kinds = (_BY_KEYWORD[key] for key in schema if key in _BY_KEYWORD)
        kind = next(kinds, "object" if schema.get("required") else None)
    return kind


def _both(one: Schema, other: Schema) -> Dict[str, Any]:
    """Return a schema for what fits two; what cannot be joined is that of the first."""
    made = {**other, **one}
    for key in set(one) & set(other):
        first, second = one[key], other[key]
        join = _JOINED.get(key)
        try:
            made[key] = first if join is None else join(first, second)
        except (TypeError, ValueError, AttributeError):
            made[key] = first
    return made


def _types(one: Any, other: Any) -> Any:
    ones, others = ([t] if isinstance(t, str) else list(t) for t in (one, other))
    if "integer" in ones + others and "number" in ones + others:
        return "integer"
    common = [each for each in ones if each in others]
    return (common[0] if len(common) == 1 else common) or one


def _properties(one: Any, other: Any) -> Any:
    made = {**other, **one}
    for name in set(one) & set(other):
        made[name] = {"allOf": [one[name], other[name]]}
    return made


_JOINED: Mapping[str, Callable[[Any, Any], Any]] = {
    "type": _types,
    "properties": _properties,
    "required": lambda one, other: list(dict.fromkeys([*one, *other])),
    "enum": lambda one, other: [e for e in one if e in other] or one,
    **dict.fromkeys(("minimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "maxLength", "maxItems", "maxProperties"), min),
}


def _named_by(value: Any, discriminator: Any, member: Any, merged: Schema) -> Any:
    """Return an object with the name of its schema where a discriminator says so."""
    if not isinstance(value, dict) or not isinstance(discriminator, Mapping):
        return value
    reference = member.get("$ref") if isinstance(member, Mapping) else None
    name, key = name_referred_to(reference), discriminator.get("propertyName")
    if name is None or not isinstance(key, str):
        return value
    part = (merged.get("properties") or {}).get(key)
    if isinstance(part, Mapping) and ("enum" in part or "const" in part):
        return value
    mapping = discriminator.get("mapping")
    named = mapping.items() if isinstance(mapping, Mapping) else ()
    known = [each for each, target in named if name_referred_to(target) == name]
    return {**value, key: known[0] if known else name}


def _heir_of(schema: Schema, option: int) -> Optional[Tuple[Dict[str, str], str]]:
    """Return the name and the schema of one of those that a base maps by a property."""
    discriminator = schema.get("discriminator")
    if not isinstance(discriminator, Mapping):
        return None
    key, mapping = discriminator.get("propertyName"), discriminator.get("mapping")
    if not isinstance(key, str) or not isinstance(mapping, Mapping) or not mapping:
        return None
    name, reference = list(mapping.items())[option % len(mapping)]
    return {key: name}, reference


def _number_of(schema: Schema, kind: str) -> Any:
    step = schema.get("multipleOf", 1)
    least, most = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if above is not None:
        least = max(math.floor(above) + 1, -math.inf if least is None else least)
    if below is not None:
        most = min(math.ceil(below) - 1, math.inf if most is None else most)
    if least is not None:
        value = least if kind == "number" else math.ceil(least)
    else:
        value = min(1, 1 if most is None else most)
    if "multipleOf" in schema:
        value = math.ceil(value / step) * step
    if above is not None and below is not None and value >= below:
        value = (above + below) / 2
    return value


def _text_of(schema: Schema) -> str:
    least = int(schema.get("minLength", 0))
    if least > _LONGEST:
        raise TooLarge()
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        made = text_matching(pattern, least)
        if made is not None:
            return made
    text = _FORMATS.get(str(schema.get("format")), "text").ljust(least, "x")
    return text[: int(schema.get("maxLength", len(text)))]
