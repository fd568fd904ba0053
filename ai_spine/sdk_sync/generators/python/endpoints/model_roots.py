"""The schemas of operations that models are made of."""

from typing import Iterator, List, Tuple

from ai_spine.sdk_sync.generators.python.endpoints.contents import (
    BINARY,
    EVENTS,
    LINES,
    MULTIPART,
    TEXT,
    Content,
)
from ai_spine.sdk_sync.generators.python.endpoints.operations import (
    OperationPlan,
    Reply,
)
from ai_spine.sdk_sync.generators.python.models import REQUEST, RESPONSE, Root

_RAW = (BINARY, TEXT)  # which have no type of their own


def roots_of(operations: List[OperationPlan]) -> List[Root]:
    """Return the schemas of parameters, bodies and responses, each with words for its class."""
    return [root for each in operations for root in _roots_of(each)]


def has_type(content: Content) -> bool:
    """Return whether a body or a response is read or written as a type of its own."""
    return content.schema is not None and content.kind not in _RAW


def _roots_of(plan: OperationPlan) -> Iterator[Root]:
    for each in plan.arguments:
        hint = f"{plan.hint} {each.parameter.name}"
        yield Root(each.pointer, hint, each.parameter.schema, REQUEST)
    for number, content in enumerate(plan.bodies):
        word = "body" if number == 0 else f"{content.kind} body"
        if content.schema is not None and has_type(content):
            hint, is_form = f"{plan.hint} {word}", content.kind == MULTIPART
            yield Root(content.pointer, hint, content.schema, REQUEST, is_form)
    for reply, word in _replies(plan):
        for content in reply.contents:
            if content.schema is not None and has_type(content):
                word = "event" if content.kind in (EVENTS, LINES) else word
                hint = f"{plan.hint} {word}"
                yield Root(content.pointer, hint, content.schema, RESPONSE)


def _replies(plan: OperationPlan) -> Iterator[Tuple[Reply, str]]:
    first = plan.successes[0].status if plan.successes else ""
    for each in plan.successes:
        is_first = each.status == first
        yield each, "response" if is_first else f"{each.status} response"
    for each in plan.errors:
        if each.status != first:
            is_default = each.status == "default"
            yield each, "error" if is_default else f"{each.status} error"
