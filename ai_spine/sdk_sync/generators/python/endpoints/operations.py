"""The plan of operations: how each is called, what goes in, and what comes out."""

from dataclasses import dataclass, field, replace
from typing import Dict, List, Mapping, Optional, Tuple

from ai_spine.sdk_sync.generators.python.endpoints.config import Config, pointer_of
from ai_spine.sdk_sync.generators.python.endpoints.contents import (
    EVENTS,
    JSON,
    LINES,
    Content,
    in_order_of_preference,
    kind_of_media,
    without_xml,
)
from ai_spine.sdk_sync.generators.python.endpoints.naming import (
    GroupNames,
    argument_key,
    argument_names,
    derived_name,
    group_names,
    method_names,
    order_of,
    snake_name,
    taken_names,
)
from ai_spine.sdk_sync.ir import IREndpoint, IRParameter, IRResponse, IRSpec
from ai_spine.sdk_sync.ir.references import escaped
from ai_spine.utils import one_line

# Headers that OpenAPI says a client writes by itself.
_IGNORED = ("accept", "authorization", "content-type")
_IDEMPOTENCY_KEY = "idempotency-key"
_STREAMS = (EVENTS, LINES)
_NO_BODY = ("204", "205")
_LONGEST_SUMMARY = 200


@dataclass(frozen=True)
class Argument:
    """An argument of a method, for a parameter.

    Attributes:
        name: Its name in Python.
        parameter: The parameter.
        pointer: The JSON Pointer of its schema.
        client_default: The argument of the client that is its default.
    """

    name: str
    parameter: IRParameter
    pointer: str
    client_default: Optional[str] = None

    @property
    def is_required(self) -> bool:
        """Whether a call needs it."""
        return self.parameter.required and self.client_default is None


