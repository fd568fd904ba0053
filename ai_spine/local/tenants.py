"""Keeps tenants apart: each has a site of its own, which its first request makes."""

import hashlib
import json
import os
import re
import threading
from http.cookies import CookieError, SimpleCookie
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple
from urllib.parse import parse_qs, quote, unquote

from ai_spine.constants import MAX_TENANT_LENGTH, TENANT_HEADER
from ai_spine.exceptions import ConfigurationError
from ai_spine.local.pages.access import cookie_of
from ai_spine.local.site import Site
from ai_spine.utils import is_header_value

MAX_TENANTS = 100
_IN_ENVIRON = "HTTP_" + TENANT_HEADER.upper().replace("-", "_")
_LONGEST_IN_NAME = 60  # characters of a tenant in the name of its file


class Tenants:
    """A WSGI application that passes each request on to the site of its tenant.

    A program names its tenant in `X-Tenant-Id`. A browser cannot: opening `/?tenant=NAME` sets a
    cookie that counts for its later requests.

    Args:
        common: Answers `/health`, which belongs to no tenant.
        make_site: Makes the site of a tenant.
    """

    def __init__(self, common: Site, make_site: Callable[[str], Site]) -> None:
        self._common, self._make_site = common, make_site
        self._sites: Dict[str, Site] = {}
        self._lock = threading.Lock()

    def __call__(
        self, environ: Dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        chosen = _chosen_in_browser(environ)
        if chosen is not None:
            return _redirect(environ, start_response, chosen)
        tenant = environ.get(_IN_ENVIRON) or _tenant_of_cookie(environ)
        if not tenant:
            if environ.get("PATH_INFO") == "/health":
                return self._common.app(environ, start_response)
            return _refuse(
                environ,
                start_response,
                f"The request must name its tenant in {TENANT_HEADER}; "
                "in a browser, open /?tenant=NAME first",
            )
        try:
            site = self.site(tenant)
        except ConfigurationError as error:
            return _refuse(environ, start_response, str(error))
        return site.app(environ, start_response)

    def site(self, tenant: str) -> Site:
        """Return the site of a tenant, which is made when it is first needed.

        Raises:
            ConfigurationError: No tenant can be called so, there are too many, or its database
                cannot be used.
        """
        if not is_tenant(tenant):
            raise ConfigurationError(
                "a tenant must be printable ASCII text without spaces around it, of at most "
                f"{MAX_TENANT_LENGTH} characters"
            )
        with self._lock:
            if tenant not in self._sites:
                if len(self._sites) >= MAX_TENANTS:
                    raise ConfigurationError(
                        f"this server serves at most {MAX_TENANTS} tenants"
                    )
                self._sites[tenant] = self._make_site(tenant)
            return self._sites[tenant]

    def all(self) -> List[Site]:
        """Return the sites made so far."""
        with self._lock:
            return list(self._sites.values())


def is_tenant(value: Any) -> bool:
    """Return whether a tenant can be called so."""
    is_text = isinstance(value, str) and is_header_value(value)
    return is_text and len(value) <= MAX_TENANT_LENGTH


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


def _cookie_name(environ: Dict[str, Any]) -> str:
    return cookie_of(environ.get("HTTP_HOST", "")) + "-tenant"


def _tenant_of_cookie(environ: Dict[str, Any]) -> Optional[str]:
    try:
        cookies = SimpleCookie(environ.get("HTTP_COOKIE", ""))
    except CookieError:
        return None
    found = cookies.get(_cookie_name(environ))
    return None if found is None else unquote(found.value)


def _chosen_in_browser(environ: Dict[str, Any]) -> Optional[str]:
    """Return the tenant that a browser chooses with this request."""
    if environ["REQUEST_METHOD"] != "GET" or environ.get("PATH_INFO") != "/":
        return None
    found = parse_qs(environ.get("QUERY_STRING", "")).get("tenant")
    return found[-1] if found and is_tenant(found[-1]) else None


def _redirect(
    environ: Dict[str, Any], start_response: Callable[..., Any], tenant: str
) -> Iterable[bytes]:
    cookie = f"{_cookie_name(environ)}={quote(tenant, safe='')}"
    headers = [
        ("Location", "/"),
        ("Set-Cookie", f"{cookie}; Path=/; HttpOnly; SameSite=Strict"),
        ("Content-Length", "0"),
    ]
    start_response("303 See Other", headers)
    return []


def _refuse(
    environ: Dict[str, Any], start_response: Callable[..., Any], detail: str
) -> Iterable[bytes]:
    content = json.dumps({"detail": detail}).encode("utf-8")
    headers: List[Tuple[str, str]] = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(content))),
    ]
    start_response("400 Bad Request", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]
