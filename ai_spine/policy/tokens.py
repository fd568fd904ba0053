"""`Token`: what authorises requests; fixed, or asked for and kept until it is refused. Pure."""

import threading
from typing import Any, Callable, Optional, Tuple

from ai_spine.policy.json_encoding import kind_of
from ai_spine.utils import Secret, is_header_value


class Token:
    """A key or an account token.

    Args:
        given: The text, or the function that returns it, wrapped; `None` if there is none.

    Example:
        >>> token = Token(Secret(lambda: "sk-1"))
        >>> token.must_be_asked_for
        True
        >>> token.keep(Secret("sk-1"))
        >>> token.must_be_asked_for
        False
        >>> token.refuse(token.version)
        >>> token.must_be_asked_for
        True
    """

    def __init__(self, given: Optional[Secret] = None) -> None:
        value = None if given is None else given.reveal()
        self.source: Optional[Callable[[], Any]] = value if callable(value) else None
        """Returns the text; `None` if it is fixed."""
        self.current = None if self.source else given
        """The text to send, wrapped; `None` if there is none yet."""
        self.version = 0
        """How often it has changed."""
        self.must_be_asked_for = self.source is not None
        """Whether the source must be called before the next request."""
        self.asker: Any = None
        """The thread or the task that calls the source."""
        self.failures = 0
        """How often the source has failed."""
        self.last_failure: Tuple[str, Optional[Exception]] = ("", None)
        """What went wrong the last time, and the exception."""
        self.lock = threading.Lock()
        """Held while a thread calls the source."""
        self.lock_of_loop: Any = None
        """What tasks of an event loop hold instead, and the loop."""

    def keep(self, secret: Secret) -> None:
        """Keep what the source has returned, until the server refuses it."""
        self.version += 1
        self.current = secret
        self.must_be_asked_for = False

    def note_failure(self, message: str, cause: Optional[Exception]) -> None:
        """Note that the source returned nothing that can be kept."""
        self.failures += 1
        self.last_failure = message, cause

    def refuse(self, version: int) -> None:
        """Note that the server has refused the text, unless that was an earlier version."""
        if self.source is not None and self.version == version:
            self.must_be_asked_for = True


def problem_of(secret: Secret) -> Optional[str]:
    """Return what is wrong with the value that a source returned, without showing it.

    Example:
        >>> problem_of(Secret(7)), problem_of(Secret("sk-1"))
        ('must return text, not of type int', None)
    """
    if not isinstance(secret.reveal(), str):
        return f"must return text, not {kind_of(secret.reveal())}"
    if not secret.reveal():
        return "must not return an empty text"
    if not is_header_value(secret.reveal()):
        return "must return text that a header can hold"
    return None
