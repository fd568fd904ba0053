"""`TypeValidator`, `RequestValidator` and `ResponseValidator`."""

import copy
from typing import Any, ClassVar, Dict, List, Optional, Sequence, Tuple, Type, TypeVar

from ai_spine.flows.definitions import MAX_DEPTH, is_too_deep
from ai_spine.policy.misfits import (
    EndlessSchemaError,
    compile_schema,
    misfits_of,
    validator_class,
)
from ai_spine.sdk_sync.errors import ConfigError, VersionMismatchError
from ai_spine.sdk_sync.ir import IRModel, IRSpec, SchemaVersion
from ai_spine.sdk_sync.ir.bundling import bundled
from ai_spine.sdk_sync.validation.applicable import (
    Applicable,
    add_defaults,
    unknown_names,
)
from ai_spine.sdk_sync.validation.context import (
    Place,
    ValidationContext,
    pydantic_misfits,
)
from ai_spine.utils import one_line
from ai_spine.utils.did_you_mean import hint

Pydantic = TypeVar("Pydantic")
Found = Tuple[Sequence[Any], str, str]
"""The place of an error, its rule and its message."""
VERSION_FIELD = "x-schema-version"
_UNKNOWN = "extra_forbidden"
_UNKNOWN_RULES = (_UNKNOWN, "unevaluatedProperties")


class TypeValidator:
    """Checks data against the types, constraints and formats of a model.

    Args:
        model: The model.
        spec: The specification that has the models that it refers to.

    Attributes:
        model: The model.
        schema: Its JSON Schema, with all that it refers to.
        strict: Whether what does not fit is raised, and not warned of.

    Raises:
        ConfigError: It refers to what is not there or to itself without end, is no JSON Schema, or
            `jsonschema` is missing.

    Example:
        >>> from ai_spine.sdk_sync.errors import ValidationError
        >>> from ai_spine.sdk_sync.ir import IRField, IRType
        >>> query = IRField("query", IRType.STRING, required=True)
        >>> limit = IRField("limit", IRType.INTEGER, default=10)
        >>> validator = TypeValidator(IRModel("SearchInput", fields=[query, limit]))
        >>> validator.validate({"query": "test"})
        {'query': 'test', 'limit': 10}
        >>> try:
        ...     validator.validate({"limit": "all"})
        ... except ValidationError as e:
        ...     [(each["field"], each["message"]) for each in e.validation_errors]
        [('limit', 'must be a whole number'), ('query', 'is required')]
    """

    _subject: ClassVar[str] = "the data"

    def __init__(self, model: IRModel, *, spec: Optional[IRSpec] = None) -> None:
        self.model = model
        self.strict = True
        others = {} if spec is None else spec.models
        self.schema, missing = bundled(model, {model.name: model, **others})
        if missing:
            raise _missing(model, missing)
        self._validator = _compiled(model, self.schema)

    def validate(self, data: Any) -> Any:
        """Return a copy of data that has the defaults of what is absent.

        Args:
            data: The data, as JSON has it; it is not changed.

        Raises:
            ValidationError: It does not fit; the error lists each place.
        """
        context = ValidationContext(self.strict)
        checked = self.check(data, context)
        context.finish(self._misfit)
        return checked

    def check(self, data: Any, context: ValidationContext) -> Any:
        """Add what does not fit to a context, and return a copy of the data.

        Args:
            data: The data.
            context: Where errors go.

        Returns:
            The copy; it has the defaults of what is absent if there was no error.
        """
        if is_too_deep(data):
            words = f"is nested too deeply: more than {MAX_DEPTH} levels"
            context.add_error(words, error="depth")
            return data
        made = copy.deepcopy(data)
        try:
            found = self._find(made)
        except RecursionError:
            raise ConfigError(
                f"{_named(self.model)} is nested too deeply to be checked"
            ) from None
        for place, rule, message in found:
            context.add_error(message, place, error=rule)
        if not found:
            for _, value, schemas in Applicable(self._validator).places(made):
                add_defaults(value, schemas)
        return made

    def validate_with_model(self, data: Any, model_class: Type[Pydantic]) -> Pydantic:
        """Return data as an instance of a pydantic class.

        Args:
            data: The data; it is not changed.
            model_class: The class, such as one of a generated package.

        Raises:
            ValidationError: It does not fit the model, or not the class; no instance can be made
                of it then, so that this is raised even if errors are only warned of.
            ConfigError: It is no class of pydantic.
        """
        read = getattr(model_class, "model_validate", None)
        if read is None:
            shown = one_line(repr(model_class), 100)
            raise ConfigError(f"{shown} is no model class of pydantic 2")
        from pydantic import ValidationError as PydanticError

        checked = self.validate(data)
        try:
            made: Pydantic = read(checked)
            return made
        except PydanticError as error:
            name = one_line(getattr(model_class, "__name__", ""), 100)
            words = f"{self._subject} does not fit the class {name}"
            raise pydantic_misfits(error, words) from None

    @property
    def _misfit(self) -> str:
        return f"{self._subject} does not fit {_named(self.model)}"

    def _find(self, data: Any) -> List[Found]:
        found = misfits_of(self._validator, data)
        return [(each.path, each.kind, each.message) for each in found]


