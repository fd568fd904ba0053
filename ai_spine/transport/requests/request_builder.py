"""Requests, ready to be sent: what all requests of one operation share is worked out once."""

from typing import Any, Dict, Mapping, Optional, Tuple
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from ai_spine.__version__ import __version__
from ai_spine.exceptions import ValidationError
from ai_spine.operations import Credential, Operation
from ai_spine.policy.settings import Settings
from ai_spine.policy.validation import encode_json
from ai_spine.transport.requests.sending import ACCEPTED_ENCODINGS
from ai_spine.transport.requests.session_pool import SessionPool
from ai_spine.utils import Secret, origin, quote_segment

_USER_AGENT = f"ai-spine-sdk-python/{__version__}"
_MOST_TEMPLATES = 64  # there are fewer operations; `request` takes any path


class BearerAuth(AuthBase):
    """Puts the key on requests to one origin, and nothing on others.

    It stands on keyless clients too: with it, `requests` does not look into `~/.netrc`.
    """

    def __init__(self, api_key: Optional[Secret], base_url: str) -> None:
        self._api_key = api_key
        # As `requests` writes it, which is not always as it was given: bücher.example, say.
        url = requests.Request("GET", base_url).prepare().url or ""
        self._origin = origin(url)
        self._start = url[: url.index("/", url.index("//") + 2) + 1]

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._api_key is not None and self._is_home(prepared.url or ""):
            prepared.headers["Authorization"] = f"Bearer {self._api_key.reveal()}"
        return prepared

    def _is_home(self, url: str) -> bool:
        return url.startswith(self._start) or origin(url) == self._origin


class Preparer:
    """Prepares the requests of a client.

    Args:
        settings: Checked settings.
        pool: Where the session comes from that is to send them.
    """

    def __init__(self, settings: Settings, pool: SessionPool) -> None:
        self._settings = settings
        self._pool = pool
        self._base_path = urlsplit(settings.base_url).path
        self._root = settings.base_url[: len(settings.base_url) - len(self._base_path)]
        self._auth = {
            Credential.API_KEY: BearerAuth(settings.api_key, settings.base_url),
            Credential.ACCESS_TOKEN: BearerAuth(
                settings.access_token, settings.base_url
            ),
            Credential.NONE: BearerAuth(None, settings.base_url),
        }
        # By method, path and whether there is a body; none of them has a key or an id in it.
        self._templates: Dict[Tuple[str, str, bool], requests.PreparedRequest] = {}

    def path(self, operation: Operation[Any], ids: Mapping[str, str]) -> str:
        """Gives the whole path of an operation, as it goes into logs and errors."""
        return self._base_path + operation.path_for(self._settings.api_prefix, ids)

    def prepare(
        self,
        operation: Operation[Any],
        ids: Mapping[str, str],
        own_headers: Mapping[str, str],
        body: Optional[Mapping[str, Any]],
        params: Optional[Mapping[str, Any]],
    ) -> requests.PreparedRequest:
        """Gives the request for one call.

        Args:
            operation: What to send.
            ids: The ids of its path.
            own_headers: Headers that no other call has.
            body: What goes as JSON.
            params: What goes as query; `None` values are left out.

        Raises:
            ValidationError: `body` is not JSON, or `params` cannot stand in a URL.
        """
        content = None if body is None else encode_json(body)
        auth = self._auth[operation.credential]
        if params or not self._pool.is_plain:
            path = self.path(operation, ids)
            return self._made(
                operation.method, path, content, own_headers, params, auth
            )
        template = self._template(operation, content)
        prepared = requests.PreparedRequest()
        prepared.method = template.method
        prepared.url = _filled(template.url or "", ids)
        prepared.headers = template.headers.copy()
        prepared.headers.update(own_headers)
        if content is not None:
            prepared.body = content
            prepared.headers["Content-Length"] = str(len(content))
        return auth(prepared)

    def _template(
        self, operation: Operation[Any], content: Optional[bytes]
    ) -> requests.PreparedRequest:
        """Gives the request of an operation, with the names of its ids, and without a key."""
        name = (operation.method, operation.path, content is not None)
        template = self._templates.get(name)
        if template is None:
            if len(self._templates) >= _MOST_TEMPLATES:
                self._templates.clear()
            path = self._base_path + operation.template(self._settings.api_prefix)
            template = self._made(
                operation.method, path, content, {}, None, self._auth[Credential.NONE]
            )
            template.body = None
            self._templates[name] = template
        return template

    def _made(
        self,
        method: str,
        path: str,
        content: Optional[bytes],
        own_headers: Mapping[str, str],
        params: Optional[Mapping[str, Any]],
        auth: AuthBase,
    ) -> requests.PreparedRequest:
        """Has the session prepare a request, whatever the caller has set on it."""
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": ACCEPTED_ENCODINGS,
            "User-Agent": _USER_AGENT,
            **self._settings.headers,
            **own_headers,
        }
        if content is not None:
            headers["Content-Type"] = "application/json"
        request = requests.Request(
            method,
            self._root + path,
            headers=headers,
            data=content,
            params=params,
            auth=auth,
        )
        try:
            return self._pool.session.prepare_request(request)
        except UnicodeError:
            raise ValidationError(
                "params hold half of a character, which no URL can"
            ) from None


def _filled(url: str, ids: Mapping[str, str]) -> str:
    for name, value in ids.items():
        # The last, since the server's own path may hold anything.
        head, _, tail = url.rpartition(f"%7B{name}%7D")
        url = head + quote_segment(value) + tail
    return url
