"""A client of any API in the place of `AISpine`: the same faults befall its verbs and its pages."""

from functools import partial
from types import SimpleNamespace
from typing import Any, Callable

from ai_spine import AISpineError, NotFoundError, RestClient
from tests.clients import blocking_rest
from tests.faults.case import Case
from tests.faults.cases import BY_NAME
from tests.faults.expected import Expected
from tests.faults.matrix import Run
from tests.faults.world import World


def _has_changed(world: World, state: Any, found: Any) -> bool:
    kept = world.store.get("flow", state.cell)["description"]
    return isinstance(found, dict) and found.get("description") == kept == "new"


CASES = [
    BY_NAME["request GET"],
    BY_NAME["request POST"],
    Case(
        "request PUT",
        (("PUT", "anything"),),
        lambda c, s: c.request(
            "PUT", f"/flows/{s.cell}", json={**s.flow, "description": "new"}
        ),
        _has_changed,
    ),
    Case(
        "request DELETE",
        (("DELETE", "anything"),),
        lambda c, s: c.request("DELETE", f"/flows/{s.cell}"),
        lambda w, s, found: not w.store.get("flow", s.cell),
    ),
    Case(
        "items",
        (("GET", "anything"),),
        lambda c, s: c.items("/flows"),
        lambda w, s, found: s.cell in [each.get("flow_id") for each in found],
    ),
]


class General:
    """A client of any API with the methods that the cases call.

    Args:
        client: The client, which blocks.
        idem: Whether the keys of its requests are honoured.
    """

    def __init__(self, client: Any, idem: bool) -> None:
        self._client, self._idem = client, idem
        self._api = client._api

    def request(self, method: str, path: str, *, json: Any = None) -> Any:
        idem = self._idem and method == "POST"
        return self._client.call(method, path, json=json, idem=idem)

    def items(self, path: str) -> Any:
        return list(self._client.items(path))

    def health_check(self) -> Any:
        return SimpleNamespace(**self._client.get("/health"))

    def with_options(self, **options: Any) -> "General":
        return General(self._client.with_options(**options), self._idem)

    def close(self) -> None:
        self._client.close()


def _make(
    library: str,
    *,
    api_key: Any,
    access_token: Any,
    base_url: str,
    retry_writes: bool,
    **options: Any,
) -> General:
    del api_key  # which this server does not know
    kind = RestClient if library == "requests" else partial(blocking_rest, library)
    return General(kind(base_url, access_token, **options), idem=retry_writes)


class GeneralRun(Run):
    """A cell that is played with a client of any API; what is repeated has `idem=True`."""

    @property
    def maker(self) -> Callable[..., Any]:
        return partial(_make, self._library)

    def _client(self) -> Any:
        client = super()._client()
        client._api._policy.retry_writes = False
        return client

    def _judge_error(self, error: AISpineError, expected: Expected) -> str:
        is_repeated = isinstance(error, NotFoundError) and len(error.attempts) > 1
        if is_repeated and self.cell.case.name == "request DELETE":
            return "a"  # what the first attempt took away, the second does not find
        if (self.cell.case.name, self.cell.fault.name) == ("items", "a text"):
            return "a"  # which is JSON, and no page
        return super()._judge_error(error, expected)
