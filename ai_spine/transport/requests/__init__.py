"""The synchronous transport, on `requests` and `urllib3`."""

from ai_spine.transport.requests.transport import (
    RequestsTransport,
    Session,
    check_session,
)
from ai_spine.transport.requests.transport import RequestsTransport as make_transport

__all__ = ["RequestsTransport", "Session", "check_session", "make_transport"]
