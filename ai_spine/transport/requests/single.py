"""One request to any server, without a client: as the local server sends them to HTTP agents."""

import ipaddress
import sys
from typing import Any, Mapping, Optional, Union
from urllib.parse import urlsplit

import requests
import urllib3

from ai_spine.policy.messages import Response
from ai_spine.policy.retry import Failure, FailureKind
from ai_spine.transport.requests.adapter import BoundedAdapter
from ai_spine.transport.requests.failures import translate_errors

_CHUNK_BYTES = 16 * 1024


class _Session(requests.Session):
    """A session for one request, whose timeout bounds all of it; it follows no redirect."""

    def __init__(self) -> None:
        super().__init__()
        self.headers["Accept-Encoding"] = "identity"
        for scheme in ("http://", "https://"):
            self.mount(scheme, BoundedAdapter(max_retries=0))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return no target, or `requests` would read the redirect's body without a limit."""


def send_once(
    method: str,
    url: str,
    *,
    content: Optional[bytes] = None,
    headers: Mapping[str, str] = {},
    timeout: float,
    max_bytes: int,
) -> Union[Response, Failure]:
    """Send a request without credentials or cookies, and read its response.

    It goes through the environment's proxy, unless the host is this machine.

    Args:
        method: The HTTP method.
        url: The URL.
        content: The body, which is JSON.
        headers: Headers to send with it.
        timeout: Seconds for the whole request.
        max_bytes: How large the response may be.
    """
    handled = sys.exc_info()[1]
    kind = {} if content is None else {"Content-Type": "application/json"}
    try:
        request = requests.Request(
            method, url, data=content, headers={**headers, **kind}, auth=_no_auth
        )
        with _Session() as session:
            prepared = session.prepare_request(request)
            options = session.merge_environment_settings(url, {}, True, None, None)
            if _is_on_this_machine(url):
                options["proxies"] = {}
            whole: Any = urllib3.Timeout(total=timeout)
            with session.send(
                prepared, timeout=whole, allow_redirects=False, **options
            ) as reply:
                return _read(reply, max_bytes)
    except requests.RequestException as error:
        return translate_errors(error, handled)
    except ValueError:  # of a URL that nothing can be sent to
        return Failure(FailureKind.REFUSED, "the request cannot be sent")
    except BaseException as error:
        return translate_errors(error, handled)


def _read(reply: requests.Response, max_bytes: int) -> Union[Response, Failure]:
    content = bytearray()
    for chunk in reply.iter_content(_CHUNK_BYTES):
        content += chunk
        if len(content) > max_bytes:
            message = f"the response is larger than {max_bytes // 2**20} MiB"
            return Failure(FailureKind.UNREADABLE, message)
    return Response(reply.status_code, reply.headers, bytes(content))


def _is_on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _no_auth(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave a request as it is; without this, `requests` would read `~/.netrc`."""
    return prepared
