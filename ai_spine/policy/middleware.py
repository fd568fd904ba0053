"""What callers put between a client and its transport. Pure: it checks what they return."""

import re
from typing import Any, Dict, Iterator, Mapping, Optional, Tuple

from ai_spine.constants import IDEMPOTENCY_KEY_HEADER
from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.policy.messages import Request, Response
from ai_spine.policy.tokens import Token
from ai_spine.utils import FRAMING, Secret, is_header_name, is_header_value, one_line

BEFORE, AFTER = "before_request", "after_response"
_PRINTABLE = "printable ASCII text without spaces around it"
_QUERY = '[!"$-~]*'


Members = Tuple[Any, ...]
"""The objects that see each attempt of a client, in the order in which they were added."""


def with_member(members: Members, member: Any) -> Members:
    """Return the middleware of a client with one more.

    Raises:
        ConfigurationError: It has neither of the methods.
    """
    if not any(callable(getattr(member, name, None)) for name in (BEFORE, AFTER)):
        raise ConfigurationError(
            f"a middleware must have {BEFORE}(request) or {AFTER}(request, response)"
        )
    return (*members, member)


def calls(members: Members, name: str) -> Iterator[Any]:
    """Yield the methods of that name; those after a response in the opposite order."""
    for member in members if name == BEFORE else reversed(members):
        method = getattr(member, name, None)
        if method is not None:
            yield method


def secrets_for(
    method: Any, request: Request, tokens: Mapping[Any, Token]
) -> Iterator[Dict[str, Secret]]:
    """Yield the credentials of a request, wrapped and by name, if a middleware asks for them.

    It asks by `needs_secrets = True`.

    Args:
        method: The method of the middleware.
        request: The request.
        tokens: The credentials of the client.
    """
    if getattr(getattr(method, "__self__", None), "needs_secrets", False) is True:
        sent = {each: tokens[each].current for each in request.credentials}
        yield {
            str(getattr(name, "name", name)).lower(): secret
            for name, secret in sent.items()
            if secret is not None
        }


def copied(request: Request) -> Request:
    """Return a request whose headers and ids can be changed without changing those of others."""
    return request._replace(headers=dict(request.headers), ids=dict(request.ids))


def checked_request(method: Any, value: Any, before: Request) -> Request:
    """Return the request that a middleware has returned.

    Args:
        method: The method of the middleware.
        value: What it has returned.
        before: What it was given.

    Raises:
        ConfigurationError: It is something else, most often nothing; or it goes to another place,
            or is not as harmless to repeat as the one before.
        ValidationError: A part of it cannot be sent. The message does not repeat its value.
    """
    owner = _owner_of(method)
    if not isinstance(value, Request):
        raise _forgotten(BEFORE, owner, value, "request")
    problem = _problem_of(value, before)
    if problem is not None:
        raise ValidationError(f"the middleware {owner} has set the {problem}")
    # What is decided of repetitions holds for the method and the key that the call began with.
    fixed = ("method", "template", "ids", "credentials")
    changed = [name for name in fixed if getattr(value, name) != getattr(before, name)]
    if _key_of(value) != _key_of(before):
        changed.append(IDEMPOTENCY_KEY_HEADER)
    if changed:
        raise _changed(owner, f"{changed[0]} of a request")
    return value


def checked_response(method: Any, value: Any, before: Response) -> Response:
    """Return the response that a middleware has returned.

    Args:
        method: The method of the middleware.
        value: What it has returned.
        before: What it was given.

    Raises:
        ConfigurationError: It is something else, most often nothing; or its status is another,
            with which a request could be repeated that has run.
    """
    owner = _owner_of(method)
    if not isinstance(value, Response):
        raise _forgotten(AFTER, owner, value, "response")
    if value.status != before.status:
        raise _changed(owner, "status of a response")
    return value


def _problem_of(request: Request, before: Request) -> Optional[str]:
    """Return what was changed so that it cannot be sent, and why; `None` if all can."""
    if not isinstance(request.headers, Mapping):
        return "headers, which must be a mapping of names to texts"
    for name, text in request.headers.items():
        if before.headers.get(name) == text:
            continue
        shown = one_line(str(name), 100)
        are_texts = isinstance(name, str) and isinstance(text, str)
        if not (are_texts and is_header_name(name) and is_header_value(text)):
            return f"header {shown}, which must be {_PRINTABLE}"
        if name.lower() in FRAMING:
            return f"header {shown}, which the client sets itself"
    kind, query = request.content_type, request.query
    if kind is not None and not (isinstance(kind, str) and is_header_value(kind)):
        return f"content_type, which must be {_PRINTABLE}"
    if not isinstance(request.content, (bytes, type(None))):
        return "content, which must be bytes"
    if query != before.query and not _is_query(query):
        return "query, which must be percent-encoded text"
    return None


def _is_query(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(_QUERY, value))


def _owner_of(method: Any) -> str:
    return type(getattr(method, "__self__", method)).__name__


def _forgotten(name: str, owner: str, value: Any, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name} of the middleware {owner} returned {type(value).__name__}: it must return the "
        f"{what}, changed or as it is"
    )


def _changed(owner: str, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"the middleware {owner} has changed the {what}, which must stay: raise an error instead"
    )


def _key_of(request: Request) -> Any:
    name = IDEMPOTENCY_KEY_HEADER.lower()
    return [text for each, text in request.headers.items() if each.lower() == name]
