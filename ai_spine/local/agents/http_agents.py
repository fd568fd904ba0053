"""Agents that are HTTP services, and the task that any agent gets."""

import json
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional
from urllib.parse import urlsplit

from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.policy.json_encoding import encode_json
from ai_spine.policy.messages import Response
from ai_spine.policy.redaction import Redactor, passwords_of
from ai_spine.policy.retry import Failure
from ai_spine.transport.requests.single import send_once
from ai_spine.utils import has_control_characters, is_unicode, one_line

# Seconds that an HTTP agent may take where its node's config does not say.
DEFAULT_HTTP_TIMEOUT = 60.0
MAX_AGENT_RESPONSE_BYTES = 16 * 1024 * 1024


class AgentFailed(Exception):
    """An agent could not do its work; the text says why.

    Args:
        words: The text.
        traceback: The traceback of what the agent's function raised.
    """

    def __init__(self, words: str, traceback: Optional[str] = None) -> None:
        super().__init__(words)
        self.traceback = traceback


class Task(NamedTuple):
    """What an agent must do."""

    execution_id: str
    node_id: str
    input: Dict[str, Any]
    config: Dict[str, Any]
    timeout: Optional[float]
    headers: Mapping[str, str] = {}
    """The headers that continue the trace at a service."""
    tenant: Optional[str] = None
    ends: Optional[float] = None
    """When the node times out, by `time.monotonic`."""
    report: Callable[[float, Optional[str]], None] = lambda progress, message: None
    """Records the agent's progress."""


class HttpAgent:
    """An agent that is a service of its own.

    It is sent what the contract says and nothing else: no key of the server, no password of
    `~/.netrc`, no cookie. It is reached through the environment's proxy, unless it is on this
    machine.
    """

    def __init__(self, agent_id: str, endpoint: str) -> None:
        self.agent_id = agent_id
        self.endpoint = check_endpoint(f"agent {agent_id!r}", endpoint)

    def describe(self) -> Dict[str, Any]:
        """Return the agent as the API describes it."""
        return describe_http_agent(
            {"agent_id": self.agent_id, "endpoint": self.endpoint}
        )

    def run(self, task: Task) -> Any:
        """Let the service do the work within the task's timeout.

        Raises:
            AgentFailed: The service is not there, is too slow, or reports a failure.
        """
        body = {
            "execution_id": task.execution_id,
            "node_id": task.node_id,
            "input": task.input,
            "config": task.config,
        }
        return self._read(self._request("execute", body, task.timeout, task.headers))

    def health(self, timeout: float) -> Mapping[str, Any]:
        """Request the service's health, and return the response.

        Raises:
            AgentFailed: It is not there, is too slow, or does not say that it is ready.
        """
        response = self._request("health", None, timeout)
        if response.status >= 400:
            raise self._failed(f"responded with status {response.status}")
        try:
            health = json.loads(response.body)
        except (ValueError, RecursionError):
            health = None
        if not isinstance(health, dict):
            raise self._failed("the response is not a JSON object")
        if health.get("ready") is False:
            raise self._failed("it says that it is not ready")
        return health

    def _request(
        self,
        path: str,
        body: Optional[Mapping[str, Any]],
        timeout: Optional[float],
        headers: Mapping[str, str] = {},
    ) -> Response:
        """Send a request to the service: a POST with a body, else a GET."""
        try:
            content = None if body is None else encode_json(body)
        except ValidationError as error:
            raise self._failed(str(error)) from error
        result = send_once(
            "GET" if body is None else "POST",
            f"{self.endpoint}/{path}",
            content=content,
            headers=headers,
            timeout=timeout or DEFAULT_HTTP_TIMEOUT,
            max_bytes=MAX_AGENT_RESPONSE_BYTES,
        )
        if isinstance(result, Failure):
            raise self._failed(result.message)
        return result

    def _read(self, response: Response) -> Any:
        try:
            answer = json.loads(response.body)
        except (ValueError, RecursionError):
            answer = None
        reply = answer if isinstance(answer, dict) else {}
        if reply.get("status") == "error" or response.status >= 400:
            reason = (
                reply.get("error_message") or f"responded with status {response.status}"
            )
            raise self._failed(_text_of(reason))
        if reply.get("status") != "success":
            raise self._failed("the response has neither the status success nor error")
        return reply.get("output")

    def _failed(self, words: str) -> AgentFailed:
        # The service may repeat the password in its message.
        redact = Redactor(passwords_of([self.endpoint])).redact
        message = redact(f"{self.endpoint}: {words}")
        return AgentFailed(f"agent {self.agent_id!r} at {message}")


def check_endpoint(owner: str, endpoint: Any) -> str:
    """Return the URL of an HTTP agent or a tool, without a slash at its end.

    Args:
        owner: Whose it is, for the message, such as `agent 'eddie'`.
        endpoint: The URL.

    Raises:
        ConfigurationError: It is not an http(s) URL.
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
    raise ConfigurationError(f"{owner}: its endpoint must be an http or https URL")


def describe_http_agent(given: Mapping[str, Any]) -> Dict[str, Any]:
    """Return an agent as the API describes it, from the fields that are known."""
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
    """Return a service's reason as one line; it may be any JSON, and nested without end."""
    try:
        return one_line(str(reason), 500)
    except RecursionError:
        return "the reason cannot be read"
