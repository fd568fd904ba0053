"""Strategies for values of schemas: objects are ours, all that is plain is hypothesis-jsonschema's.

Its own strategies know no recursion, and break with some versions of hypothesis.
"""

from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema
from jsonschema import Draft202012Validator

from ai_spine.sdk_sync.ir.references import name_referred_to

_DEEPEST = 3
_NAMES = st.text("abcxyz", min_size=4, max_size=6)
_ANY = st.none() | st.booleans() | st.integers(-9, 9) | st.text("abc", max_size=3)
_TIMES = st.datetimes(timezones=st.just(None)).map(
    lambda each: each.replace(microsecond=0).isoformat() + "Z"
)
_FORMATS = {
    "date": st.dates().map(str),
    "date-time": _TIMES,
    "uuid": st.uuids().map(str),
    "time": st.times().map(lambda each: each.replace(microsecond=0).isoformat()),
    "byte": st.just("aGVsbG8="),
    "duration": st.just("P1DT12H"),
    "decimal": st.decimals(-9, 9, places=2).map(str),
}


def values_of(schema, definitions):
    """Return a strategy for the values of a schema, in the dialect 2020-12."""
    whole = {**schema, "$defs": definitions}
    return _Values(definitions).of(schema).filter(Draft202012Validator(whole).is_valid)


class _Values:
    def __init__(self, definitions):
        self._definitions = definitions

    def of(self, schema, depth=0):
        if not isinstance(schema, dict):
            return _ANY
        schema = self._merged(schema)
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        for keyword in ("oneOf", "anyOf"):
            if keyword in schema:
                return st.one_of(*(self.of(each, depth) for each in schema[keyword]))
        kinds = schema.get("type", "any")
        if isinstance(kinds, list):
            return st.one_of(*(self.of({**schema, "type": k}, depth) for k in kinds))
        return self._of_kind(schema, kinds, depth)

    def _of_kind(self, schema, kind, depth):
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, depth)
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        if kind == "any":
            return _ANY
        known = ("type", "minLength", "maxLength", "minimum", "maximum", "pattern")
        return from_schema({key: schema[key] for key in known if key in schema})

    def _merged(self, schema):
        name = name_referred_to(schema.get("$ref"))
        parts = [] if name is None else [self._definitions[name]]
        parts += schema.get("allOf", [])
        made = {k: v for k, v in schema.items() if k not in ("$ref", "allOf")}
        for part in map(self._merged, parts):
            properties = {**made.get("properties", {}), **part.get("properties", {})}
            required = [*made.get("required", []), *part.get("required", [])]
            made = {**part, **made, "properties": properties, "required": required}
            if not properties:
                del made["properties"], made["required"]
        return made

    def _object(self, schema, depth):
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        later = {
            n: st.deferred(self._later(each, depth)) for n, each in properties.items()
        }
        needed = {name: later[name] for name in required if name in later}
        others = {n: each for n, each in later.items() if n not in needed}
        known = st.fixed_dictionaries(
            needed, optional=others if depth < _DEEPEST else {}
        )
        more = schema.get("additionalProperties", not properties)
        if more is False or depth >= _DEEPEST:
            return known
        extra = st.dictionaries(_NAMES, self.of(more, depth + 1), max_size=2)
        return st.tuples(extra, known).map(lambda both: {**both[0], **both[1]})

    def _later(self, schema, depth):
        return lambda: self.of(schema, depth + 1)

    def _array(self, schema, depth):
        first = [self.of(each, depth + 1) for each in schema.get("prefixItems", [])]
        if first:
            return st.tuples(*first).map(list)
        most = 2 if depth < _DEEPEST else 0
        item = st.deferred(self._later(schema.get("items", {}), depth))
        return st.lists(item, max_size=most)
