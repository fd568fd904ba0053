"""Removes secrets: a client's own in any form, and fields whose names suggest one. Pure."""

from __future__ import annotations

import json
import re
from typing import Any, Callable, Dict, Iterable, Iterator, Optional, TypeVar
from urllib.parse import unquote, urlsplit

from ai_spine.constants import MAX_LOGGED_LENGTH
from ai_spine.models.base import Model
from ai_spine.utils import Secret, one_line

M = TypeVar("M", bound=Model)
_MASK = "***"
_MOST_SECRETS = 100  # a key that changes every hour is forgotten after some days
_SECRET_NAME = (
    r"(?i)api[-_]?key|secret|passw|passphrase|pwd|token|authorization"  # nosec B105
    r"|credential|cookie"
    r"|private[-_]?key"
)
_COUNT = r"(?i)tokens|token[-_]?(count|limit)"


def passwords_of(urls: Iterable[str]) -> Iterator[Secret]:
    """Yield the passwords in the URLs of proxies, as written and decoded."""
    for url in urls:
        try:
            found = urlsplit(url).password
        except ValueError:
            continue
        if found:
            yield from (Secret(found), Secret(unquote(found)))


def redact_model(model: M, redact: Callable[[str], str], shortest: M) -> M:
    """Return a model for an error to hold, without secrets that a server put into it.

    Args:
        model: The model.
        redact: Removes secrets from text.
        shortest: What to return if the model is nested deeper than anybody means.
    """
    try:
        text = json.dumps(dict(model))
        clean = redact(text)
        return model if clean == text else type(model).from_wire(json.loads(clean))
    except (ValueError, RecursionError):
        return shortest


class Redactor:
    """Removes secrets from text.

    Args:
        secrets: What must never be shown; `None` is skipped.

    Example:
        >>> Redactor([Secret("sk-123")]).redact("no such key: sk-123")
        'no such key: ***'
    """

    def __init__(self, secrets: Iterable[Optional[Secret]]) -> None:
        known = [secret for secret in secrets if secret is not None]
        # As `Secret`, so that no traceback with locals shows a pattern that spells the key.
        self._patterns = tuple(Secret(_pattern_of(secret.reveal())) for secret in known)
        # Those that came later, the latest last. Each step is one of the interpreter's own, so
        # that threads need no lock.
        self._later: Dict[Secret, None] = {}

    def add(self, secret: Secret) -> None:
        """Remove one more secret from now on; of many, the latest."""
        pattern = Secret(_pattern_of(secret.reveal()))
        self._later.pop(pattern, None)
        self._later[pattern] = None
        for oldest in list(self._later)[:-_MOST_SECRETS]:
            self._later.pop(oldest, None)

    def redact(self, text: str) -> str:
        """Return a text without the secrets, also where they are escaped as in JSON or in a URL."""
        for pattern in (*self._patterns, *list(self._later)):
            text = re.sub(pattern.reveal(), _MASK, text, flags=re.IGNORECASE)
        return text

    def body(self, content: bytes) -> str:
        """Return a body as one line for the log: its JSON, without what is or looks secret.

        Example:
            >>> Redactor([]).body(b'{"user_id": "u", "api_key": "sk-9"}')
            '{"user_id": "u", "api_key": "***"}'
        """
        if not content:
            return "no body"
        try:
            text = json.dumps(_without_secrets(json.loads(content.decode("utf-8"))))
        except (ValueError, RecursionError):
            return f"{len(content)} bytes that are not JSON"
        return one_line(self.redact(text), MAX_LOGGED_LENGTH)


def redact_query(query: str) -> str:
    """Return a query without the values whose names suggest a secret.

    Example:
        >>> redact_query("flow_id=f&api_key=sk-1")
        'flow_id=f&api_key=***'
    """
    pairs = (pair.partition("=") for pair in query.split("&"))
    return "&".join(
        (
            f"{name}={_MASK}"
            if re.search(_SECRET_NAME, unquote(name))
            else name + mark + value
        )
        for name, mark, value in pairs
    )


def _pattern_of(secret: str) -> str:
    """Return a pattern for a secret: each character plain, as in JSON, in a URL or in a `repr`."""
    return "".join(
        # Each time an escaped text is parsed, a run of backslashes may be halved.
        r"(?:\\u005c|%5c|\\)+" if part[0] == "\\" else _character_pattern(part)
        for part in re.findall(r"\\+|[^\\]", secret, re.DOTALL)
    )


def _character_pattern(character: str) -> str:
    code = f"{ord(character):02x}"
    escapes = r"\\*" if character in "\"'/" else ""
    return rf"(?:\\u00{code}|%{code}|{escapes}{re.escape(character)})"


def _without_secrets(value: Any) -> Any:
    """Return JSON with the values masked whose name or own text suggests a secret."""
    if isinstance(value, dict):
        return {
            name: _MASK if _is_secret(name, part) else _without_secrets(part)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(part) for part in value]
    # JSON inside a text, for example, has names of its own.
    return _MASK if isinstance(value, str) and re.search(_SECRET_NAME, value) else value


def _is_secret(name: str, value: Any) -> bool:
    if value is None or isinstance(value, bool) or not re.search(_SECRET_NAME, name):
        return False
    return not (isinstance(value, (int, float)) and re.search(_COUNT, name))
