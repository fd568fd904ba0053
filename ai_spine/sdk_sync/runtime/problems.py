"""Typed errors: what an error response says, in the shape that the API declares. Pure."""

from typing import Any, Callable, Mapping, NamedTuple, Optional, Type

from ai_spine.exceptions import APIError
from ai_spine.policy.decoding import parse_json
from ai_spine.policy.messages import Response
from ai_spine.sdk_sync.runtime.responses import Headers

ErrorClasses = Mapping[Type[APIError], Type["ApiProblem"]]
"""The classes of a package, by those of the core that they extend."""
ReadBody = Callable[[Response], Any]
_MEDIA_TYPE = "application/problem+json"
_NO_HEADERS = Headers({})


class Problem(NamedTuple):
    """A problem as RFC 9457 has it.

    Example:
        >>> problem = Problem.read({"title": "Out of credit", "status": 403, "balance": 30})
        >>> problem.title, problem.type, problem.extensions
        ('Out of credit', 'about:blank', {'balance': 30})
    """

    type: str = "about:blank"
    """A URI that says which kind of problem it is."""
    title: Optional[str] = None
    """The kind of problem, in a few words."""
    status: Optional[int] = None
    """The HTTP status."""
    detail: Optional[str] = None
    """What went wrong this time."""
    instance: Optional[str] = None
    """A URI that says which occurrence it is."""
    extensions: Mapping[str, Any] = {}
    """All other members."""

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> "Problem":
        """Return JSON as a problem; members of a wrong type are as if they were absent."""
        known = {
            name: data[name]
            for name, kind in _MEMBERS.items()
            if type(data.get(name)) is kind
        }
        others = {name: data[name] for name in data if name not in _MEMBERS}
        return cls(**known, extensions=others)


_MEMBERS = {"type": str, "title": str, "status": int, "detail": str, "instance": str}


class ApiProblem(APIError):
    """The base of a package's errors: each extends an error of the core as well.

    Attributes:
        body: The body of the response, in the shape that the API declares; JSON, text or bytes
            where it declares none, or the body has another.
        problem: The problem that the body is (RFC 9457); `None` if it is none.
        headers: The headers of the response; names are found in any case.
    """

    body: Any = None
    problem: Optional[Problem] = None
    headers: Mapping[str, str] = _NO_HEADERS


def error_classes(*classes: Type[ApiProblem]) -> ErrorClasses:
    """Return the classes of a package by the classes of the core that they extend.

    Args:
        classes: The base of the package, which extends only `ApiProblem`, and its classes.

    Example:
        >>> from ai_spine.exceptions import NotFoundError
        >>> class ShopError(ApiProblem): "Anything that the shop refuses."
        >>> class ShopNotFoundError(ShopError, NotFoundError): "404."
        >>> error_classes(ShopError, ShopNotFoundError)[NotFoundError].__name__
        'ShopNotFoundError'
    """
    core = APIError.__module__
    return {
        next(base for base in each.__mro__ if base.__module__ == core): each
        for each in classes
    }


def typed_error(error: APIError, classes: ErrorClasses) -> APIError:
    """Return an error of the core as one of a package; unchanged if the package has none for it."""
    kind = next((classes[c] for c in type(error).__mro__ if c in classes), None)
    if kind is None:
        return error
    typed = kind(error.message)
    vars(typed).update(vars(error))
    return typed


def refine(
    error: APIError,
    response: Response,
    classes: ErrorClasses,
    read: ReadBody,
    redact: Callable[[str], str],
) -> APIError:
    """Return the error of a response as one of a package, with what the response says.

    Args:
        error: The error of the core.
        response: The response; its body is without secrets.
        classes: The classes of the package.
        read: Reads the body in the shape that the operation declares.
        redact: Removes secrets from the headers.
    """
    typed = typed_error(error, classes)
    if isinstance(typed, ApiProblem):
        headers = response.headers
        typed.headers = Headers({name: redact(headers[name]) for name in headers})
        typed.body = read(response)
        typed.problem = _problem_of(response)
    return typed


def _problem_of(response: Response) -> Optional[Problem]:
    kind = response.headers.get("Content-Type", "")
    try:
        data = parse_json(response.body, kind)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    is_problem = kind.partition(";")[0].strip().lower() == _MEDIA_TYPE
    # Many servers send problems as plain JSON.
    is_like_one = isinstance(data.get("title"), str) and "type" in data
    return Problem.read(data) if is_problem or is_like_one else None
