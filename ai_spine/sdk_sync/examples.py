"""Examples of what fits a schema, for documents and checks that show how something is called."""

from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Tuple,
)

from ai_spine.flows.definitions import is_too_deep
from ai_spine.policy.misfits import compile_schema, misfits_of
from ai_spine.sdk_sync.errors import SDKSyncError
from ai_spine.sdk_sync.example_values import (
    Choices,
    Resolve,
    TooLarge,
    ValueMaker,
)
from ai_spine.sdk_sync.ir import IRField, IRModel, IRSpec
from ai_spine.sdk_sync.ir.spec import field_of
from ai_spine.sdk_sync.validation import TypeValidator

Fits = Callable[[Any], bool]
_SMALL = (Choices(), Choices(option=1), Choices(given=False))
_NAME = " value"  # which no other model has
_BRANCHES = 4  # members of unions that are tried


class Example(NamedTuple):
    """A value that fits a schema."""

    value: Any


def example_of(spec: IRSpec, model: IRModel) -> Any:
    """Return a small value that fits a model, or `None` if none was found.

    Args:
        spec: The specification, which has what the model refers to.
        model: The model.

    Example:
        >>> from ai_spine.sdk_sync.ir import IRType, SchemaVersion
        >>> age = IRField("age", IRType.INTEGER, required=True, constraints={"minimum": 18})
        >>> example_of(IRSpec(SchemaVersion(1)), IRModel("User", fields=[age]))
        {'age': 18}
    """
    found = _example(spec, model, lambda name: spec.resolve(name, model), _SMALL)
    return None if found is None else found.value


def example_of_field(
    spec: IRSpec, field: IRField, *, without: Optional[str] = None, full: bool = False
) -> Optional[Example]:
    """Return a value that fits a part of a specification, or `None` if none was found.

    Args:
        spec: The specification, which has what the part refers to.
        field: The part, such as the schema of a parameter or of a body.
        without: `readOnly` leaves out what requests have not, `writeOnly` what responses have not.
        full: Whether to have the properties that may be absent as well, as far as they fit.

    Example:
        >>> from ai_spine.sdk_sync.ir import IRType, SchemaVersion
        >>> tier = IRField("tier", IRType.STRING, constraints={"pattern": "^[A-Z]{2}$"})
        >>> example_of_field(IRSpec(SchemaVersion(1)), tier)
        Example(value='AA')
    """
    try:
        model = IRModel.from_json_schema(field.to_json_schema(), name=_NAME)
    except SDKSyncError:
        return None
    tried = list(_many(without, full))
    return _example(spec, model, lambda name: spec.resolve(name, model), tried)


def _many(without: Optional[str], full: bool) -> Iterator[Choices]:
    for is_full in [True, False] if full else [False]:
        for given in (True, False):
            for option in range(_BRANCHES):
                yield Choices(option, given, is_full, without)


def _example(
    spec: IRSpec, model: IRModel, resolve: Resolve, tried: Iterable[Choices]
) -> Optional[Example]:
    """Return the first value that fits of those that several choices make."""
    made: List[Any] = []
    schema = field_of(model).to_json_schema()
    checks: Dict[Optional[str], Optional[Fits]] = {}
    for choices in tried:
        without = choices.without
        if without not in checks:
            checks[without] = _check_of(spec, model, without)
        check = checks[without]
        if check is None:
            return None
        try:
            value = ValueMaker(resolve, choices).value_of(schema)
        except (TooLarge, TypeError, ValueError):
            continue
        if value not in made and check(value):
            return Example(value)
        made.append(value)
    return None


def fits_model(spec: IRSpec, model: IRModel, value: Any) -> bool:
    """Return whether a value fits a model; none fits a model that is wrong.

    Args:
        spec: The specification, which has what the model refers to.
        model: The model.
        value: The value, as JSON.
    """
    check = _check_of(spec, model, None)
    return check is not None and check(value)


def _check_of(spec: IRSpec, model: IRModel, without: Optional[str]) -> Optional[Fits]:
    """Return what says whether a value fits a model; `None` if the model is wrong."""
    try:
        schema = TypeValidator(model, spec=spec).schema
        validator = compile_schema(schema if not without else _freed(schema, without))
    except (SDKSyncError, ValueError):
        return None

    def check(value: Any) -> bool:
        try:
            return not is_too_deep(value) and not misfits_of(validator, value)
        except RecursionError:  # the model is nested too deeply
            return False

    return check


def _freed(schema: Any, keyword: str) -> Any:
    """Return a schema that does not require the properties that have a keyword."""
    names = {name for name, part in _properties_in(schema) if part.get(keyword) is True}

    def freed(part: Any) -> Any:
        if isinstance(part, list):
            return [freed(each) for each in part]
        if not isinstance(part, dict):
            return part
        made = {key: freed(each) for key, each in part.items()}
        if isinstance(part.get("required"), list):
            made["required"] = [e for e in part["required"] if e not in names]
        return made

    return freed(schema) if names else schema


def _properties_in(schema: Any) -> Iterator[Tuple[str, Dict[str, Any]]]:
    if isinstance(schema, dict):
        properties = schema.get("properties")
        for name, part in (properties if isinstance(properties, dict) else {}).items():
            if isinstance(part, dict):
                yield name, part
    for each in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(each, (dict, list)):
            yield from _properties_in(each)
