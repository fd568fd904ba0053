"""`RonClient` and `RonClientSync`: clients of the app plane, on the general clients."""

import contextlib
import copy
import functools
import warnings
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, Optional, Tuple, TypeVar, cast

from ai_spine.adapters.fastapi import ClientDependency
from ai_spine.adapters.flask import init_app
from ai_spine.async_rest import AsyncRestClient
from ai_spine.config.urls import check_prefix
from ai_spine.exceptions import AISpineError
from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.credentials import TOKEN
from ai_spine.policy.messages import Exchange, Response
from ai_spine.policy.rest_requests import Target
from ai_spine.rest import RestClient
from ai_spine.ron import capabilities, config
from ai_spine.ron.errors import AmnesiaWarning, RonAuthError, RonConfigError
from ai_spine.ron.errors import RonError, as_ron, refine
from ai_spine.utils import one_line

PROTOCOL_VERSION = "0.1"
"""The version of the protocol that these clients speak."""
_STATUS = "/api/v1/status"
_BRIEFLY: Any = {"max_retries": 0, "deadline": 2.0}  # what waits for it is another call
_KEPT = "timeout max_retries deadline retry_writes retry_after_limit headers tenant workspace"

Client = TypeVar("Client", bound="RonSettings")
_ANY: Any = object
_ARGUMENTS = """
    Args:
        base_url: The gateway; by default `RON_SDK_GATEWAY_ADDR`, `RON_APP_URL`, or
            `http://127.0.0.1:8080`.
        token: The token; by default `RON_APP_TOKEN`. It is kept in memory, and shown nowhere.
        macaroon: The same, where it is a macaroon.
        token_provider: A function that returns it; asked again when it is refused or has expired.
        app_prefix: What is put before paths of no other plane; `None` for nothing.
        tls_verify: Whether to check certificates.
        tls_ca: The path of a bundle of certificates to trust.
        allow_insecure_http: Whether http may lead to another machine.
        env_file: The path of a `.env` file; variables of the process win over those in it.
        amnesia: `warn` to ask, before the first request that stores, whether the node keeps it in
            memory only; `ignore` not to ask.
        **options: What the general client takes.

    Raises:
        RonConfigError: A setting is wrong.
"""


class RonSettings(_ANY):  # type: ignore[misc]  # either of the general clients
    """What both clients have."""

    _api: Any

    def __init__(
        self,
        base_url: Optional[str] = None,
        token: Any = None,
        *,
        macaroon: Optional[str] = None,
        token_provider: Any = None,
        app_prefix: Optional[str] = "/app",
        tls_verify: bool = True,
        tls_ca: Optional[str] = None,
        allow_insecure_http: bool = False,
        env_file: Any = None,
        amnesia: str = "warn",
        **options: Any,
    ) -> None:
        given = config.hide({**locals(), **options})
        del token, macaroon, token_provider, options
        if amnesia not in ("warn", "ignore"):
            raise RonConfigError("amnesia must be warn or ignore")
        self._node = {"asked": amnesia == "ignore"}
        with _as_ron():
            self._prefix = check_prefix("app_prefix", app_prefix or "")
            self._begin_with(config.resolve(given))

    def with_caveat(self: Client, **caveats: Any) -> Client:
        """Return a client with connections of its own, whose token is restricted further.

        Args:
            **caveats: `expiry` (a text such as `10m`, a duration, or a time), `readonly`, `tenant`,
                `write_once`, `content_prefix` and `ip_allowlist`.

        Raises:
            RonConfigError: A caveat is wrong, or the token is no macaroon.
        """
        if self._given["token"] is None:
            raise RonConfigError("with_caveat needs a token, and the client has none")
        settings = self._api.settings
        kept = {name: getattr(settings, name) for name in _KEPT.split()}
        given = {**self._given, **kept}
        added = capabilities.caveats_of(**caveats)
        given["token"] = capabilities.restrict(given["token"], added)
        made = copy.copy(self)
        with _as_ron():
            made._begin_with(given)
        made._api.middleware = self._api.middleware
        return made

    def init_app(self, app: Any) -> None:
        """Make this client the one of a Flask application: `app.extensions["ron"]`."""
        init_app(app, self, "ron")

    def _begin_with(self, given: Dict[str, Any]) -> None:
        """Make what sends."""
        self._given = given
        self._expiry: Tuple[Any, Optional[datetime]] = (None, None)
        super().__init__(**config.revealed(given))

    def _target_of(self, path: Any, query: Any) -> Target:
        whole = config.path_below(self._prefix, path)
        return cast(Target, super()._target_of(whole, query))

    def _exchange(self, method: Any, target: Target, **given: Any) -> Exchange:
        self._check_token(self._api.transport.tokens.get(TOKEN))
        exchange: Exchange = super()._exchange(method, target, **given)
        read = functools.partial(_read, exchange.read)
        return exchange._replace(refine=refine, read=read)

    def _check_token(self, token: Any) -> None:
        """Refuse a token whose time is over, or have its function asked again."""
        current = token and token.current
        if current is not self._expiry[0]:
            self._expiry = (current, capabilities.expiry_of(current))
        moment = self._expiry[1]
        if moment is not None and moment <= datetime.now(timezone.utc):
            if token.source is None:
                raise RonAuthError("the token has expired: nothing was sent")
            token.refuse(token.version)

    def _translate(self, error: AISpineError) -> AISpineError:
        return as_ron(error)

    def _stores(self, method: Any, path: Any) -> bool:
        """Return whether to ask, the first time something is stored, how long it will last."""
        is_write = method in ("PUT", "POST") and "storage" in str(path).split("/")
        asks = is_write and not self._node["asked"]
        self._node["asked"] |= asks
        return asks


