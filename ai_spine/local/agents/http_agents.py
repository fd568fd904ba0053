"""Agents that are HTTP services, after the agent contract, and what any agent is asked to do."""

import ipaddress
import json
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import urlsplit

import requests
import urllib3

from ai_spine.exceptions import ConfigurationError
from ai_spine.policy.redaction import Redactor, passwords_of
from ai_spine.transport.requests.adapter import BoundedAdapter
from ai_spine.transport.requests.failures import failure_of
from ai_spine.utils import has_control_characters, is_unicode, one_line

# Seconds that an HTTP agent may take where its node's config does not say.
DEFAULT_HTTP_TIMEOUT = 60.0
MAX_AGENT_RESPONSE_BYTES = 16 * 1024 * 1024
_CHUNK_BYTES = 16 * 1024


class AgentFailed(Exception):
    """An agent could not do its work; the text says why."""


class Task(NamedTuple):
    """What an agent is asked to do."""

    execution_id: str
    node_id: str
    input: Dict[str, Any]
    config: Dict[str, Any]
    timeout: Optional[float]


class HttpAgent:
    """An agent that is a service of its own.

    It is sent what the contract says and nothing else: no key of the server, no password of
    `~/.netrc`, no cookie. It is asked through the environment's proxy, unless it is on this
    machine.
    """

    def __init__(self, agent_id: str, endpoint: str) -> None:
        self.agent_id = agent_id
        self.endpoint = check_endpoint(agent_id, endpoint)

    def describe(self) -> Dict[str, Any]:
        """Gives the agent as the API tells of it."""
        return describe_http_agent(
            {"agent_id": self.agent_id, "endpoint": self.endpoint}
        )

    def run(self, task: Task) -> Any:
        """Has the service do the work, in the time that the task gives for the whole of it.

        Raises:
            AgentFailed: The service is not there, is too slow, or reports a failure.
        """
        body = {
            "execution_id": task.execution_id,
            "node_id": task.node_id,
            "input": task.input,
            "config": task.config,
        }
        response, content = self._ask("execute", body, task.timeout)
        return self._read(response, content)

    def health(self, timeout: float) -> Mapping[str, Any]:
        """Asks the service how it is, and gives what it says.

        Raises:
            AgentFailed: It is not there, is too slow, or does not say that it is ready.
        """
        response, content = self._ask("health", None, timeout)
        if not response.ok:
            raise self._failed(f"answered with status {response.status_code}")
        try:
            told = json.loads(content)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise self._failed("its answer is no JSON object")
        if told.get("ready") is False:
            raise self._failed("it says that it is not ready")
        return told

    def _ask(
        self, path: str, body: Optional[Mapping[str, Any]], timeout: Optional[float]
    ) -> Tuple[requests.Response, bytes]:
        """Posts a body, or gets, and gives the answer and its content."""
        method = "GET" if body is None else "POST"
        url = f"{self.endpoint}/{path}"
        request = requests.Request(method, url, json=body, auth=_no_auth)
        try:
            with _Session() as session, self._send(
                session, request, timeout
            ) as response:
                return response, self._content_of(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise self._failed(failure_of(error).message) from error
        except (OSError, ValueError, RecursionError) as error:
            raise self._failed("the request cannot be sent") from error

    def _send(
        self,
        session: requests.Session,
        request: requests.Request,
        seconds: Optional[float],
    ) -> requests.Response:
        url = request.url
        timeout: Any = urllib3.Timeout(total=seconds or DEFAULT_HTTP_TIMEOUT)
        prepared = session.prepare_request(request)
        settings = session.merge_environment_settings(url, {}, True, None, None)
        if _is_on_this_machine(url):
            settings["proxies"] = {}
        return session.send(
            prepared, timeout=timeout, allow_redirects=False, **settings
        )

    def _content_of(self, response: requests.Response) -> bytes:
        content = bytearray()
        for chunk in response.iter_content(_CHUNK_BYTES):
            content += chunk
            if len(content) > MAX_AGENT_RESPONSE_BYTES:
                limit = MAX_AGENT_RESPONSE_BYTES // 2**20
                raise self._failed(f"its answer is larger than {limit} MiB")
        return bytes(content)

    def _read(self, response: requests.Response, content: bytes) -> Any:
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            answer = None
        told = answer if isinstance(answer, dict) else {}
        if told.get("status") == "error" or not response.ok:
            reason = (
                told.get("error_message")
                or f"answered with status {response.status_code}"
            )
            raise self._failed(_text_of(reason))
        if told.get("status") != "success":
            raise self._failed("its answer has no status of success or error")
        return told.get("output")

    def _failed(self, words: str) -> AgentFailed:
        # A service's words may repeat the password as well.
        redact = Redactor(passwords_of([self.endpoint])).redact
        told = redact(f"{self.endpoint}: {words}")
        return AgentFailed(f"agent {self.agent_id!r} at {told}")


class _Session(requests.Session):
    """A session for one request, whose timeout bounds all of it; no redirect is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.headers["Accept-Encoding"] = "identity"
        for scheme in ("http://", "https://"):
            self.mount(scheme, BoundedAdapter(max_retries=0))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Gives no target, or `requests` would read the redirect's body without a limit."""


def check_endpoint(agent_id: str, endpoint: Any) -> str:
    """Gives the URL of an HTTP agent, without a slash at its end.

    Raises:
        ConfigurationError: It is no http(s) URL.
    """
    try:
        parts = urlsplit(endpoint) if isinstance(endpoint, str) else None
        if parts is not None and parts.scheme in ("http", "https") and parts.hostname:
            possible = parts.port is None or parts.port > 0  # beyond 65535, it raises
            if (
                possible
                and is_unicode(endpoint)
                and not has_control_characters(endpoint)
            ):
                return str(endpoint).rstrip("/")
    except ValueError:
        pass
    raise ConfigurationError(
        f"agent {agent_id!r}: its endpoint must be an http or https URL"
    )


def describe_http_agent(given: Mapping[str, Any]) -> Dict[str, Any]:
    """Gives an agent as the API tells of it, from as much as was given."""
    return {
        "agent_id": given["agent_id"],
        "name": given.get("name") or given["agent_id"],
        "description": given.get("description") or "",
        "endpoint": given["endpoint"],
        "capabilities": given.get("capabilities") or [],
        "agent_type": given.get("agent_type") or "processor",
        "is_active": True,
    }


def _text_of(reason: Any) -> str:
    """Gives a service's reason as one line; it may be any JSON, and nested without end."""
    try:
        return one_line(str(reason), 500)
    except RecursionError:
        return "told no reason that can be read"


def _is_on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _no_auth(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stands where `requests` would otherwise look into ~/.netrc."""
    return prepared
