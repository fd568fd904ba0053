"""Which redirects are followed: those that stay on their origin and keep their method."""

from __future__ import annotations

from typing import Callable, Mapping, Union
from urllib.parse import urljoin

import requests

from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.transport.requests.request_builder import Authorization, PlainRequest
from ai_spine.utils import one_line, origin

_REDIRECTS = (301, 302, 303, 307, 308)
_METHOD_KEEPING_REDIRECTS = (307, 308)


def is_redirect(status: int, headers: Mapping[str, str]) -> bool:
    """Return whether a response says where to ask instead."""
    return status in _REDIRECTS and "Location" in headers


def redirect_target(
    prepared: Union[requests.PreparedRequest, PlainRequest],
    status: int,
    headers: Mapping[str, str],
    redact: Callable[[str], str],
    auth: Authorization,
) -> Union[str, Failure]:
    """Return the URL that a redirect leads to, with its credentials, if it may be followed."""
    method, here = prepared.method, prepared.url or ""
    try:
        target = urljoin(here, headers["Location"])
        # As urllib3 reads it, which connects: the standard library finds other hosts in some URLs.
        target = requests.Request("GET", target).prepare().url or ""
        new_origin = origin(target)
    except (ValueError, requests.RequestException):
        return Failure(FailureKind.REFUSED, "the server redirected to an invalid URL")
    keeps_method = method in ("GET", "HEAD") or status in _METHOD_KEEPING_REDIRECTS
    if new_origin != origin(here):
        return Failure(
            FailureKind.REFUSED if keeps_method else FailureKind.UNREADABLE,
            f"the server redirected to another origin, {one_line(redact(new_origin), 200)}, which "
            "is not followed; if it is the right one, use it as base_url",
        )
    if not keeps_method:
        # 303 means that the request was carried out, and where to see the result.
        kind = FailureKind.UNREADABLE if status == 303 else FailureKind.REFUSED
        return Failure(kind, f"the server redirected a {method} ({status})")
    return auth.authorise_target(target)
