"""What the command's exit codes mean, and which error has which."""

from typing import Tuple, Type

from ai_spine.exceptions import (
    AISpineError,
    AuthenticationError,
    ConfigurationError,
    ExecutionError,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    TimeoutError,
    ValidationError,
)

DONE = 0
API_ERROR = 1
USAGE = 2
AUTHENTICATION = 3
NOT_FOUND = 4
EXECUTION_FAILED = 5
TIMEOUT = 6
RATE_LIMIT = 7
NETWORK = 8
INTERRUPTED = 130
CLOSED_PIPE = 141  # what shells say of a program that a closed pipe has ended

# The first class that fits decides, so the narrower ones stand first.
_CODES: Tuple[Tuple[Type[AISpineError], int], ...] = (
    (AuthenticationError, AUTHENTICATION),
    (PermissionDeniedError, AUTHENTICATION),
    (NotFoundError, NOT_FOUND),
    (RateLimitError, RATE_LIMIT),
    (ExecutionError, EXECUTION_FAILED),
    (TimeoutError, TIMEOUT),
    (NetworkError, NETWORK),
)


def exit_code_of(error: AISpineError) -> int:
    """Gives the exit code for an error.

    Example:
        >>> exit_code_of(NotFoundError("no such flow"))
        4
    """
    for error_class, code in _CODES:
        if isinstance(error, error_class):
            return code
    if type(error) in (ConfigurationError, ValidationError):
        return USAGE
    return API_ERROR
