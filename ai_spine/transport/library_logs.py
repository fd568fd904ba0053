"""Keeps credentials out of what the libraries that send log, such as whole URLs."""

from __future__ import annotations

import logging
import weakref
from typing import Iterable, Tuple

from ai_spine.policy.credentials import QueryCredential
from ai_spine.policy.redaction import Redactor
from ai_spine.policy.tokens import Token

_LOGGERS = ("urllib3.connectionpool", "httpx", "httpcore.http11", "httpcore.http2")


class _Redacting(logging.Filter):
    """Removes the secrets of all clients that are alive from records."""

    def __init__(self) -> None:
        super().__init__()
        self._redactors: Tuple["weakref.ReferenceType[Redactor]", ...] = ()

    def add(self, redactor: Redactor) -> None:
        """Remove what a redactor removes, as long as it is there."""
        alive = [known for known in self._redactors if known() is not None]
        self._redactors = (*alive, weakref.ref(redactor))

    def filter(self, record: logging.LogRecord) -> bool:
        """Remove the secrets from a record, and keep it."""
        text = clean = record.getMessage()
        for reference in self._redactors:
            redactor = reference()
            clean = clean if redactor is None else redactor.redact(clean)
        if clean != text:
            record.msg, record.args = clean, ()
        return True


_REDACTING = _Redacting()


def hide_in_logs(tokens: Iterable[Token], redactor: Redactor) -> None:
    """Remove a client's secrets from the logs of libraries, if URLs have some of them."""
    if any(isinstance(token.credential, QueryCredential) for token in tokens):
        _REDACTING.add(redactor)
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_REDACTING)