class RonClient(RonSettings, AsyncRestClient):
    __doc__ = f"""A client of the app plane, for `asyncio`.\n{_ARGUMENTS}"""

    async def call(self, method: Any, path: str = "", **options: Any) -> Any:
        """Send any request; the options are those of the general client."""
        if self._stores(method, path):
            with contextlib.suppress(RonError):  # then it is not known
                asking = self.with_options(**_BRIEFLY)
                _warn_of_amnesia(await asking.get(_STATUS))
        return await super().call(method, path, **options)

    async def close(self) -> None:
        """Close the connections."""
        await self.aclose()


class RonClientDependency(ClientDependency):
    """A `RonClient` as a dependency of FastAPI's routes; its arguments are those of the client."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(RonClient, *arguments, **options)


class RonClientSync(RonSettings, RestClient):
    __doc__ = f"""A client of the app plane, for threads.\n{_ARGUMENTS}"""

    def call(self, method: Any, path: str = "", **options: Any) -> Any:
        """Send any request; the options are those of the general client."""
        if self._stores(method, path):
            with contextlib.suppress(RonError):  # then it is not known
                _warn_of_amnesia(self.with_options(**_BRIEFLY).get(_STATUS))
        return super().call(method, path, **options)


@contextlib.contextmanager
def _as_ron() -> Iterator[None]:
    try:
        yield
    except AISpineError as error:
        raise as_ron(error) from None


def _warn_of_amnesia(status: Any) -> None:
    known = status if isinstance(status, dict) else {}
    features = known.get("features")
    is_named = isinstance(features, list) and "storage_mem_amnesia" in features
    if is_named or known.get("engine") == "mem":
        words = "the node keeps what is stored in memory only, until it stops"
        warnings.warn(words, AmnesiaWarning, stacklevel=4)


def _read(read: Any, response: Response) -> Any:
    """Return what is read from a response of this protocol."""
    version = response.headers.get("X-RON-Protocol", PROTOCOL_VERSION).lstrip("v")
    if version.partition(".")[0] != PROTOCOL_VERSION.partition(".")[0]:
        words = f"protocol {one_line(version, 20)}, while this SDK speaks {PROTOCOL_VERSION}"
        raise UnexpectedResponse(f"{words}: use the SDK for that protocol")
    return read(response)
