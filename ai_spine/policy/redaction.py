"""What must not be shown: a client's secrets in any form, and fields whose names tell. Pure."""

import json
import re
from typing import Any, Iterable, Iterator, Optional
from urllib.parse import unquote, urlsplit

from ai_spine.constants import MAX_LOGGED_LENGTH
from ai_spine.utils import Secret, one_line

_MASK = "***"
_TELLING = re.compile(
    r"api[-_]?key|secret|passw|passphrase|pwd|token|authorization|credential|cookie"
    r"|private[-_]?key",
    re.IGNORECASE,
)
_COUNT = re.compile(r"tokens|token[-_]?(count|limit)", re.IGNORECASE)


def passwords_of(urls: Iterable[str]) -> Iterator[Secret]:
    """Gives the passwords in URLs of proxies, as they stand there and as they are meant."""
    for url in urls:
        try:
            found = urlsplit(url).password
        except ValueError:
            continue
        if found:
            yield from (Secret(found), Secret(unquote(found)))


class Redactor:
    """Takes secrets out of texts.

    Args:
        secrets: What is never to be shown; `None`s among them are passed over.

    Example:
        >>> Redactor([Secret("sk-123")]).redact("no such key: sk-123")
        'no such key: ***'
    """

    def __init__(self, secrets: Iterable[Optional[Secret]]) -> None:
        known = [secret for secret in secrets if secret is not None]
        # As `Secret`s, so that no traceback with locals shows a pattern that spells the key.
        self._forms = tuple(Secret(_forms_of(secret.reveal())) for secret in known)

    def redact(self, text: str) -> str:
        """Takes the secrets out of a text, also where they stand as in JSON or in a URL."""
        for form in self._forms:
            text = re.sub(form.reveal(), _MASK, text, flags=re.IGNORECASE)
        return text

    def body(self, content: bytes) -> str:
        """Gives a body as one line for a log: its JSON, without what is or looks secret.

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


def _forms_of(secret: str) -> str:
    """Gives the pattern of a secret, each character plain, as in JSON, in a URL or in a `repr`."""
    return "".join(
        # Each reading of an escaped text may halve a run of backslashes.
        r"(?:\\u005c|%5c|\\)+" if part[0] == "\\" else _forms_of_character(part)
        for part in re.findall(r"\\+|[^\\]", secret, re.DOTALL)
    )


def _forms_of_character(character: str) -> str:
    code = f"{ord(character):02x}"
    escapes = r"\\*" if character in "\"'/" else ""
    return rf"(?:\\u00{code}|%{code}|{escapes}{re.escape(character)})"


def _without_secrets(value: Any) -> Any:
    """Gives JSON with the values masked whose names, or whose own words, tell of a secret."""
    if isinstance(value, dict):
        return {
            name: _MASK if _is_secret(name, part) else _without_secrets(part)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(part) for part in value]
    # JSON within a text, say, has names of its own.
    return _MASK if isinstance(value, str) and _TELLING.search(value) else value


def _is_secret(name: str, value: Any) -> bool:
    if value is None or isinstance(value, bool) or not _TELLING.search(name):
        return False
    return not (isinstance(value, (int, float)) and _COUNT.search(name))
