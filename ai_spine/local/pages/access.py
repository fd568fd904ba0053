"""Access to the page: sessions of people who have the key, and the tokens of forms."""

import hmac
import re
import secrets
import threading
import time
from typing import Callable, Dict, Optional

from werkzeug.wrappers import Request

from ai_spine.local.http.responses import digest_of

SESSION_SECONDS = 12 * 3600.0
MOST_SESSIONS = 1000
# What may follow a sign-in: paths of this page, and nothing that a browser takes for another host.
_OWN_PATH = re.compile(r"/(page/[!-\[\]-~]*)?")
_PORT = re.compile(r":(\d+)$")


class Access:
    """The sessions of a server's page. A session is a random text that says nothing of the key.

    Args:
        key_digest: The digest of the server's key; without one, no session is needed.
        now: Returns seconds that only grow.
    """

    def __init__(
        self, key_digest: Optional[bytes], *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._key_digest = key_digest
        self._now = now
        self._secret = secrets.token_bytes(32)
        self._ends: Dict[bytes, float] = {}
        self._lock = threading.Lock()

    @property
    def asks_for_key(self) -> bool:
        """Whether the server has a key."""
        return self._key_digest is not None

    def is_key(self, text: str) -> bool:
        """Return whether a text is the server's key."""
        return self._key_digest is not None and hmac.compare_digest(
            digest_of(text), self._key_digest
        )

    def begin(self) -> str:
        """Begin a session for somebody who has entered the key, and return it."""
        session = secrets.token_urlsafe(32)
        now = self._now()
        with self._lock:
            self._ends = {key: end for key, end in self._ends.items() if end > now}
            while len(self._ends) >= MOST_SESSIONS:  # the oldest comes first
                del self._ends[next(iter(self._ends))]
            self._ends[digest_of(session)] = now + SESSION_SECONDS
        return session

    def end(self, session: str) -> None:
        """End a session; if it does not exist, that is no error."""
        with self._lock:
            self._ends.pop(digest_of(session), None)

    def is_open_to(self, session: str) -> bool:
        """Return whether the bearer of a session may see and do things."""
        if not self.asks_for_key:
            return True
        with self._lock:
            return self._ends.get(digest_of(session), 0.0) > self._now()

    def token_for(self, session: str) -> str:
        """Return what a form must carry, which no page of another origin can read."""
        known = session if self.is_open_to(session) and self.asks_for_key else ""
        text = known.encode("utf-8", "surrogateescape")
        return hmac.new(self._secret, text, "sha256").hexdigest()

    def is_token_for(self, session: str, token: str) -> bool:
        """Return whether a form comes from a page that this server sent to this session."""
        given = token.encode("utf-8", "surrogateescape")
        return hmac.compare_digest(given, self.token_for(session).encode("ascii"))


def cookie_of(host: str) -> str:
    """Return the name of the session's cookie: servers on one host share all, whatever their port.

    Example:
        >>> cookie_of("127.0.0.1:8000")
        'ai-spine-page-8000'
    """
    found = _PORT.search(host)
    return f"ai-spine-page-{found.group(1) if found else 80}"


def own_path(path: str) -> str:
    """Return the path back if it leads to this page, and else the page's own.

    Example:
        >>> own_path("/page/executions?from=20"), own_path("//evil.example/page/")
        ('/page/executions?from=20', '/')
    """
    return path if _OWN_PATH.fullmatch(path) else "/"


def session_of(asked: Request) -> str:
    """Return the session that came along with a request; empty if none did."""
    return asked.cookies.get(cookie_of(asked.host), "")


def wants_html(asked: Request) -> bool:
    """Return whether a browser asks: programs do not mention HTML, or prefer JSON."""
    kinds = ["application/json", "text/html"]
    return asked.accept_mimetypes.best_match(kinds) == "text/html"
