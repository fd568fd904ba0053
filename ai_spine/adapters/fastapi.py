"""A client as a dependency of FastAPI's routes."""

from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Callable, Optional

from ai_spine.exceptions import ConfigurationError


class ClientDependency:
    """A client for the routes of an application, open as long as the application runs.

    Args:
        make: Makes the client, which is an async one.
        *arguments: What it is given.
        **options: The same, by name.

    Example:
        >>> from ai_spine import AsyncRestClient
        >>> users = ClientDependency(AsyncRestClient, "https://users.example.com")
        >>> # app = FastAPI(lifespan=users.lifespan)
        >>> # async def show(client: AsyncRestClient = Depends(users)): ...
        >>> users
        ClientDependency(AsyncRestClient)
    """

    def __init__(self, make: Callable[..., Any], *arguments: Any, **options: Any):
        self._make, self._arguments, self._options = make, arguments, options
        self._client: Optional[Any] = None

    @asynccontextmanager
    async def lifespan(self, app: Any) -> AsyncIterator[None]:
        """Keep the client open: the `lifespan` of an application, or a part of it."""
        async with self._make(*self._arguments, **self._options) as client:
            self._client = client
            try:
                yield
            finally:
                self._client = None

    async def __call__(self) -> Any:
        """Return the client.

        Raises:
            ConfigurationError: The application does not keep it open.
        """
        if self._client is None:
            raise ConfigurationError(
                "the client is not open: pass the dependency's lifespan to FastAPI(lifespan=...)"
            )
        return self._client

    def __repr__(self) -> str:  # the arguments may be secrets
        return f"{type(self).__name__}({getattr(self._make, '__name__', '...')})"
