"""Routes of `/api/_meta` for FastAPI applications."""

from typing import TYPE_CHECKING, Any, Optional, Union

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.ir import IRSpec
from ai_spine.sdk_sync.metadata import META_PREFIX, MetaReply, SchemaMetadata
from ai_spine.sdk_sync.registry import SchemaRegistry

if TYPE_CHECKING:
    from fastapi import APIRouter


def metadata_router(
    registry: Union[SchemaRegistry, IRSpec],
    *,
    version: str = "1.0.0",
    api_version: str = "1.0",
) -> "APIRouter":
    """Return the routes by which `ai-spine sdk-sync` reads what an application has.

    They are `GET` of `/api/_meta/schemas`, `/api/_meta/schemas/models/{name}`,
    `/api/_meta/tools/{name}` and `/api/_meta/spec`. What is registered later is served as well.

    Args:
        registry: What is served; or a specification.
        version: The version of the whole; a specification has its own.
        api_version: The version of the API; a specification has its own.

    Raises:
        ConfigError: FastAPI is not installed, or the version is none.

    Example:
        >>> routes = metadata_router(SchemaRegistry()).routes
        >>> routes[0].path
        '/api/_meta/schemas'
    """
    fastapi = _import_fastapi()
    served = SchemaMetadata(registry, version=version, api_version=api_version)
    router: "APIRouter" = fastapi.APIRouter(prefix=META_PREFIX, tags=["schemas"])

    def response_of(reply: MetaReply) -> Any:
        return fastapi.responses.JSONResponse(reply.body, reply.status)

    @router.get("/schemas")
    def get_manifest() -> Any:
        """Return the names of all models and tools, with their versions."""
        return response_of(served.manifest())

    @router.get("/schemas/models/{name:path}")
    def get_model(name: str, version: Optional[str] = None) -> Any:
        """Return the JSON Schema of a model."""
        return response_of(served.model(name, version))

    @router.get("/tools/{name:path}")
    def get_tool(name: str, version: Optional[str] = None) -> Any:
        """Return a tool with the schemas of its input and its output."""
        return response_of(served.tool(name, version))

    @router.get("/spec")
    def get_spec(
        version: Optional[str] = None, api_version: Optional[str] = None
    ) -> Any:
        """Return the whole specification."""
        return response_of(served.spec(version, api_version))

    return router


def _import_fastapi() -> Any:
    try:
        import fastapi.responses
    except ImportError:
        raise ConfigError(
            "metadata_router needs FastAPI, which is not installed: pip install fastapi"
        ) from None
    return fastapi
