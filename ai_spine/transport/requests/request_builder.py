"""Builds the requests that a session sends; what one operation's requests share is built once."""

from __future__ import annotations

from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Union,
)
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict
from requests.utils import requote_uri

from ai_spine.__version__ import __version__
from ai_spine.policy.credentials import QueryCredential
from ai_spine.policy.messages import JSON, Request
from ai_spine.policy.settings import Settings
from ai_spine.policy.tokens import Token
from ai_spine.transport.requests.bodies import ACCEPTED_ENCODINGS
from ai_spine.utils import fill_in, origin, quote_segment

_LENGTH, _TYPE, _COOKIE = "Content-Length", "Content-Type", "Cookie"
_HEADERS = {
    "Accept": JSON,
    "Accept-Encoding": ACCEPTED_ENCODINGS,
    "User-Agent": f"ai-spine-sdk-python/{__version__}",
}
_MAX_TEMPLATES = (
    512  # most APIs have fewer operations; `AISpine.request` takes any path
)
_WITHOUT_LENGTH = ("GET", "HEAD")  # if they have no body, as `requests` does


class Authorization(AuthBase):
    """Adds credentials to requests to one origin, and to no others.

    Requests without a credential have one as well: with it, `requests` does not read `~/.netrc`.

    Args:
        tokens: What is added.
        base_url: A URL of the origin.
    """

    def __init__(self, tokens: Sequence[Token], base_url: str) -> None:
        self._tokens = tokens
        # As `requests` writes it, which may differ from what was given: bücher.example, say.
        url = requests.Request("GET", base_url).prepare().url or ""
        self._origin = origin(url)
        self._root = url[: url.index("/", url.index("//") + 2) + 1]

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        self.authorise(prepared)
        return prepared

    def authorise(
        self, request: Union[requests.PreparedRequest, "PlainRequest"]
    ) -> None:
        """Add the credentials to a request if its URL is on the right origin."""
        url = request.url or ""
        if url.startswith(self._root) or origin(url) == self._origin:
            for token in self._tokens:
                if token.current is not None:
                    token.credential.place(token.current, request)

    def authorise_target(self, url: str) -> str:
        """Return the URL of a redirect with the credentials that belong into it."""
        for token in self._tokens:
            if isinstance(token.credential, QueryCredential) and token.current:
                url = token.credential.added_to(url, token.current)
        return url


class _Headers(CaseInsensitiveDict):  # type: ignore[type-arg]
    """Headers that are copied and listed in a tenth of the time, as `urllib3` does each time."""

    _store: Any

    def copy(self) -> "_Headers":
        copied = _Headers.__new__(_Headers)
        copied._store = self._store.copy()
        return copied

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self._store.values()])

    def items(self) -> Any:
        return self._store.values()  # each is a name and a value


class PlainRequest:
    """A request for other libraries than `requests`; its `repr` shows nothing of it."""

    __slots__ = ("method", "url", "headers", "body")

    def __init__(
        self, method: str, url: str, headers: Dict[str, str], body: Optional[bytes]
    ) -> None:
        self.method, self.url, self.headers, self.body = method, url, headers, body

    def redirected_to(self, url: str) -> "PlainRequest":
        """Return the same request for another URL of its origin."""
        return PlainRequest(self.method, url, self.headers, self.body)


