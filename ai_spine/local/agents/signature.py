"""`Signature`: how a function wants to be called as an agent, and what its types say.

The parameters `input`, `config` and `context` are known by name, and a context by its type too.
The others are fields of the input if any of them has a type; without types, the first parameter
is the input, the second the config and the third the context.
"""

import inspect
import typing
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set

from ai_spine.exceptions import ConfigurationError
from ai_spine.local.agents.annotations import (
    AnnotationReader,
    UnknownType,
    description_in,
)
from ai_spine.local.agents.context import AgentContext
from ai_spine.local.agents.input_types import Definitions, InputType, Schema
from ai_spine.local.agents.object_types import (
    Field,
    convert_fields,
    fields_schema,
    schema_of,
    with_definitions,
)
from ai_spine.local.agents.parameters import (
    NO_TYPE,
    UNKNOWN,
    descriptions_in,
    is_async,
    is_generator,
    is_loose,
    is_variadic,
    read_parameters,
)
from ai_spine.utils import one_line

INPUT, CONFIG, CONTEXT = "input", "config", "context"
_ROLES = (INPUT, CONFIG, CONTEXT)
_FORMS = (
    "its function must take input, config and context, or parameters that have types"
)


class Values(NamedTuple):
    """What a function is called with."""

    args: List[Any]
    kwargs: Dict[str, Any]


