"""The errors of the package."""

from ai_spine import exceptions as core
from ai_spine.sdk_sync.runtime.problems import (
    ApiProblem,
    ErrorClasses,
    error_classes,
)


class OrdersError(ApiProblem):
    """Anything that the server refuses."""


class BadRequestError(OrdersError, core.BadRequestError):
    """400 or 422."""


class AuthenticationError(OrdersError, core.AuthenticationError):
    """401."""


class PermissionDeniedError(OrdersError, core.PermissionDeniedError):
    """403."""


class NotFoundError(OrdersError, core.NotFoundError):
    """404."""


class ServerError(OrdersError, core.ServerError):
    """5xx."""


ERRORS: ErrorClasses = error_classes(
    OrdersError,
    BadRequestError,
    AuthenticationError,
    PermissionDeniedError,
    NotFoundError,
    ServerError,
)
