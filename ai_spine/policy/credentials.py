"""The credentials of a client, and where a request carries each. Pure; no `repr` shows one."""

from __future__ import annotations

import base64
import re
from typing import Any, Callable, Iterator, Optional, Union
from urllib.parse import quote

from ai_spine.exceptions import ConfigurationError
from ai_spine.policy.json_encoding import kind_of
from ai_spine.utils import FRAMING, Secret, is_header_name, is_header_value, is_unicode

TOKEN = "token"  # nosec B105
"""The name of the credential that a client is given as its token."""
Given = Union[str, Callable[[], Any], Secret]
"""A text, or the function that returns it, wrapped or not."""
_COOKIE_VALUE = r"[!#-+\--:<-\[\]-~]+"


class ApiCredential:
    """What authorises a request, and where the request carries it.

    Args:
        name: The name of the header, the cookie or the parameter.
        token: The text, or a function that returns it, which is asked before the first request and
            again when the server refuses what it returned.

    Raises:
        ConfigurationError: The place has no such name, or cannot hold such a text.
    """

    def __init__(self, name: str, token: Given) -> None:
        self.secret = _wrapped(token)
        """The text or the function, wrapped."""
        del token  # before all checks, for the sake of tracebacks that show locals
        kind = type(self).__name__
        if not self._has_name(name):
            raise ConfigurationError(f"{kind} must have a name that can be sent")
        self.name = name
        """The name of the header, the cookie or the parameter."""
        if not callable(self.secret.reveal()):
            problem = self.problem_of(self.secret)
            if problem is not None:
                raise ConfigurationError(f"the token of {kind} must be {problem}")

    def _has_name(self, name: Any) -> bool:
        return isinstance(name, str) and is_header_name(name)

    def problem_of(self, secret: Secret) -> Optional[str]:
        """Return what a text must be, if it is something else; it is not shown.

        Example:
            >>> HeaderCredential("X-Key", "k").problem_of(Secret("no\\nheader"))
            'text that a header can hold'
        """
        value: Any = secret.reveal()
        if not isinstance(value, str):
            return f"text, not {kind_of(value)}"
        if not value:
            return "text that is not empty"
        return self._misfit(value)

    def _misfit(self, text: str) -> Optional[str]:
        return None if is_header_value(text) else "text that a header can hold"

    def place(self, secret: Secret, request: Any) -> None:
        """Add a text to a request that is about to be sent: to its `headers`, or to its `url`."""
        raise NotImplementedError

    def spellings(self, secret: Secret) -> Iterator[Secret]:
        """Yield each form in which a server could repeat a text."""
        yield secret

    def __repr__(self) -> str:
        # A traceback that shows locals may call this before it is complete.
        name = self.__dict__.get("name")
        return f"{type(self).__name__}({name!r})"


class HeaderCredential(ApiCredential):
    """A token in a header.

    Args:
        name: The name of the header.
        token: The token, or a function that returns it.
        prefix: What precedes it; by default `Bearer ` in `Authorization`, and nothing in other
            headers.

    Example:
        >>> HeaderCredential("X-API-Key", "sk-1")
        HeaderCredential('X-API-Key')
    """

    def __init__(self, name: str, token: Given, prefix: Optional[str] = None) -> None:
        hidden = _wrapped(token)
        del token
        super().__init__(name, hidden)
        if prefix is None:
            prefix = "Bearer " if name.lower() == "authorization" else ""
        if not isinstance(prefix, str) or not is_header_value(prefix.strip(" ") or "-"):
            raise ConfigurationError("prefix must be text that a header can hold")
        self.prefix = prefix
        """What precedes the token."""

    def _has_name(self, name: Any) -> bool:
        return super()._has_name(name) and name.lower() not in FRAMING

    def place(self, secret: Secret, request: Any) -> None:
        """Add a token to the headers of a request."""
        request.headers[self.name] = self.prefix + secret.reveal()


class BasicCredential(HeaderCredential):
    """A user name and a password, in the header `Authorization`.

    Args:
        user: The name; it may be empty.
        password: The password, or a function that returns it; it may be empty.

    Example:
        >>> BasicCredential("ada", "secret")
        BasicCredential('Authorization')
    """

    def __init__(self, user: str, password: Given = "") -> None:  # nosec B107
        hidden = _wrapped(password)
        name = Secret(user)
        is_possible = isinstance(user, str) and ":" not in user and is_unicode(user)
        del user, password
        if not is_possible:
            raise ConfigurationError("user must be text without a colon")
        self.user = name
        """The name, wrapped: some servers take a key for it, and no password."""
        super().__init__("Authorization", hidden, "Basic ")

    def problem_of(self, secret: Secret) -> Optional[str]:
        """Return what a password must be, if it is something else; it is not shown."""
        value: Any = secret.reveal()
        if not isinstance(value, str):
            return f"text, not {kind_of(value)}"
        return None if is_unicode(value) else "text that can be encoded"

    def place(self, secret: Secret, request: Any) -> None:
        """Add the name and a password to the headers of a request."""
        request.headers[self.name] = self.prefix + self._encoded(secret)

    def spellings(self, secret: Secret) -> Iterator[Secret]:
        """Yield the password, or the name where there is none, as it is and as it is sent."""
        yield Secret(self._encoded(secret))
        if secret.reveal() or self.user.reveal():
            yield secret if secret.reveal() else self.user

    def _encoded(self, secret: Secret) -> str:
        pair = f"{self.user.reveal()}:{secret.reveal()}".encode("utf-8")
        return base64.b64encode(pair).decode("ascii")


class QueryCredential(ApiCredential):
    """A token in the query. Prefer a header: proxies and servers log queries.

    Args:
        name: The name of the parameter.
        token: The token, or a function that returns it.
    """

    def _has_name(self, name: Any) -> bool:
        return isinstance(name, str) and bool(name) and is_unicode(name)

    def _misfit(self, text: str) -> Optional[str]:
        return None if is_unicode(text) else "text that a URL can hold"

    def place(self, secret: Secret, request: Any) -> None:
        """Add a token to the query of a request, unless the query has one already."""
        request.url = self.added_to(request.url, secret)

    def added_to(self, url: str, secret: Secret) -> str:
        """Return a URL with a token in its query, unless it has one already."""
        start, mark, query = url.partition("?")
        name = quote(self.name, safe="")
        if any(pair.partition("=")[0] == name for pair in query.split("&")):
            return url
        pair = f"{name}={quote(secret.reveal(), safe='')}"
        return f"{url}{'&' if query else '' if mark else '?'}{pair}"


class CookieCredential(ApiCredential):
    """A token in a cookie.

    Args:
        name: The name of the cookie.
        token: The token, or a function that returns it.
    """

    def _misfit(self, text: str) -> Optional[str]:
        return (
            None if re.fullmatch(_COOKIE_VALUE, text) else "text that a cookie can hold"
        )

    def place(self, secret: Secret, request: Any) -> None:
        """Add a token to the cookies of a request."""
        others, cookie = request.headers.get("Cookie"), f"{self.name}={secret.reveal()}"
        request.headers["Cookie"] = f"{others}; {cookie}" if others else cookie


def _wrapped(given: Any) -> Secret:
    return given if isinstance(given, Secret) else Secret(given)
