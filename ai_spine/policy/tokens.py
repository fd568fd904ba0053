"""`Token`: what authorises requests; fixed, or asked for and kept until it is refused. Pure."""

from __future__ import annotations

import threading
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    Mapping,
    Optional,
    Sequence,
    Tuple,
)

from ai_spine.policy.credentials import ApiCredential, HeaderCredential
from ai_spine.policy.messages import Credential
from ai_spine.policy.settings import Settings
from ai_spine.utils import Secret


class Token:
    """A key, an account token, or another credential.

    Args:
        given: The text, or the function that returns it, wrapped; `None` if there is none.
        name: What the caller knows it by.
        credential: Where a request carries it; by default, as `Bearer` in `Authorization`.

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

    def __init__(
        self,
        given: Optional[Secret] = None,
        name: str = "",
        credential: Optional[ApiCredential] = None,
    ) -> None:
        value: Any = None if given is None else given.reveal()
        self.name = name
        """What the caller knows it by."""
        self.credential = credential or HeaderCredential("Authorization", given or _ANY)
        """Where a request carries it."""
        in_header = isinstance(self.credential, HeaderCredential)
        self.header = self.credential.name.lower() if in_header else ""
        """The name of its header in small letters; empty if it has none of its own."""
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


# For what is not sent, or not known yet.
_ANY = Secret("-")


def tokens_of(settings: Settings) -> Mapping[Any, Token]:
    """Return what authorises the requests of a client, by what `Request.credentials` names."""
    tokens = {
        Credential.API_KEY: Token(settings.api_key, "api_key"),
        Credential.ACCESS_TOKEN: Token(settings.access_token, "access_token"),
        Credential.NONE: Token(),
    }
    more = {
        name: Token(each.secret, name, each)
        for name, each in settings.credentials.items()
    }
    return {**tokens, **more}


def secrets_of(tokens: Iterable[Token]) -> Iterator[Secret]:
    """Yield what must not be shown, in each form in which it is sent."""
    for token in tokens:
        if token.current is not None:
            yield from token.credential.spellings(token.current)


class Sources(Dict[Tuple[Any, ...], Sequence[Token]]):
    """The tokens of requests that functions return, by `Request.credentials`; most have none.

    Args:
        tokens: The tokens of a client.
    """

    def __init__(self, tokens: Mapping[Any, Token]) -> None:
        super().__init__()
        self._tokens = tokens

    def __missing__(self, names: Tuple[Any, ...]) -> Sequence[Token]:
        tokens = (self._tokens[name] for name in names)
        found = tuple(token for token in tokens if token.source is not None)
        self[names] = found
        return found
