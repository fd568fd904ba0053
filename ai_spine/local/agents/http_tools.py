"""Calls tools, which are HTTP services."""

from typing import Any, Dict, Mapping
from urllib.parse import urlsplit

from ai_spine.local.agents.http_agents import MAX_AGENT_RESPONSE_BYTES, AgentFailed
from ai_spine.flows.json_reading import parse_json
from ai_spine.policy.json_encoding import encode_json
from ai_spine.policy.redaction import Redactor, passwords_of, redact_query
from ai_spine.policy.retry import Failure
from ai_spine.transport.requests.single import send_once
from ai_spine.utils import one_line

TOOL_TIMEOUT = 300.0  # seconds


def call_tool(
    endpoint: str,
    input_data: Mapping[str, Any],
    config_data: Mapping[str, Any],
    timeout: float = TOOL_TIMEOUT,
) -> Dict[str, Any]:
    """Send a tool its input, and return its output.

    How AI Spine itself calls a tool is not documented. Here the endpoint gets a POST of
    `{"input_data": …, "config_data": …}`, and its response is the output: a JSON object.

    Args:
        endpoint: The URL of the tool.
        input_data: The input of the tool.
        config_data: The configuration to execute it with.
        timeout: Seconds for the whole call.

    Raises:
        AgentFailed: The tool is not there, is too slow, or does not respond with a JSON object.
    """
    body = {"input_data": input_data, "config_data": config_data}
    result = send_once(
        "POST",
        endpoint,
        content=encode_json(body),
        timeout=timeout,
        max_bytes=MAX_AGENT_RESPONSE_BYTES,
    )
    if isinstance(result, Failure):
        raise _failed(endpoint, result.message)
    if not 200 <= result.status < 300:
        raise _failed(endpoint, f"responded with status {result.status}")
    try:
        output = parse_json(result.body.decode("utf-8"))
    except ValueError as error:
        raise _failed(endpoint, f"the response is not JSON: {error}") from None
    if not isinstance(output, dict):
        raise _failed(endpoint, "the response is not a JSON object")
    return output


def _failed(endpoint: str, words: str) -> AgentFailed:
    redact = Redactor(passwords_of([endpoint])).redact
    parts = urlsplit(endpoint)
    shown = parts._replace(query=redact_query(parts.query)).geturl()
    return AgentFailed(one_line(redact(f"{shown}: {words}"), 1000))
