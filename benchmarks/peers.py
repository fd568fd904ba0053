"""Other SDKs and HTTP clients, each with one typed or plain GET of an execution."""

from contextlib import ExitStack
from importlib import metadata
from importlib.util import find_spec
from typing import Callable, Dict, Optional

from benchmarks.harness import Contender, Report
from benchmarks.raw import EXECUTION

_PATH = "/executions/" + str(EXECUTION["execution_id"])
_KEY = "sk_benchmark"


def _httpx(url: str, undo: ExitStack) -> Contender:
    import httpx

    client = undo.enter_context(httpx.Client(trust_env=False))
    return lambda: client.get(url + _PATH).json()


def _openai(url: str, undo: ExitStack) -> Contender:
    """One of its models is read, as far as the response has its fields."""
    import openai

    client = undo.enter_context(openai.OpenAI(api_key=_KEY, base_url=url))
    return lambda: client.models.retrieve("m")


def _replicate(url: str, undo: ExitStack) -> Contender:
    """Its models need fields that no execution has, so it reads JSON."""
    from replicate.client import Client

    client = Client(api_token=_KEY, base_url=url)
    undo.callback(client._client.close)
    return lambda: client._request("GET", _PATH).json()


def _stripe(url: str, undo: ExitStack) -> Contender:
    import stripe

    requests_client = stripe.RequestsClient()
    undo.callback(requests_client.close)
    client = stripe.StripeClient(
        _KEY, base_addresses={"api": url}, http_client=requests_client
    )
    return lambda: client.raw_request("get", _PATH)


_PEERS: Dict[str, Callable[[str, ExitStack], Contender]] = {
    "httpx": _httpx,
    "openai": _openai,
    "replicate": _replicate,
    "stripe": _stripe,
}


def peers(url: str, report: Report, undo: ExitStack) -> Dict[str, Contender]:
    """Return the installed peers, and report the others."""
    found: Dict[str, Contender] = {}
    for name, make in _PEERS.items():
        version = _version_of(name)
        if version is None:
            report.leave_out(name, "it is not installed (see requirements-bench.txt)")
            continue
        contender = make(url, undo)
        contender()
        found[f"{name} {version}"] = contender
    return found


def _version_of(name: str) -> Optional[str]:
    return None if find_spec(name) is None else metadata.version(name)
