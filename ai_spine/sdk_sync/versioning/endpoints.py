"""What is sent to an endpoint and what comes back, as models, which can be compared."""

from dataclasses import replace
from typing import List, Optional, Tuple

from ai_spine.sdk_sync.ir import IREndpoint, IRField, IRModel, IRType

_ANY = IRField("", IRType.ANY)


def exchanged(endpoint: IREndpoint) -> Tuple[IRModel, IRModel]:
    """Return what is sent to an endpoint and what it sends, as objects of all their parts.

    Example:
        >>> from ai_spine.sdk_sync.ir import IRParameter
        >>> limit = IRParameter("limit", "query")
        >>> sent, _ = exchanged(IREndpoint("/users", "GET", "", parameters=[limit]))
        >>> [each.name for each in sent.fields]
        ['query limit']
    """
    name = endpoint.path
    return IRModel(name, fields=_sent(endpoint)), IRModel(
        name, fields=_received(endpoint)
    )


def _sent(endpoint: IREndpoint) -> List[IRField]:
    is_single = len(endpoint.bodies) == 1
    found = {
        (each.location, each.name): replace(
            each.schema, name=f"{each.location} {each.name}"
        )
        for each in endpoint.parameters
    }
    bodies = {
        body.content_type: _part(
            f"body {body.content_type}", body.schema, body.required and is_single
        )
        for body in endpoint.bodies
    }
    return [*found.values(), *bodies.values()]


def _received(endpoint: IREndpoint) -> List[IRField]:
    found = {}
    for response in endpoint.responses:
        is_expected = response.status.startswith("2")
        for kind, schema in response.content.items():
            name = f"{response.status} {kind}"
            found[name] = _part(name, schema, is_expected)
    return list(found.values())


def _part(name: str, schema: Optional[IRField], required: bool) -> IRField:
    return replace(schema or _ANY, name=name, required=required)
