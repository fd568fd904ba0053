"""The synchronous transport, on `requests` and `urllib3`."""

from __future__ import annotations

from typing import Optional

from ai_spine.policy.settings import Settings
from ai_spine.transport.requests.transport import (
    RequestsTransport,
    Session,
    check_session,
)

__all__ = ["RequestsTransport", "Session", "check_session", "make_transport"]


def make_transport(
    settings: Settings, session: Optional[Session] = None
) -> RequestsTransport:
    """Make the transport of a synchronous client.

    Args:
        settings: Checked settings.
        session: A checked session of the caller's.
    """
    if settings.phases is None:
        return RequestsTransport(settings, session)
    from ai_spine.transport.requests.phases import PhasedTransport  # few set limits

    return PhasedTransport(settings, session)