@dataclass(frozen=True)
class Reply:
    """A response: its status, and what it holds in each media type.

    Attributes:
        status: A status, a range of them, or `default`.
        contents: What it holds; nothing if it has no body.
        description: What it means.
    """

    status: str
    contents: Tuple[Content, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class OperationPlan:
    """An operation, and the methods for it.

    Attributes:
        key: Its name in the specification.
        endpoint: The operation.
        name: The name of its method.
        hint: What classes for objects within it are named after.
        arguments: Its arguments, without those for the body.
        bodies: The bodies that it may have, the best first.
        body_required: Whether it needs one.
        successes: The responses that are returned.
        errors: The responses that are raised.
        stream_name: The name of the second method of an operation that has JSON and a stream.
        takes_key: Whether the document itself has a header for the idempotency key.
    """

    key: str
    endpoint: IREndpoint
    name: str
    hint: str
    arguments: Tuple[Argument, ...] = ()
    bodies: Tuple[Content, ...] = ()
    body_required: bool = False
    successes: Tuple[Reply, ...] = ()
    errors: Tuple[Reply, ...] = ()
    stream_name: Optional[str] = None
    takes_key: bool = False

    @property
    def kinds(self) -> List[str]:
        """The kinds of what a success holds, each once."""
        found = (each.kind for reply in self.successes for each in reply.contents)
        return list(dict.fromkeys(found))


@dataclass(frozen=True)
class GroupPlan:
    """The operations of a tag.

    Attributes:
        names: What the group is called.
        title: The tag.
        description: What the document says of it.
        operations: Its operations.
    """

    names: GroupNames
    title: str
    description: str
    operations: Tuple[OperationPlan, ...]

    @property
    def summary(self) -> str:
        """What the group is, in one line."""
        first = self.description.strip().split("\n")[0]
        if not first:
            is_word = self.title.isidentifier()
            spaced = snake_name(self.title).replace("_", " ").capitalize()
            first = spaced if is_word else self.title
        text = one_line(first, _LONGEST_SUMMARY)
        return text if text[-1:] in (".", "!", "?") else f"{text}."


@dataclass(frozen=True)
class OperationsPlan:
    """All operations of a specification.

    Attributes:
        groups: The groups, in the order of their names.
        names: The names given, by JSON Pointer, for a lock file.
        warnings: What is otherwise than the document says, a sentence each.
    """

    groups: List[GroupPlan] = field(default_factory=list)
    names: Dict[str, str] = field(default_factory=dict)
    warnings: List[str] = field(default_factory=list)

    @property
    def operations(self) -> List[OperationPlan]:
        """All operations."""
        return [each for group in self.groups for each in group.operations]


def plan_operations(
    spec: IRSpec, config: Config = Config(), given: Mapping[str, str] = {}
) -> OperationsPlan:
    """Return the plan of the operations of a specification; the order of keys does not change it.

    Args:
        spec: The specification.
        config: What a user wants otherwise.
        given: The names of an earlier plan, which are kept.
    """
    return _Planner(spec, config, given).plan()


class _Planner:
    def __init__(self, spec: IRSpec, config: Config, given: Mapping[str, str]) -> None:
        self._spec, self._config, self._given = spec, config, given
        self._made = OperationsPlan(warnings=config.unused(spec))

    def plan(self) -> OperationsPlan:
        named = {
            module: self._methods(members)
            for module, members in sorted(self._groups().items())
        }
        counts: Dict[str, int] = {}
        for methods in named.values():
            for name in methods.values():
                counts[name] = counts.get(name, 0) + 1
        for module, methods in named.items():
            tags = self._titles[module]
            self._made.groups.append(
                GroupPlan(
                    group_names(tags[0]),
                    tags[0],
                    self._described(tags),
                    tuple(self._operations(module, methods, counts)),
                )
            )
        return self._made

    def _groups(self) -> Dict[str, Dict[str, IREndpoint]]:
        """Return the endpoints by the module of their group; tags that are alike share one."""
        groups: Dict[str, Dict[str, IREndpoint]] = {}
        titles: Dict[str, List[str]] = {}
        ordered = sorted(
            self._spec.endpoints.items(), key=lambda each: order_of(each[1])
        )
        for key, endpoint in ordered:
            if self._config.leaves_out(key, endpoint):
                continue
            tag = endpoint.get_group()
            title = self._config.tags.get(tag, tag)
            module = group_names(title).module
            groups.setdefault(module, {})[key] = endpoint
            titles.setdefault(module, []).append(title)
        self._titles = {m: sorted(set(found)) for m, found in titles.items()}
        return groups

    def _methods(self, members: Mapping[str, IREndpoint]) -> Dict[str, str]:
        pointers = {key: f"{pointer_of(each)}/name" for key, each in members.items()}
        given = {k: self._given[p] for k, p in pointers.items() if p in self._given}
        configured = {}
        for key, each in members.items():
            name = self._config.method_name(key, each)
            if name is not None:
                configured[key] = name
        named = method_names(members, given, configured)
        for key, name in named.items():
            self._made.names[pointers[key]] = name
            wanted = configured.get(key, name)
            if name != wanted:
                self._made.warnings.append(
                    f"{pointers[key]}: its method is {name}, because {wanted} is taken."
                )
        return named

    def _described(self, titles: List[str]) -> str:
        tags = self._spec.metadata.get("tags")
        for tag in tags if isinstance(tags, list) else ():
            if isinstance(tag, Mapping) and tag.get("name") in titles:
                if isinstance(tag.get("description"), str):
                    return str(tag["description"])
        return ""

    def _operations(
        self, module: str, methods: Mapping[str, str], counts: Mapping[str, int]
    ) -> List[OperationPlan]:
        taken = taken_names(methods.values())
        found = []
        for key, name in methods.items():
            hint = name if counts[name] == 1 else f"{module} {name}"
            planned = self._operation(key, name, hint)
            kinds = planned.kinds
            if JSON in kinds and any(each in kinds for each in _STREAMS):
                stream = derived_name(taken, f"{name}_stream")
                planned = replace(planned, stream_name=stream)
            found.append(planned)
        return found

    def _operation(self, key: str, name: str, hint: str) -> OperationPlan:
        endpoint = self._spec.endpoints[key]
        at = f"/endpoints/{escaped(key)}"
        bodies = [
            Content(
                kind_of_media(each.content_type, each.schema),
                each.content_type,
                f"{at}/bodies/{escaped(each.content_type)}",
                each.schema,
                each.encoding,
            )
            for each in endpoint.bodies
        ]
        preferred = self._config.content_types
        successes, errors = _replies(endpoint, at, preferred)
        headers = [
            p.name.lower() for p in endpoint.parameters if p.location == "header"
        ]
        return OperationPlan(
            key,
            endpoint,
            name,
            hint,
            tuple(self._arguments(key, endpoint, at)),
            tuple(without_xml(in_order_of_preference(bodies, preferred))),
            any(each.required for each in endpoint.bodies),
            successes,
            errors,
            takes_key=_IDEMPOTENCY_KEY in headers,
        )

    def _arguments(self, key: str, endpoint: IREndpoint, at: str) -> List[Argument]:
        parameters = [each for each in endpoint.parameters if not _is_ignored(each)]
        pointer = f"{pointer_of(endpoint)}/parameters/"
        given = {
            each[len(pointer) :]: name
            for each, name in self._given.items()
            if each.startswith(pointer)
        }
        configured = {}
        for each in parameters:
            name = self._config.argument_name(key, endpoint, each.name)
            if name is not None:
                configured[argument_key(each)] = name
        names = argument_names(parameters, given, configured)
        found = []
        for name, each in zip(names, parameters):
            step = argument_key(each)
            self._made.names[f"{pointer}{step}"] = name
            default = self._client_default(each)
            place = f"{at}/parameters/{each.location}/{escaped(each.name)}"
            found.append(Argument(name, each, place, default))
        return found

    def _client_default(self, parameter: IRParameter) -> Optional[str]:
        return self._config.client_default(parameter.name)


def _is_ignored(parameter: IRParameter) -> bool:
    name = parameter.name.lower()
    return parameter.location == "header" and name in (*_IGNORED, _IDEMPOTENCY_KEY)


def _replies(
    endpoint: IREndpoint, at: str, preferred: Tuple[str, ...]
) -> Tuple[Tuple[Reply, ...], Tuple[Reply, ...]]:
    """Return the responses that are returned, and those that are raised."""
    replies = {
        each.status: _reply(endpoint, each, at, preferred)
        for each in sorted(endpoint.responses, key=lambda each: each.status)
    }
    successes = [each for status, each in replies.items() if status[0] == "2"]
    errors = [each for status, each in replies.items() if status[0] in "45d"]
    if not successes and "default" in replies:
        successes = [replies["default"]]
    return tuple(successes), tuple(errors)


def _reply(
    endpoint: IREndpoint, response: IRResponse, at: str, preferred: Tuple[str, ...]
) -> Reply:
    if response.status in _NO_BODY or endpoint.method == "HEAD":
        return Reply(response.status, (), response.description)
    contents = [
        Content(
            kind_of_media(content_type, schema),
            content_type,
            f"{at}/responses/{response.status}/{escaped(content_type)}",
            schema,
        )
        for content_type, schema in response.content.items()
    ]
    found = without_xml(in_order_of_preference(contents, preferred))
    return Reply(response.status, tuple(found), one_line(response.description, 300))
