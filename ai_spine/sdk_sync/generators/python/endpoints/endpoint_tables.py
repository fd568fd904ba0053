"""Writes operations as data: the tables of `Endpoint`s that modules of groups begin with."""

import ast
from typing import Any, Dict, List, Mapping, Optional, Sequence

from ai_spine.sdk_sync.generators.python.endpoints.contents import (
    EVENTS,
    LINES,
    Content,
)
from ai_spine.sdk_sync.generators.python.endpoints.expressions import (
    call_of,
    dict_of,
    load_of,
    loader,
    tuple_of,
)
from ai_spine.sdk_sync.generators.python.endpoints.operations import (
    Argument,
    OperationPlan,
    Reply,
)
from ai_spine.sdk_sync.generators.python.endpoints.servers import servers_of
from ai_spine.sdk_sync.generators.python.endpoints.signatures import STREAM
from ai_spine.sdk_sync.generators.python.models import ModelsPlan, kind_of
from ai_spine.sdk_sync.generators.python.names import Names
from ai_spine.sdk_sync.generators.python.plan_parts import TypePlan
from ai_spine.sdk_sync.generators.python.syntax import (
    declare,
    generic,
    literal,
    name,
)
from ai_spine.sdk_sync.ir import IRSpec

STREAMS = (EVENTS, LINES)
_SHARED = "_ERRORS"
Security = Optional[Sequence[Mapping[str, Any]]]


def endpoint_of(
    plan: OperationPlan,
    models: ModelsPlan,
    spec: IRSpec,
    *,
    pages: Optional[ast.expr] = None,
    is_stream: bool = False,
) -> ast.Call:
    """Return the expression that makes the `Endpoint` of a method.

    Args:
        plan: The operation.
        models: The models.
        spec: The specification.
        pages: The expression of how its pages are walked.
        is_stream: Whether the method is the one for a stream, of an operation that has two.
    """
    endpoint = plan.endpoint
    method = plan.stream_name if is_stream and plan.stream_name else plan.name
    path = endpoint.get_url_path()
    query = endpoint.path[len(path) :].partition("#")[0][1:]
    positional = [literal(method), literal(endpoint.method), literal(path)]
    parameters = [_parameter(each) for each in plan.arguments]
    bodies = [_body(each, models) for each in plan.bodies]
    servers = servers_of(endpoint.servers)
    successes = successes_of(plan, is_stream=is_stream)
    named: Dict[str, Optional[ast.expr]] = {
        "parameters": tuple_of(parameters) if parameters else None,
        "bodies": tuple_of(bodies) if bodies else None,
        "body_required": literal(True) if plan.body_required else None,
        "body_fields": _stream_field(plan, models) if is_stream else None,
        "responses": replies_of(successes, models) if successes else None,
        "errors": replies_of(plan.errors, models) if plan.errors else None,
        "security": _security(endpoint.security, spec),
        "servers": tuple_of(servers) if servers else None,
        "query": literal(query) if query else None,
        "pages": pages,
    }
    return call_of("Endpoint", positional, named)


def successes_of(plan: OperationPlan, *, is_stream: bool = False) -> List[Reply]:
    """Return the responses that a method returns: of an operation that has two, its own.

    Args:
        plan: The operation.
        is_stream: Whether the method is the one for the stream.
    """
    if not plan.stream_name:
        return list(plan.successes)
    found = []
    for reply in plan.successes:
        own = [e for e in reply.contents if (e.kind in STREAMS) is is_stream]
        if own or not reply.contents:
            found.append(Reply(reply.status, tuple(own), reply.description))
    return found


def replies_of(replies: Sequence[Reply], models: ModelsPlan) -> ast.expr:
    """Return the content of responses by their statuses, as `Endpoint` has it."""
    return dict_of(
        {
            reply.status: dict_of(
                {each.content_type: load_of(each, models) for each in reply.contents}
            )
            for reply in replies
        }
    )


def pages_of(pages: Any, item: Optional[TypePlan]) -> ast.Call:
    """Return the expression that makes the `Pages` of an operation.

    Args:
        pages: How it is paged.
        item: The type of an item, if it is known.
    """
    defaults = type(pages)._field_defaults
    named: Dict[str, Optional[ast.expr]] = {
        key: _plain(value)
        for key, value in pages._asdict().items()
        if key not in ("kind", "item") and value != defaults.get(key)
    }
    named["item"] = None if item is None else loader(kind_of(item))
    return call_of("Pages", [literal(pages.kind)], named)


