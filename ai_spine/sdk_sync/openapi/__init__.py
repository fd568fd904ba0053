"""OpenAPI documents: read as a specification, and written from one."""

from ai_spine.sdk_sync.openapi.diagnostics import Problem
from ai_spine.sdk_sync.openapi.reader import ReadDocument, is_openapi, read_openapi
from ai_spine.sdk_sync.openapi.writer import write_openapi

__all__ = ["Problem", "ReadDocument", "is_openapi", "read_openapi", "write_openapi"]
