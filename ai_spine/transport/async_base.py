"""The protocol of a transport: send a request, open a stream, close.

A transport makes single attempts and keeps these promises, whatever the network does: an attempt
ends within its timeout; it stays on one origin; bodies are bounded, and streams come in bounded
pieces; credentials go to their own origin only. What goes wrong with the network is returned as a
`Failure`, never raised.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Mapping, Optional, Union
from urllib.request import getproxies

from ai_spine.exceptions import CallInfo
from ai_spine.policy.messages import Request, Response
from ai_spine.policy.redaction import Redactor, passwords_of
from ai_spine.policy.retry import Failure
from ai_spine.policy.settings import Settings
from ai_spine.policy.tokens import secrets_of, tokens_of
from ai_spine.transport.library_logs import hide_in_logs


class AsyncByteStream(ABC):
    """A response that is still open: a stream of events, or of any bytes."""

    status: int
    headers: Mapping[str, str]
    """Names are found in any case."""
    call = CallInfo()
    """What is known of the request."""

    @abstractmethod
    async def read(self, timeout: float) -> Union[bytes, Failure]:
        """Return the next bytes as soon as there are any; none at the end of the stream.

        Args:
            timeout: Seconds to wait for them.
        """

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connection; a second call changes nothing."""


class AsyncTransport(ABC):
    """Sends requests to one server.

    Args:
        settings: Checked settings.
    """

    max_streams: Optional[int] = None
    """How many streams may be open at once, beside the requests; `None` for any number."""

    def __init__(self, settings: Settings) -> None:
        self.tokens = tokens_of(settings)
        """What authorises requests; the client asks for those that are not fixed."""
        proxies = [proxy.reveal() for proxy in settings.proxies.values()]
        self.redactor = Redactor(
            (
                *secrets_of(self.tokens.values()),
                *passwords_of([*proxies, *getproxies().values()]),
            )
        )
        """Removes the client's secrets from a server's words."""
        hide_in_logs(self.tokens.values(), self.redactor)

    @abstractmethod
    async def send(self, request: Request, timeout: float) -> Union[Response, Failure]:
        """Send a request once and read its response.

        Args:
            request: The request.
            timeout: Seconds for the whole attempt, redirects and the last byte included.
        """

    @abstractmethod
    async def open_stream(
        self, request: Request, timeout: float, any_type: bool = False
    ) -> Union[AsyncByteStream, Response, Failure]:
        """Send a request for a stream and read its headers; of an error, the whole response.

        Args:
            request: The request.
            timeout: Seconds until the headers must have come.
            any_type: Whether any response of status 2xx is a stream, not only one of events.
        """

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connections, unless they are the caller's."""
