"""Builds the requests that a session sends; what one operation's requests share is built once."""

from typing import Callable, Dict, Mapping, MutableMapping, Optional, Tuple
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from ai_spine.__version__ import __version__
from ai_spine.policy.messages import Credential, Request
from ai_spine.policy.settings import Settings
from ai_spine.policy.tokens import Token
from ai_spine.transport.requests.bodies import ACCEPTED_ENCODINGS
from ai_spine.utils import fill_in, origin, quote_segment

_LENGTH, _TYPE, _JSON = "Content-Length", "Content-Type", "application/json"
_HEADERS = {
    "Accept": _JSON,
    "Accept-Encoding": ACCEPTED_ENCODINGS,
    "User-Agent": f"ai-spine-sdk-python/{__version__}",
}
_MAX_TEMPLATES = 64  # there are fewer operations; `AISpine.request` takes any path


class BearerAuth(AuthBase):
    """Adds the key to requests to one origin, and to no others.

    Clients without a key have one as well: with it, `requests` does not read `~/.netrc`.
    """

    def __init__(self, token: Token, base_url: str) -> None:
        self._token = token
        # As `requests` writes it, which may differ from what was given: bücher.example, say.
        url = requests.Request("GET", base_url).prepare().url or ""
        self._origin = origin(url)
        self._root = url[: url.index("/", url.index("//") + 2) + 1]

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        self.add_key(prepared.url or "", prepared.headers)
        return prepared

    def add_key(self, url: str, headers: MutableMapping[str, str]) -> None:
        """Add the key to the headers of a request if its URL is on the right origin."""
        key = self._token.current
        if key is not None and self._is_own_origin(url):
            headers["Authorization"] = f"Bearer {key.reveal()}"

    def _is_own_origin(self, url: str) -> bool:
        return url.startswith(self._root) or origin(url) == self._origin


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

    def __init__(
        self,
        settings: Settings,
        tokens: Mapping[Credential, Token],
        session: Callable[[], requests.Session],
        is_plain: Callable[[], bool],
    ) -> None:
        self._session, self._is_plain = session, is_plain
        self._root = settings.base_url[
            : len(settings.base_url) - len(urlsplit(settings.base_url).path)
        ]
        self._auth = {
            credential: BearerAuth(token, settings.base_url)
            for credential, token in tokens.items()
        }
        # By method, path and whether there is a body; none of them holds a key or an id.
        self._templates: Dict[Tuple[str, str, bool], requests.PreparedRequest] = {}
        self._names = {name.lower(): name for name in (*_HEADERS, _TYPE, _LENGTH)}

    def build_plain(self, request: Request) -> PlainRequest:
        """Build the request for one attempt, for another library than `requests`."""
        url = _with_ids(self._template(request).url or "", request.ids)
        if request.query:
            url += "?" + request.query
        headers = dict(_HEADERS)
        for name, value in request.headers.items():
            headers[self._names.get(name.lower(), name)] = value
        if request.content is not None:
            headers[_TYPE] = _JSON
            headers[_LENGTH] = str(len(request.content))
        elif request.method != "GET":  # as `requests` does
            headers[_LENGTH] = "0"
        self._auth[request.credential].add_key(url, headers)
        return PlainRequest(request.method, url, headers, request.content)

    def build(self, request: Request) -> requests.PreparedRequest:
        """Build the request for one attempt."""
        auth = self._auth[request.credential]
        if not self._is_plain():
            return self._prepare(request, request.headers, auth)
        template = self._template(request)
        prepared = requests.PreparedRequest()
        prepared.method = template.method
        prepared.url = _with_ids(template.url or "", request.ids)
        if request.query:
            prepared.url += "?" + request.query
        prepared.headers = template.headers.copy()
        prepared.headers.update(request.headers)
        if request.content is not None:
            prepared.body = request.content
            prepared.headers[_LENGTH] = str(len(request.content))
        return auth(prepared)

    def _template(self, request: Request) -> requests.PreparedRequest:
        """Return the request of an operation, with the names of its ids and without a key."""
        name = (request.method, request.template, request.content is not None)
        template = self._templates.get(name)
        if template is None:
            if len(self._templates) >= _MAX_TEMPLATES:
                self._templates.clear()
            no_ids = request._replace(ids={}, query="")
            template = self._prepare(no_ids, {}, self._auth[Credential.NONE])
            template.body = None
            self._templates[name] = template
        return template

    def _prepare(
        self, request: Request, headers: Mapping[str, str], auth: AuthBase
    ) -> requests.PreparedRequest:
        """Let the session prepare a request, with whatever the caller has set on it."""
        content_type: Dict[str, str] = {}
        if request.content is not None:
            content_type[_TYPE] = _JSON
        path = fill_in(request.template, request.ids)
        return self._session().prepare_request(
            requests.Request(
                request.method,
                self._root + path + ("?" + request.query if request.query else ""),
                headers={**_HEADERS, **headers, **content_type},
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
        head, _, tail = url.rpartition(f"%7B{name}%7D")  # the last, as in `fill_in`
        url = head + quote_segment(value) + tail
    return url