class RequestValidator(TypeValidator):
    """Checks what is sent: fields that the model does not know are refused.

    A model that says which additional properties it has accepts them.

    Example:
        >>> from ai_spine.sdk_sync.ir import IRField, IRType
        >>> model = IRModel("SearchInput", fields=[IRField("limit", IRType.INTEGER)])
        >>> context = ValidationContext()
        >>> RequestValidator(model).check({"Limit": 3}, context)
        {'Limit': 3}
        >>> context.errors[0]["message"]
        "is not known; is 'limit' meant?"
    """

    _subject = "the request"

    def _find(self, data: Any) -> List[Found]:
        unknown: Dict[Tuple[Any, ...], Found] = {}
        for place, value, schemas in Applicable(self._validator).places(data):
            names, known = unknown_names(value, schemas)
            for name in names:
                at = (*place, name)
                words = f"is not known{hint(name, known)}"
                unknown[at] = (at, _UNKNOWN, words)
        found = list(unknown.values())
        for each in super()._find(data):
            if each[1] != _UNKNOWN or tuple(each[0]) not in unknown:
                found.append(each)
        return sorted(found, key=lambda each: [str(part) for part in each[0]])


class ResponseValidator(TypeValidator):
    """Checks what was received: fields that the model does not know are kept.

    A newer server may send more than the model knows. Its `x-schema-version`, if it sends one, must
    be compatible with the model's version; it is no field, and is left out of what is returned.

    Args:
        model: The model.
        strict: Whether what does not fit is raised. If not, it is warned of, and returned.
        spec: The specification that has the models that it refers to.
    """

    _subject = "the response"

    def __init__(
        self, model: IRModel, strict: bool = True, *, spec: Optional[IRSpec] = None
    ) -> None:
        super().__init__(model, spec=spec)
        self.strict = strict

    def check(self, data: Any, context: ValidationContext) -> Any:
        """Add what does not fit to a context, and return a copy of the data.

        Args:
            data: The data.
            context: Where errors go.

        Raises:
            VersionMismatchError: Its version is not compatible with that of the model.
        """
        is_object = isinstance(data, dict) and VERSION_FIELD in data
        if is_object and self.model.get_field(VERSION_FIELD) is None:
            self._check_version(data[VERSION_FIELD], context)
            data = {name: data[name] for name in data if name != VERSION_FIELD}
        return super().check(data, context)

    def _find(self, data: Any) -> List[Found]:
        return [each for each in super()._find(data) if each[1] not in _UNKNOWN_RULES]

    def _check_version(self, said: Any, context: ValidationContext) -> None:
        try:
            version = SchemaVersion.parse(said)
        except ConfigError:
            words = "must be a version such as 1.2.3"
            context.add_error(words, [VERSION_FIELD], error="version")
            return
        if not version.is_compatible_with(self.model.version):
            raise VersionMismatchError(
                f"the response has version {version} of {one_line(self.model.name, 100)}, which is "
                f"not compatible with {self.model.version}: generate the client again",
                expected_version=str(self.model.version),
                actual_version=str(version),
                schema_name=self.model.name,
            )


def _named(model: IRModel) -> str:
    return f"{one_line(model.name, 100)} {model.version}"


def _missing(model: IRModel, missing: List[str]) -> ConfigError:
    names = ", ".join(one_line(repr(each), 100) for each in missing[:10])
    return ConfigError(
        f"{_named(model)} refers to what is not there: {names}. "
        "Give the specification that has it as spec="
    )


def _compiled(model: IRModel, schema: Dict[str, Any]) -> Any:
    try:
        from jsonschema.exceptions import SchemaError
    except ModuleNotFoundError:
        raise ConfigError(
            "validating needs jsonschema: pip install 'ai-spine-sdk[sdk-sync]'"
        ) from None
    try:
        validator_class().check_schema(schema)
    except SchemaError as error:
        place: Place = list(error.absolute_path)
        at = "".join(f"/{one_line(str(each), 60)}" for each in place)
        words = one_line(error.message, 300)
        raise ConfigError(
            f"{_named(model)} is no JSON Schema: at {at or '/'}, {words}"
        ) from None
    try:
        return compile_schema(schema)
    except EndlessSchemaError as error:
        raise ConfigError(f"{_named(model)} {error}") from None
