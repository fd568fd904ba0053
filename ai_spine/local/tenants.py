"""Keeps tenants apart: each has a site of its own, which its first request makes."""

import hashlib
import json
import logging
import os
import re
import threading
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple
from urllib.parse import parse_qs, quote, unquote

from werkzeug.http import parse_cookie

from ai_spine.constants import LOGGER_NAME, MAX_TENANT_LENGTH, TENANT_HEADER
from ai_spine.exceptions import ConfigurationError
from ai_spine.local.pages.access import Access, cookie_of
from ai_spine.local.site import Site
from ai_spine.utils import is_header_value

MAX_TENANTS = 100
log = logging.getLogger(f"{LOGGER_NAME}.local")
_IN_ENVIRON = "HTTP_" + TENANT_HEADER.upper().replace("-", "_")
_OPEN_PATHS = ("/health", "/openapi.json")
_MISSING = (
    f"The request must name its tenant in {TENANT_HEADER}: set tenant=, --tenant or "
    "AI_SPINE_TENANT; in a browser, open /?tenant=NAME first"
)
_LONGEST_IN_NAME = 60  # characters of a tenant in the name of its file


class TenantRefused(ConfigurationError):
    """A tenant cannot be served; the text may be shown to whoever asks."""


class Tenants:
    """A WSGI application that passes each request on to the site of its tenant.

    A program names its tenant in `X-Tenant-Id`. A browser cannot: opening `/?tenant=NAME` sets a
    cookie that counts for its later requests.

    Args:
        common: Answers what belongs to no tenant, and those who have no key.
        make_site: Makes the site of a tenant.
        access: Knows who has the key, or has signed in.
    """

    def __init__(
        self, common: Site, make_site: Callable[[str], Site], access: Access
    ) -> None:
        self._common, self._make_site, self._access = common, make_site, access
        self._sites: Dict[str, Site] = {}
        self._lock = threading.Lock()

    def __call__(
        self, environ: Dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        try:
            chosen = _chosen_in_browser(environ)
            if chosen is not None:
                return _redirect(environ, start_response, chosen)
            answer: Iterable[bytes] = self._app_for(environ)(environ, start_response)
            return answer
        except TenantRefused as error:
            return _refuse(environ, start_response, "400 Bad Request", str(error))
        except ConfigurationError:
            log.exception("the site of a tenant cannot be made")
            words = "The server failed; see its log"
            return _refuse(environ, start_response, "500 Internal Server Error", words)

    def _app_for(self, environ: Dict[str, Any]) -> Any:
        """Return the application that answers a request.

        Raises:
            ConfigurationError: The request names no tenant, or one that cannot be served.
        """
        tenant = environ.get(_IN_ENVIRON) or _cookies(environ).get(_cookie(environ))
        if not tenant:
            if environ.get("PATH_INFO") in _OPEN_PATHS:
                return self._common.app
            raise TenantRefused(_MISSING)
        _check(tenant)
        with self._lock:
            known = self._sites.get(tenant)
        if known is None and not self._may_enter(environ):
            return self._common.app  # which refuses them: nobody else makes sites
        return self.site(tenant).app

    def _may_enter(self, environ: Dict[str, Any]) -> bool:
        """Return whether whoever asks has the key, or has signed in."""
        if not self._access.asks_for_key:
            return True
        scheme, _, key = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "bearer" and self._access.is_key(key.strip()):
            return True
        session = _cookies(environ).get(cookie_of(environ.get("HTTP_HOST", "")), "")
        return self._access.is_open_to(session)

    def site(self, tenant: str) -> Site:
        """Return the site of a tenant, which is made when it is first needed.

        Raises:
            ConfigurationError: No tenant can be called so, there are too many, or its database
                cannot be used.
        """
        _check(tenant)
        with self._lock:
            if tenant not in self._sites:
                if len(self._sites) >= MAX_TENANTS:
                    raise TenantRefused(
                        f"this server serves at most {MAX_TENANTS} tenants, until it is restarted"
                    )
                self._sites[tenant] = self._make_site(tenant)
            return self._sites[tenant]

    def all(self) -> List[Site]:
        """Return the sites made so far."""
        with self._lock:
            return list(self._sites.values())


def check_folder(db: str) -> str:
    """Return the path of a database, whose folder must exist: tenants' files come later.

    Raises:
        ConfigurationError: Nothing can be written there.
    """
    folder = os.path.dirname(db) or "."
    if db != ":memory:" and not (os.path.isdir(folder) and os.access(folder, os.W_OK)):
        raise ConfigurationError(f"the folder of db cannot be written: {folder}")
    return db


def file_of(db: str, tenant: str) -> str:
    """Return the file of a tenant, beside the one that the server was given.

    Example:
        >>> file_of("runs.db", "acme"), file_of("runs.db", "../Acme")
        ('runs.acme.db', 'runs.%2E%2E%2F%41cme.db')
    """
    if db == ":memory:":
        return db
    # Capitals too, since some systems do not tell them apart.
    name = re.sub(r"[^a-z0-9_-]", lambda found: f"%{ord(found.group()):02X}", tenant)
    if len(name) > _LONGEST_IN_NAME:
        digest = hashlib.sha256(tenant.encode("ascii")).hexdigest()
        name = name[:_LONGEST_IN_NAME] + "-" + digest[:16]
    root, suffix = os.path.splitext(db)
    return f"{root}.{name}{suffix}"


def _check(tenant: Any) -> None:
    is_text = isinstance(tenant, str) and is_header_value(tenant)
    if not is_text or len(tenant) > MAX_TENANT_LENGTH:
        raise TenantRefused(
            "a tenant must be printable ASCII text without spaces around it, of at most "
            f"{MAX_TENANT_LENGTH} characters"
        )


def _cookies(environ: Dict[str, Any]) -> Mapping[str, str]:
    return {name: unquote(text) for name, text in parse_cookie(environ).items()}


def _cookie(environ: Dict[str, Any]) -> str:
    """Return the name of the cookie, which servers on one host share as they do all others."""
    return cookie_of(environ.get("HTTP_HOST", "")) + "-tenant"


def _chosen_in_browser(environ: Dict[str, Any]) -> Optional[str]:
    """Return the tenant that a browser chooses with this request.

    Raises:
        TenantRefused: No tenant can be called so.
    """
    if environ["REQUEST_METHOD"] != "GET" or environ.get("PATH_INFO") != "/":
        return None
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if "tenant" not in query:
        return None
    chosen: str = query["tenant"][-1]
    _check(chosen)
    return chosen


def _redirect(
    environ: Dict[str, Any], start_response: Callable[..., Any], tenant: str
) -> Iterable[bytes]:
    cookie = f"{_cookie(environ)}={quote(tenant, safe='')}"
    headers = [
        ("Location", "/"),
        ("Set-Cookie", f"{cookie}; Path=/; HttpOnly; SameSite=Lax"),
        ("Content-Length", "0"),
    ]
    start_response("303 See Other", headers)
    return []


def _refuse(
    environ: Dict[str, Any],
    start_response: Callable[..., Any],
    status: str,
    detail: str,
) -> Iterable[bytes]:
    content = json.dumps({"detail": detail}).encode("utf-8")
    headers: List[Tuple[str, str]] = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(content))),
    ]
    start_response(status, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]