class RequestBuilder:
    """Builds the requests to one server.

    Args:
        settings: Checked settings.
        tokens: What authorises them.
        session: Returns the session that prepares them.
        is_plain: Returns whether nothing was set on it that changes how it does that.
    """

    headers: Mapping[str, str] = _HEADERS
    """What each plain request has, unless it says otherwise."""

    def __init__(
        self,
        settings: Settings,
        tokens: Mapping[Any, Token],
        session: Callable[[], requests.Session],
        is_plain: Callable[[], bool],
    ) -> None:
        self._session, self._is_plain = session, is_plain
        self._root = settings.base_url[
            : len(settings.base_url) - len(urlsplit(settings.base_url).path)
        ]
        self._tokens, self._base_url = tokens, settings.base_url
        self._auth: Dict[Tuple[Any, ...], Authorization] = {}
        # By method, path and type of the body; none of them holds a key or an id.
        self._templates: Dict[Tuple[str, str, bool, Any], requests.PreparedRequest] = {}
        known = (*_HEADERS, _TYPE, _LENGTH, _COOKIE)
        self._names = {name.lower(): name for name in known}

    def auth_of(self, request: Request) -> Authorization:
        """Return what adds the credentials of a request."""
        auth = self._auth.get(request.credentials)
        if auth is None:
            tokens = [self._tokens[name] for name in request.credentials]
            auth = Authorization(tokens, self._base_url)
            self._auth[request.credentials] = auth
        return auth

    def build_plain(self, request: Request) -> PlainRequest:
        """Build the request for one attempt, for another library than `requests`."""
        url = _with_ids(self._template(request).url or "", request.ids)
        if request.query:
            url += "?" + request.query
        headers = dict(self.headers)
        if request.content_type is not None:
            headers[_TYPE] = request.content_type
        for name, value in request.headers.items():
            headers[self._names.get(name.lower(), name)] = value
        if request.content is not None:
            headers[_LENGTH] = str(len(request.content))
        elif request.method not in _WITHOUT_LENGTH:
            headers[_LENGTH] = "0"
        plain = PlainRequest(request.method, url, headers, request.content)
        self.auth_of(request).authorise(plain)
        return plain

    def build(self, request: Request) -> requests.PreparedRequest:
        """Build the request for one attempt."""
        auth = self.auth_of(request)
        if not self._is_plain():
            return self._prepare(request, request.headers, auth)
        template = self._template(request)
        prepared = requests.PreparedRequest()
        prepared.method = template.method
        prepared.url = _with_ids(template.url or "", request.ids)
        if request.query:
            prepared.url += "?" + request.query
        prepared.headers = headers = template.headers.copy()
        for name, value in request.headers.items():
            headers[name] = value
        if request.content is not None:
            prepared.body = request.content
            headers[_LENGTH] = str(len(request.content))
        return auth(prepared)

    def _template(self, request: Request) -> requests.PreparedRequest:
        """Return the request of an operation, with the names of its ids and without a key."""
        has_body = request.content is not None
        name = (request.method, request.template, has_body, request.content_type)
        template = self._templates.get(name)
        if template is None:
            if len(self._templates) >= _MAX_TEMPLATES:
                self._templates.clear()
            no_ids = request._replace(ids={}, query="", credentials=())
            template = self._prepare(no_ids, {}, self.auth_of(no_ids))
            template.body, template.headers = None, _Headers(template.headers)
            self._templates[name] = template
        return template

    def _prepare(
        self, request: Request, headers: Mapping[str, str], auth: AuthBase
    ) -> requests.PreparedRequest:
        """Let the session prepare a request, with whatever the caller has set on it."""
        content_type: Dict[str, str] = {}
        if request.content_type is not None:
            content_type[_TYPE] = request.content_type
        path = fill_in(request.template, request.ids)
        return self._session().prepare_request(
            requests.Request(
                request.method,
                self._root + path + ("?" + request.query if request.query else ""),
                headers={**_HEADERS, **content_type, **headers},
                data=request.content,
                auth=auth,
            )
        )


def bare_session() -> requests.Session:
    """Return a session that prepares requests, which another library sends."""
    session = requests.Session()
    session.headers.clear()
    return session


def _with_ids(url: str, ids: Mapping[str, str]) -> str:
    for name, value in ids.items():
        # The last, as in `fill_in`.
        head, found, tail = url.rpartition(f"%7B{name}%7D")
        if not found:  # a name that `requests` has quoted
            head, _, tail = url.rpartition(requote_uri("{%s}" % name))
        url = head + quote_segment(value) + tail
    return url
