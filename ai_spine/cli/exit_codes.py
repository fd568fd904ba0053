"""What the command's exit codes mean, and which error has which."""

import typing

if (
    typing.TYPE_CHECKING
):  # its room imports `requests`, for which a help page need not wait
    from ai_spine.exceptions import AISpineError

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
_SDK_SYNC = {"SDK009": USAGE, "SDK010": NETWORK}  # by the code of the error


def exit_code_of(error: "AISpineError") -> int:
    """Return the exit code for an error.

    Example:
        >>> from ai_spine import NotFoundError
        >>> exit_code_of(NotFoundError("no such flow"))
        4
    """
    from ai_spine import exceptions

    # The first class that fits decides, so narrower classes come first.
    codes = (
        (exceptions.AuthenticationError, AUTHENTICATION),
        (exceptions.PermissionDeniedError, AUTHENTICATION),
        (exceptions.NotFoundError, NOT_FOUND),
        (exceptions.RateLimitError, RATE_LIMIT),
        (exceptions.ExecutionError, EXECUTION_FAILED),
        (exceptions.TimeoutError, TIMEOUT),
        (exceptions.NetworkError, NETWORK),
    )
    for error_class, code in codes:
        if isinstance(error, error_class):
            return code
    if type(error) in (exceptions.ConfigurationError, exceptions.ValidationError):
        return USAGE
    return _SDK_SYNC.get(getattr(type(error), "code", ""), API_ERROR)
