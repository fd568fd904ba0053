"""Makes one dialect, JSON Schema 2020-12, of the schemas of OpenAPI 3.0 and 3.1.

What no dialect allows, such as `enum: []`, is left out, and reported.
"""

from typing import Any, Callable, Dict, List, Mapping, Optional

from ai_spine.sdk_sync.ir.fields import NULL_SCHEMA, NULLABLE
from ai_spine.utils import one_line

Keywords = Dict[str, Any]
Complain = Callable[[str, str], Any]
"""Reports a problem: the keyword, and a sentence."""
TYPES = ("string", "integer", "number", "boolean", "array", "object", "null", "any")
_COMPOSED = ("allOf", "anyOf", "oneOf")
_NUMERIC = ("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_COUNTS = (
    *("minLength", "maxLength", "minItems", "maxItems"),
    *("minProperties", "maxProperties", "minContains", "maxContains"),
)
_TEXTS = ("pattern", "format", "contentEncoding", "contentMediaType")
_FLAGS = ("uniqueItems", "deprecated", "readOnly", "writeOnly")
# The only keywords that OpenAPI 3.0 does not ignore next to a reference, by custom.
_BESIDE_REFERENCES = {
    *("title", "description", "default", "example", "examples", "nullable"),
    *("deprecated", "readOnly", "writeOnly", "xml", "externalDocs"),
}
# What may remain around a schema that also allows null.
_AROUND = (_BESIDE_REFERENCES | {"examples", "discriminator"}) - {"nullable"}
_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}


def lifted(schema: Keywords, is_old: bool, complain: Complain) -> Keywords:
    """Return the keywords of a schema in the dialect 2020-12.

    Args:
        schema: The keywords; schemas within it are lifted already.
        is_old: Whether the document is OpenAPI 3.0.
        complain: Called with what is wrong.

    Example:
        >>> lifted({"type": "string", "nullable": True}, True, print)
        {'type': ['string', 'null']}
    """
    if is_old and "$ref" in schema:
        schema = _reference_of_old(schema, complain)
    made = _checked(schema, complain)
    _lift_bounds(made, complain)
    if "example" in made:
        example = made.pop("example")
        made.setdefault("examples", [example])
    if made.pop("nullable", None) is True:
        if not is_old:
            complain("nullable", "`nullable` is no keyword of OpenAPI 3.1: it is taken")
        made = _nullable(made)
    return made


def _reference_of_old(schema: Keywords, complain: Complain) -> Keywords:
    kept: Keywords = {}
    for keyword, value in schema.items():
        if (
            keyword in _BESIDE_REFERENCES
            or keyword.startswith("x-")
            or keyword == "$ref"
        ):
            kept[keyword] = value
        else:
            words = "is ignored next to $ref in OpenAPI 3.0: it is left out"
            complain(keyword, f"{one_line(repr(keyword), 60)} {words}")
    return kept


def _checked(schema: Keywords, complain: Complain) -> Keywords:
    """Return the keywords whose values can be what they should be."""
    made: Keywords = {}
    for keyword, value in schema.items():
        check = _CHECKS.get(keyword)
        checked = value if check is None else check(value)
        if check is not None and checked is None:
            if value is not None or keyword != "description":
                shown = one_line(repr(value), 60)
                complain(keyword, f"{keyword} cannot be {shown}: it is left out")
            continue
        made[keyword] = checked
    return made


def _type(value: Any) -> Any:
    if isinstance(value, str):
        return value if value in TYPES else None
    if not isinstance(value, list) or not value:
        return None
    types = list(dict.fromkeys(str(each) for each in value))  # YAML has null for "null"
    types = ["null" if each == "None" else each for each in types]
    if any(each not in TYPES for each in types):
        return None
    return types[0] if len(types) == 1 else types


def _enum(value: Any) -> Any:
    return value if isinstance(value, list) and value else None


def _names(value: Any) -> Any:
    is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return list(dict.fromkeys(value)) if is_list else None


def _schemas(value: Any) -> Any:
    return value if isinstance(value, list) and value else None


def _number(value: Any) -> Any:
    return value if isinstance(value, (int, float)) else None


def _count(value: Any) -> Any:
    is_whole = _number(value) is not None and not isinstance(value, bool)
    return int(value) if is_whole and value == int(value) and value >= 0 else None


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else None


def _words(value: Any) -> Any:
    is_simple = isinstance(value, (str, int, float))
    return str(value) if is_simple else None


def _flag(value: Any) -> Any:
    return value if isinstance(value, bool) else None


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "type": _type,
    "enum": _enum,
    "required": _names,
    "title": _words,
    "description": _words,
    **dict.fromkeys(_COMPOSED, _schemas),
    **dict.fromkeys(_NUMERIC, _number),
    **dict.fromkeys(_COUNTS, _count),
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(_FLAGS, _flag),
}


def _lift_bounds(made: Keywords, complain: Complain) -> None:
    """Make numbers of the flags that say whether a bound is exclusive."""
    for exclusive, inclusive in _BOUNDS.items():
        value = made.get(exclusive)
        if isinstance(value, bool):
            del made[exclusive]
            if value and isinstance(made.get(inclusive), (int, float)):
                made[exclusive] = made.pop(inclusive)
            elif value:
                complain(exclusive, f"{exclusive} has no {inclusive}: it is left out")
    for keyword in _NUMERIC:
        if isinstance(made.get(keyword), bool):
            del made[keyword]
            complain(keyword, f"{keyword} cannot be a boolean: it is left out")


def _nullable(made: Keywords) -> Keywords:
    """Return a schema that also allows null."""
    if any(each in made for each in ("$ref", *_COMPOSED)):
        return _nullable_composition(made)
    if made.get("const") is not None:
        made["enum"] = [made.pop("const")]
    if isinstance(made.get("enum"), list) and None not in made["enum"]:
        made["enum"] = [*made["enum"], None]
    kind = made.get("type", "any")
    types: List[str] = kind if isinstance(kind, list) else [kind]
    if "any" not in types:
        made["type"] = _type([*types, "null"])
    return made


def _nullable_composition(made: Keywords) -> Keywords:
    """Return a reference or a composition of schemas that also allows null."""
    around = {k: v for k, v in made.items() if k in _AROUND or k.startswith("x-")}
    core = {keyword: made[keyword] for keyword in made if keyword not in around}
    reference = _single_reference(core)
    if reference is not None:
        core = {"$ref": reference}
    around["anyOf"] = [core, dict(NULL_SCHEMA)]
    if len(core) == 1 and "allOf" not in core:
        around[NULLABLE] = True
    return around


def _single_reference(core: Mapping[str, Any]) -> Optional[str]:
    """Return the reference of an `allOf` that OpenAPI 3.0 needs to say anything next to it."""
    members = core.get("allOf")
    if len(core) == 1 and isinstance(members, list) and len(members) == 1:
        member = members[0]
        if isinstance(member, Mapping) and set(member) == {"$ref"}:
            reference: Any = member["$ref"]
            return reference if isinstance(reference, str) else None
    return None
