"""Makes the request of an exchange. Pure."""

from typing import Dict, Mapping, Optional

from ai_spine.constants import IDEMPOTENCY_KEY_HEADER, REQUEST_ID_HEADER
from ai_spine.exceptions import ValidationError
from ai_spine.policy.call_state import CallState
from ai_spine.policy.messages import Exchange, Request
from ai_spine.policy.retry import REPEATABLE_METHODS
from ai_spine.policy.validation import check_header_value
from ai_spine.utils import is_header_value, one_line, random_id


def call_of(
    exchange: Exchange,
    base_path: str,
    deadline: Optional[float],
    idempotency_key: Optional[str] = None,
    tenant: Optional[str] = None,
) -> CallState:
    """Return the state of a new call.

    Args:
        exchange: What is sent.
        base_path: The path of the base URL.
        deadline: When the call must be over, by the client's clock.
        idempotency_key: The caller's key; a request that is not harmless to repeat gets one anyway.
        tenant: For whom it is.

    Raises:
        ValidationError: A header, or the key, cannot be sent.
    """
    path = exchange.template.partition("?")[0]
    ids = exchange.ids if len(exchange.ids) < 2 else _in_order(exchange.ids, path)
    call = CallState(
        exchange.method,
        base_path + path,
        ids,
        deadline,
        reads=exchange.reads,
        tenant=tenant,
    )
    call.operation = exchange.name
    call.read, call.parses, call.refine = exchange.read, False, exchange.refine
    call.idempotent, call.judge = exchange.idempotent, exchange.judge
    given = _checked(exchange.headers) if exchange.headers else {}
    call.request_id = given.get(REQUEST_ID_HEADER.lower(), call.request_id)
    if idempotency_key is not None:
        check_header_value("idempotency_key", idempotency_key)
    key = given.get(IDEMPOTENCY_KEY_HEADER.lower(), idempotency_key)
    if key is None and call.repeat_as not in REPEATABLE_METHODS:
        key = random_id()
    call.idempotency_key = key
    return call


def request_of(
    exchange: Exchange, call: CallState, headers: Mapping[str, str]
) -> Request:
    """Return the request that every attempt of a call sends.

    Args:
        exchange: What is sent.
        call: The state of the call.
        headers: The headers of the client.
    """
    query = exchange.query
    if "?" in exchange.template:
        fixed = exchange.template.partition("?")[2]
        query = f"{fixed}&{query}" if query else fixed
    request = Request(
        exchange.method,
        call.template,
        call.ids,
        query,
        exchange.headers,
        exchange.content,
        exchange.content_type,
        exchange.credentials,
    )
    return request.with_headers({**headers, **call.own_headers()})


def _in_order(ids: Mapping[str, str], path: str) -> Dict[str, str]:
    """Return ids as the path has them, so that no value is taken for the name of another."""
    return dict(sorted(ids.items(), key=lambda pair: path.find("{%s}" % pair[0])))


def _checked(headers: Mapping[str, str]) -> Dict[str, str]:
    """Return headers by their names in small letters.

    Raises:
        ValidationError: One cannot be sent. The message does not repeat its value.
    """
    for name, value in headers.items():
        if value and not is_header_value(value):
            raise ValidationError(
                f"the header {one_line(name, 100)} must be printable ASCII text without spaces "
                "around it"
            )
    return {name.lower(): value for name, value in headers.items()}
