"""The synchronous transport, on `requests` and `urllib3`."""

from ai_spine.transport.requests.transport import RequestsTransport

__all__ = ["RequestsTransport"]
