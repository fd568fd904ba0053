"""What each method of a package is called with."""

from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional

from ai_spine.sdk_sync.examples import example_of_field
from ai_spine.sdk_sync.generators.python.endpoints.contents import (
    BINARY,
    EVENTS,
    JSON,
    LINES,
    MULTIPART,
    TEXT,
    Content,
    is_binary,
)
from ai_spine.sdk_sync.generators.python.endpoints.operations import (
    Argument,
    GroupPlan,
    OperationPlan,
    OperationsPlan,
)
from ai_spine.sdk_sync.ir import IRField, IRParameter, IRSpec, IRType

_KEY = "00000000-0000-4000-8000-000000000000"
_PLAIN: Mapping[str, Any] = {BINARY: "bytes", TEXT: "text", LINES: "{}\n"}
_DEEPEST = 8  # references to follow


class Call(NamedTuple):
    """A call of a method."""

    operation: str
    """The name of the operation in the document."""
    group: str
    """The attribute of the client."""
    module: str
    """The module of its group."""
    method: str
    arguments: Dict[str, Any]
    """The arguments, as JSON; without the body."""
    body: Optional[Any] = None
    """The body, as JSON."""
    content: Optional[Content] = None
    """The media type of the body; `None` if there is no body."""
    files: List[str] = []
    """The fields of the body that are files."""
    sent: List[IRParameter] = []
    """The parameters that have a value."""
    expected: str = JSON
    """How the response is read: `events` by a method for a stream."""

    def to_dict(self) -> Dict[str, Any]:
        """Return the call as JSON, for the process that makes it."""
        made: Dict[str, Any] = {
            "group": self.group,
            "module": self.module,
            "method": self.method,
            "arguments": self.arguments,
        }
        if self.content is not None:
            more = {"media": self.content.content_type, "files": self.files}
            made.update(body=self.body, body_kind=self.content.kind, **more)
        return made


class Impossible(Exception):
    """A call that no arguments are known for, and why."""


def calls_of(
    spec: IRSpec, group: GroupPlan, plan: OperationPlan, known: Mapping[str, Any]
) -> Iterator[Call]:
    """Yield the calls of an operation: with all arguments, with few, and of each media type.

    Args:
        spec: The specification.
        group: The group of the operation.
        plan: The operation.
        known: What the client knows, by its arguments.

    Raises:
        Impossible: There is no value for an argument.
    """
    maker = _Maker(spec, group, plan, known)
    yield maker.call(is_full=True)
    yield maker.call(is_full=False)
    for content in plan.bodies[1:]:
        yield maker.call(is_full=False, content=content)
    if plan.stream_name:
        call = maker.call(is_full=False)
        yield call._replace(method=plan.stream_name, expected=EVENTS)


def defaults_of(spec: IRSpec, plan: OperationsPlan) -> Dict[str, Any]:
    """Return what a client may know for parameters, by its arguments."""
    found: Dict[str, Any] = {}
    for operation in plan.operations:
        for each in operation.arguments:
            if each.client_default and each.client_default not in found:
                example = example_of_field(spec, each.parameter.schema)
                if example is not None and isinstance(example.value, str):
                    found[each.client_default] = example.value
    return found


class _Maker:
    def __init__(
        self,
        spec: IRSpec,
        group: GroupPlan,
        plan: OperationPlan,
        known: Mapping[str, Any],
    ) -> None:
        self._spec, self._plan, self._known = spec, plan, known
        self._names = group.names

    def call(self, *, is_full: bool, content: Optional[Content] = None) -> Call:
        plan = self._plan
        arguments = self._arguments(is_full)
        made = Call(
            plan.key,
            self._names.attribute,
            self._names.module,
            plan.name,
            arguments,
            sent=[e.parameter for e in plan.arguments if arguments.get(e.name)],
        )
        if plan.bodies and content is None and (is_full or plan.body_required):
            content = plan.bodies[0]
        if content is None:
            return made
        if len(plan.bodies) > 1:
            sent = content.content_type
            arguments["content_type"] = sent.replace("*", "x") if "*" in sent else sent
        files = _files_of(self._spec, content)
        return made._replace(
            body=self._body(content, is_full), content=content, files=files
        )

    def _arguments(self, is_full: bool) -> Dict[str, Any]:
        found: Dict[str, Any] = {}
        for each in self._plan.arguments:
            # An object in a path cannot be empty.
            in_path = each.parameter.location == "path"
            example = example_of_field(
                self._spec,
                each.parameter.schema,
                without="readOnly",
                full=is_full or in_path,
            )
            is_missed = each.parameter.required and not self._is_known(each, example)
            if example is None and is_missed:
                name = each.parameter.name
                raise Impossible(f"no example fits the parameter {name!r}")
            if example is not None and (is_full or is_missed):
                found[each.name] = example.value
        if self._plan.takes_key:
            found["idempotency_key"] = _KEY
        return found

    def _is_known(self, argument: Argument, example: Any) -> bool:
        if argument.client_default is None or example is None:
            return False
        return bool(self._known.get(argument.client_default) == example.value)

    def _body(self, content: Content, is_full: bool) -> Any:
        if content.kind in _PLAIN or content.schema is None:
            return _PLAIN.get(content.kind, {"a": "b"})
        example = example_of_field(
            self._spec, content.schema, without="readOnly", full=is_full
        )
        if example is None:
            raise Impossible(f"no example fits the body {content.content_type}")
        return example.value


def _files_of(spec: IRSpec, content: Content) -> List[str]:
    """Return the fields of a form that are files, or lists of files."""
    field = content.schema
    for _ in range(_DEEPEST):
        if field is None or field.type is not IRType.REF:
            break
        field = spec.resolve(str(field.ref_name))
    if content.kind != MULTIPART or field is None:
        return []
    return [name for name, each in (field.properties or {}).items() if _is_file(each)]


def _is_file(field: IRField) -> bool:
    return is_binary(field.items if field.type is IRType.ARRAY else field)
