"""Shows that a generated package does what its OpenAPI document says: `sdk-sync verify`."""

from ai_spine.sdk_sync.verifying.server import DocumentServer, Received

__all__ = ["DocumentServer", "Received"]