def with_shared_errors(tables: Sequence[ast.stmt]) -> List[ast.stmt]:
    """Return tables before which errors are that more than one has.

    Args:
        tables: Declarations of `Endpoint`s.
    """
    places: Dict[str, List[ast.keyword]] = {}
    names = Names(reserved=[ast.unparse(each).split(":")[0] for each in tables])
    for table in tables:
        assert isinstance(table, ast.AnnAssign) and isinstance(
            table.value, ast.Call
        )  # nosec B101
        for each in table.value.keywords:
            if each.arg == "errors":
                places.setdefault(ast.unparse(each.value), []).append(each)
    shared: List[ast.stmt] = []
    for found in places.values():
        if len(found) > 1:
            constant = names.take(_SHARED)
            kind = generic("Mapping", name("str"), name("Content"))
            shared.append(declare(constant, kind, found[0].value))
            for each in found:
                each.value = name(constant)
    return [*shared, *tables]


def _plain(value: Any) -> ast.expr:
    if isinstance(value, tuple):
        return tuple_of([literal(each) for each in value])
    return literal(value)


def _parameter(argument: Argument) -> ast.expr:
    given = argument.parameter
    is_needed = given.required and given.location != "path"
    named: Dict[str, Any] = {
        "style": given.style if given.style != _default_style(given) else None,
        "explode": None if given.explode == _default_explode(given) else given.explode,
        "allow_reserved": given.allow_reserved or None,
        "content_type": given.content_type,
        "client_default": argument.client_default,
        "required": is_needed or None,
    }
    written = {k: None if v is None else literal(v) for k, v in named.items()}
    return call_of("Parameter", [literal(given.name), literal(given.location)], written)


def _default_style(given: Any) -> str:
    return "form" if given.location in ("query", "cookie") else "simple"


def _default_explode(given: Any) -> bool:
    return bool(given.get_style() == "form")


def _body(content: Content, models: ModelsPlan) -> ast.expr:
    encoding = {
        key: _encoding(each)
        for key, each in sorted(content.encoding.items())
        if isinstance(each, Mapping) and each
    }
    written = {"encoding": dict_of(encoding) if encoding else None}
    load = load_of(content, models)
    has_load = not (isinstance(load, ast.Constant) and load.value is None)
    positional = [literal(content.content_type), *([load] if has_load else [])]
    return call_of("Body", positional, dict(written))


def _encoding(given: Mapping[str, Any]) -> ast.expr:
    kind, style, explode = (given.get(e) for e in ("contentType", "style", "explode"))
    headers = _fixed_headers(given.get("headers"))
    named: Dict[str, Optional[ast.expr]] = {
        "content_type": literal(kind) if isinstance(kind, str) else None,
        "style": literal(style) if isinstance(style, str) else None,
        "explode": literal(explode) if isinstance(explode, bool) else None,
        "allow_reserved": literal(True) if given.get("allowReserved") is True else None,
        "headers": literal(headers) if headers else None,
    }
    return call_of("Encoding", [], named)


def _fixed_headers(given: Any) -> Dict[str, str]:
    """Return the headers of a part that can only have one value."""
    found = {}
    for key, header in sorted(given.items()) if isinstance(given, Mapping) else ():
        schema = header.get("schema") if isinstance(header, Mapping) else None
        values = schema.get("enum") if isinstance(schema, Mapping) else None
        if isinstance(schema, Mapping) and "const" in schema:
            values = [schema["const"]]
        if isinstance(values, list) and len(values) == 1 and isinstance(values[0], str):
            found[str(key)] = values[0]
    return found


def _stream_field(plan: OperationPlan, models: ModelsPlan) -> Optional[ast.expr]:
    """Return what asks for a stream in the body, if it has a field for that."""
    for content in plan.bodies:
        if content.schema is None or content.kind != "json":
            continue
        kind = models.type_at(content.pointer)
        found = models.classes.get(kind.name)
        for each in found.fields if found is not None else ():
            if each.wire == STREAM and _may_be_true(each.type):
                return literal({STREAM: True})
    return None


def _may_be_true(kind: TypePlan) -> bool:
    if kind.kind == "literal":
        return True in kind.values
    return any(each.kind == "bool" for each in kind.walk())


def _security(given: Security, spec: IRSpec) -> Optional[ast.expr]:
    """Return the names of the schemes of an operation: all of any one of these."""
    if given is None:
        given = spec.security or None
    if given is None:
        return None
    known = set(spec.security_schemes)
    found = [sorted(each) for each in given if known.issuperset(each)]
    if given and not found:
        return None
    if found == [[]]:
        found = []
    return tuple_of([tuple_of([literal(key) for key in each]) for each in found])
