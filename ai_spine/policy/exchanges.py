"""Makes the request of an exchange. Pure."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

from ai_spine.constants import IDEMPOTENCY_KEY_HEADER, REQUEST_ID_HEADER
from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.policy.call_state import CallState
from ai_spine.policy.messages import Exchange, Request
from ai_spine.policy.retry import REPEATABLE_METHODS
from ai_spine.policy.tokens import Token
from ai_spine.policy.validation import check_header_value
from ai_spine.utils import is_header_value, one_line, random_id

_KEY, _ID = IDEMPOTENCY_KEY_HEADER.lower(), REQUEST_ID_HEADER.lower()
_NOTHING: Dict[str, str] = {}


def start(
    exchange: Exchange,
    call: CallState,
    idempotency_key: Optional[str],
    headers: Mapping[str, str],
    tokens: Mapping[Any, Token],
) -> Request:
    """Return the request that every attempt of a call sends, and note in the call what it sends.

    Args:
        exchange: What is sent.
        call: The state of the call.
        idempotency_key: The caller's key; a request that is not harmless to repeat gets one anyway.
        headers: The headers of the client.
        tokens: The credentials of the client.

    Raises:
        ValidationError: A header, or the key, cannot be sent.
        ConfigurationError: The client does not have a credential.
    """
    given = _checked(exchange.headers) if exchange.headers else _NOTHING
    if idempotency_key is not None:
        check_header_value("idempotency_key", idempotency_key)
    if call.repeat_as not in REPEATABLE_METHODS:
        idempotency_key = idempotency_key or given.get(_KEY) or random_id()
    call.idempotency_key = given.get(_KEY, idempotency_key)
    call.request_id = given.get(_ID, call.request_id)
    call.operation, call.parses = exchange.name, False
    call.read, call.refine, call.judge = exchange.read, exchange.refine, exchange.judge
    call.idempotent = exchange.idempotent
    query = exchange.query
    if "?" in exchange.template:
        fixed = exchange.template.partition("?")[2]
        query = f"{fixed}&{query}" if query else fixed
    return Request(
        exchange.method,
        call.template,
        call.ids,
        query,
        _merged({**headers, **call.own_headers()}, exchange.headers, given),
        exchange.content,
        exchange.content_type,
        _credentials_of(exchange, given, tokens),
    )


def in_order(ids: Mapping[str, str], path: str) -> Mapping[str, str]:
    """Return ids as the path has them, so that no value is taken for the name of another."""
    if len(ids) < 2:
        return ids
    return dict(sorted(ids.items(), key=lambda pair: path.find("{%s}" % pair[0])))


def _credentials_of(
    exchange: Exchange, given: Mapping[str, str], tokens: Mapping[Any, Token]
) -> Tuple[str, ...]:
    """Return the names of the credentials to send: all but those whose header the caller sets."""
    names = exchange.credentials
    for name in names:
        token = tokens.get(name)
        if token is None:
            raise ConfigurationError(
                f"{exchange.name} needs the credential {name!r}, which the client does not have"
            )
        if token.header in given:
            names = tuple(other for other in names if other != name)
    return names


def _merged(
    ours: Dict[str, str], theirs: Mapping[str, str], given: Mapping[str, str]
) -> Dict[str, str]:
    """Return the headers of the client and of the caller, whose own win in any case."""
    if not given:
        return ours
    for name in [name for name in ours if name.lower() in given]:
        del ours[name]
    ours.update(theirs)
    return ours


def _checked(headers: Mapping[str, str]) -> Dict[str, str]:
    """Return headers by their names in small letters.

    Raises:
        ValidationError: One cannot be sent. The message does not repeat its value.
    """
    given = {}
    for name, value in headers.items():
        if value and not is_header_value(value):
            raise ValidationError(
                f"the header {one_line(name, 100)} must be printable ASCII text without spaces "
                "around it"
            )
        given[name.lower()] = value
    return given