class Signature:
    """How a function is called.

    Args:
        function: The function.

    Raises:
        ConfigurationError: It is unclear what its parameters are, or it can return no mapping.
    """

    def __init__(self, function: Any) -> None:
        try:
            self._parameters, self._hints = read_parameters(function)
        except (TypeError, ValueError):  # the latter for builtins without a signature
            raise ConfigurationError(_FORMS) from None
        self._reader = AnnotationReader()
        self._about = descriptions_in(inspect.getdoc(function) or "")
        self._roles = self._known_roles()
        self._fields: Dict[str, Field] = {}
        others = [each for each in self._parameters if each.name not in self._roles]
        if all(is_loose(self._hints[each.name]) for each in others):
            self._assign_by_place(others)
        else:
            self._assign_by_name(others)
        self._by_place: Set[str] = set()
        self._args = self._find_positional()
        self._types = self._types_of_roles()
        self._output = self._read_output(function)
        self.is_async = is_async(function)
        """Whether it must be awaited."""

    @property
    def wants_context(self) -> bool:
        """Whether it has a parameter for the context."""
        return CONTEXT in self._roles.values()

    def bind(
        self,
        input_data: Dict[str, Any],
        config: Dict[str, Any],
        context: Optional[AgentContext],
        problems: List[str],
    ) -> Values:
        """Return what the function is called with, or add to the problems."""
        values: Dict[str, Any] = {INPUT: input_data, CONFIG: config, CONTEXT: context}
        for role, kind in self._types.items():
            path = "" if role == INPUT else role
            values[role] = kind.convert(values[role], path, problems)
        kwargs = convert_fields(self._fields, input_data, "", problems)
        for name, role in self._roles.items():
            if name not in self._by_place:
                kwargs[name] = values[role]
        return Values([values[role] for role in self._args], kwargs)

    def input_schema(self) -> Optional[Schema]:
        """Return the JSON Schema of the input; `None` if nothing is known of it."""
        definitions = Definitions()
        whole = schema_of(self._types.get(INPUT), definitions)
        if not self._fields:
            return whole
        own = fields_schema(self._fields, definitions)
        if whole is not None:
            whole.pop("$defs", None)
            own = {"type": "object", "allOf": [whole, own]}
        return with_definitions(own, definitions)

    def output_schema(self) -> Optional[Schema]:
        """Return the JSON Schema of the output; `None` if nothing is known of it."""
        return schema_of(self._output, Definitions(for_output=True))

    def _known_roles(self) -> Dict[str, str]:
        """Return the parameters that are known by their names or their types."""
        roles: Dict[str, str] = {}
        for each in self._parameters:
            hint = self._hints[each.name]
            if _is_context(hint):
                role = CONTEXT
            elif each.name in _ROLES and not is_variadic(each):
                role = each.name
            else:
                continue
            if role in roles.values():
                raise _cannot_distinguish([*roles, each.name])
            roles[each.name] = role
        return roles

    def _assign_by_place(self, others: Sequence[inspect.Parameter]) -> None:
        """Make parameters without types the input, the config and the context."""
        free = [role for role in _ROLES if role not in self._roles.values()]
        places = (
            inspect.Parameter.POSITIONAL_ONLY,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
        )
        plain = [each for each in others if each.kind in places]
        typed = [each for each in plain if self._hints[each.name] is not NO_TYPE]
        if typed and (typed != plain[:1] or free[:1] != [INPUT]):
            raise _cannot_distinguish([each.name for each in self._parameters])
        for each, role in zip(plain, free):
            # A third one with a default keeps a value for the function itself.
            if role != CONTEXT or each.default is NO_TYPE:
                self._roles[each.name] = role
        rest = [each for each in others if each.name not in self._roles]
        has_any = self._roles or any(each.kind is each.VAR_POSITIONAL for each in rest)
        needed = [
            each for each in rest if each.default is NO_TYPE and not is_variadic(each)
        ]
        if needed or not has_any:
            raise ConfigurationError(_FORMS)

    def _assign_by_name(self, others: Sequence[inspect.Parameter]) -> None:
        """Make parameters fields of the input."""
        for each in others:
            hint, name = self._hints[each.name], each.name
            is_required = each.default is NO_TYPE
            if is_variadic(each):
                raise ConfigurationError(
                    f"its parameter {name!r} has no name in the input: *args and **kwargs cannot "
                    "be beside parameters that have types"
                )
            if hint is NO_TYPE and is_required:
                raise ConfigurationError(
                    f"its parameter {name!r} needs a type, because others have one"
                )
            kind = self._read(name, Any if hint is NO_TYPE else hint)
            if each.default is None:
                kind = self._read(name, Optional[Any if hint is NO_TYPE else hint])
            about = description_in(hint) or self._about.get(name, "")
            self._fields[name] = Field(kind, is_required, each.default, about)

    def _find_positional(self) -> List[str]:
        """Return what is passed by place: the roles of the first parameters."""
        roles: List[str] = []
        for each in self._parameters:
            if each.kind is each.VAR_POSITIONAL:
                roles += [role for role in (INPUT, CONFIG) if role not in roles]
            if each.name not in self._roles or each.kind is each.KEYWORD_ONLY:
                break
            roles.append(self._roles[each.name])
            self._by_place.add(each.name)
        for each in self._parameters:
            if each.kind is each.POSITIONAL_ONLY and each.name in self._fields:
                raise ConfigurationError(
                    f"its parameter {each.name!r} is positional-only, and cannot be taken from "
                    "the input by name"
                )
        return roles

    def _types_of_roles(self) -> Dict[str, InputType]:
        """Return the types of the whole input and of the config, unless they are plain dicts."""
        kinds: Dict[str, InputType] = {}
        for name, role in self._roles.items():
            hint = self._hints[name]
            if hint is UNKNOWN or is_loose(hint):
                continue
            if role == CONTEXT:
                is_right, wanted = _is_context(hint), "AgentContext"
            else:
                kinds[role] = self._read(name, hint)
                is_right = kinds[role].takes_objects
                wanted = "a dict, a dataclass, a TypedDict or a model"
            if not is_right:
                raise ConfigurationError(
                    f"its parameter {name!r} is the whole {role}, so its type must be {wanted}"
                )
        return kinds

    def _read(self, name: str, hint: Any) -> InputType:
        if hint is UNKNOWN:
            raise ConfigurationError(
                f"the type of its parameter {name!r} cannot be found: define it in the module"
            )
        try:
            return self._reader.read(hint)
        except UnknownType as error:
            raise ConfigurationError(
                f"its parameter {name!r} has the type {one_line(str(error), 200)}, to which JSON "
                "cannot be converted"
            ) from None

    def _read_output(self, function: Any) -> Optional[InputType]:
        hint = self._hints["return"]
        if is_generator(function, hint):
            raise ConfigurationError("it is a generator, and must return a mapping")
        if hint is type(None):
            raise ConfigurationError("it returns None, and must return a mapping")
        if hint is UNKNOWN or hint is NO_TYPE:
            return None
        try:
            return self._reader.read(hint)
        except UnknownType:
            return None


def _is_context(hint: Any) -> bool:
    return hint is AgentContext or AgentContext in typing.get_args(hint)


def _cannot_distinguish(names: Sequence[str]) -> ConfigurationError:
    listed = " and ".join(map(repr, names))
    return ConfigurationError(
        f"its parameters {listed} cannot be distinguished: call them input, config and context, or "
        "give them different types"
    )
