"""What of a value does not fit a JSON Schema, place by place, in plain words. Pure."""

import functools
import json
import re
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from ai_spine.policy.endless_schemas import endless_reference
from ai_spine.policy.formats import FORMATS, fits
from ai_spine.utils import one_line

Schema = Dict[str, Any]
_KINDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_TOO_DEEP = "cannot be checked: it or its schema is nested too deeply"
_TOO_LARGE = "has a number that is too large to be checked"


class EndlessSchemaError(ValueError):
    """A schema refers to itself without end; the message says by which reference."""


class Misfit(NamedTuple):
    """A place in a value that does not fit a schema."""

    path: List[Any]
    """The names and numbers that lead to it."""
    kind: str
    """The rule that it breaks, such as `type` or `missing`."""
    message: str
    """What is expected of it."""
    value: Any
    """What stands there, or around it if it is missing."""

    def __str__(self) -> str:
        place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in self.path)
        return f"{place.lstrip('.') or 'the input'}: {self.message}"


def misfits(schema: Schema, value: Any) -> List[Misfit]:
    """Return each place where a value does not fit a schema, in the order of their paths.

    Example:
        >>> schema = {"required": ["income"], "properties": {"amount": {"type": "number"}}}
        >>> [str(misfit) for misfit in misfits(schema, {"amount": "a lot"})]
        ['amount: must be a number', 'income: is required']
    """
    try:
        return misfits_of(_compiled(json.dumps(schema, sort_keys=True)), value)
    except EndlessSchemaError as error:
        words = f"cannot be checked: its schema {error}"
        return [Misfit([], "schema", words, value)]
    except RecursionError:
        return [Misfit([], "schema", _TOO_DEEP, value)]


def misfits_of(validator: Any, value: Any) -> List[Misfit]:
    """Return each place where a value does not fit, in the order of their paths.

    Args:
        validator: What `compile_schema` has returned.
        value: The value.
    """
    from referencing.exceptions import Unresolvable

    try:
        errors = list(validator.iter_errors(value))
    except Unresolvable:
        words = "cannot be checked: its schema refers to what is not in it"
        return [Misfit([], "schema", words, value)]
    except OverflowError:  # a whole number that no float can be, and a multipleOf
        return [Misfit([], "multipleOf", _TOO_LARGE, value)]
    found = [misfit for error in errors for misfit in _misfits_of(error)]
    return sorted(found, key=lambda misfit: [str(part) for part in misfit.path])


def first_misfit(validator: Any, value: Any) -> Optional[Misfit]:
    """Return the first place where a value does not fit; `None` if there is none.

    Args:
        validator: A validator of `jsonschema`, which checks no formats.
        value: The value.
    """
    try:
        error = next(validator.iter_errors(value), None)
    except OverflowError:
        return Misfit([], "multipleOf", _TOO_LARGE, value)
    return None if error is None else next(_misfits_of(error))


def compile_schema(schema: Schema) -> Any:
    """Return the validator of a schema, which fetches nothing and checks formats.

    Raises:
        EndlessSchemaError: The schema refers to itself without end.
    """
    from jsonschema import FormatChecker
    from referencing import Registry

    check_end(schema)
    formats = FormatChecker(())
    for name in FORMATS:
        formats.checks(name)(functools.partial(fits, name))
    # A registry that fetches nothing: a schema must not make a server read URLs or files.
    return validator_class()(schema, registry=Registry(), format_checker=formats)


def check_end(schema: Schema) -> None:
    """Refuse a schema that a validator would follow without end.

    Raises:
        EndlessSchemaError: It refers to itself without end.
    """
    found = endless_reference(schema)
    if found is not None:
        shown = one_line(repr(found), 200)
        raise EndlessSchemaError(f"refers to itself without end by {shown}")


def validator_class() -> Any:
    """Return the class of validators; `jsonschema` comes with the extras that need it."""
    from jsonschema.validators import Draft202012Validator  # it takes 0.1 s to import

    return Draft202012Validator


@functools.lru_cache(maxsize=256)
def _compiled(schema: str) -> Any:
    return compile_schema(json.loads(schema))


def _misfits_of(error: Any) -> Iterator[Misfit]:
    """Yield what an error of `jsonschema` says, in the words of the rest of the server."""
    path, value = list(error.absolute_path), error.instance
    if error.validator == "required":
        # It comes once for each name that is missing, which only its text shows.
        name = next(
            each
            for each in error.validator_value
            if error.message.startswith(repr(each))
        )
        yield Misfit([*path, name], "missing", "is required", value)
    elif error.validator == "additionalProperties" and not error.validator_value:
        known = error.schema.get("properties", {})
        patterns = error.schema.get("patternProperties", {})
        for name in value:
            if name not in known and not any(re.search(p, name) for p in patterns):
                yield Misfit(
                    [*path, name], "extra_forbidden", "is not known", value[name]
                )
    elif error.validator == "type":
        wanted = error.validator_value
        kinds = [wanted] if isinstance(wanted, str) else wanted
        words = " or ".join(_KINDS[kind] for kind in kinds)
        yield Misfit(path, "type_error", f"must be {words}", value)
    elif error.validator == "enum":
        words = ", ".join(json.dumps(each) for each in error.validator_value)
        yield Misfit(path, "enum", f"must be one of {one_line(words, 300)}", value)
    else:
        words = _words_of(error) or _words_without_value(error)
        yield Misfit(path, str(error.validator or "false"), words, value)


def _words_of(error: Any) -> str:
    """Return what other rules ask for; empty where `jsonschema` says it as clearly."""
    wanted = error.validator_value
    if error.validator in ("anyOf", "oneOf"):
        kinds = [each.get("type") for each in wanted if isinstance(each, dict)]
        known = [_KINDS[kind] for kind in kinds if isinstance(kind, str)]
        if len(known) == len(wanted):
            return "must be " + " or ".join(known)
    if error.validator == "format":
        return f"must be {FORMATS[wanted].words}"
    if error.validator is None:  # the schema `false`
        return "is not allowed"
    if error.validator in ("minItems", "maxItems"):
        most = "least" if error.validator == "minItems" else "most"
        return f"must have at {most} {wanted} item{'' if wanted == 1 else 's'}"
    if error.validator in ("items", "unevaluatedItems"):
        return "has more items than are allowed"
    return ""


def _words_without_value(error: Any) -> str:
    """Return what `jsonschema` says; its sentences begin with the value, which may be secret."""
    words, value = error.message, repr(error.instance)
    return one_line(words[len(value) :] if words.startswith(value) else words, 300)
