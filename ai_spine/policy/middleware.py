"""What callers put between a client and its transport. Pure: it checks what they return."""

from typing import Any, Iterator, NamedTuple, Type, TypeVar

from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.policy.messages import Request, Response
from ai_spine.utils import is_header_value, one_line

BEFORE, AFTER = "before_request", "after_response"
M = TypeVar("M", Request, Response)


class Middleware(NamedTuple):
    """The objects that see each attempt of a client, in the order in which they were added."""

    members: tuple = ()  # type: ignore[type-arg]

    def with_member(self, member: Any) -> "Middleware":
        """Return it with one more.

        Raises:
            ConfigurationError: It has neither of the methods.
        """
        if not any(callable(getattr(member, name, None)) for name in (BEFORE, AFTER)):
            raise ConfigurationError(
                f"a middleware must have {BEFORE}(request) or {AFTER}(request, response)"
            )
        return Middleware((*self.members, member))

    def calls(self, name: str) -> Iterator[Any]:
        """Yield the methods of that name; those after a response in the opposite order."""
        for member in self.members if name == BEFORE else reversed(self.members):
            method = getattr(member, name, None)
            if method is not None:
                yield method


def checked(name: str, method: Any, value: Any, kind: Type[M]) -> M:
    """Return what a middleware has returned.

    Raises:
        ConfigurationError: It is something else; most often, nothing.
        ValidationError: A header cannot be sent. The message does not repeat its value.
    """
    owner = type(getattr(method, "__self__", method)).__name__
    if not isinstance(value, kind):
        what = kind.__name__.lower()
        raise ConfigurationError(
            f"{name} of the middleware {owner} returned {type(value).__name__}: it must return the "
            f"{what}, changed or as it is"
        )
    if isinstance(value, Request):
        for header, text in value.headers.items():
            if not is_header_value(header) or not is_header_value(text):
                shown = one_line(str(header), 100)
                raise ValidationError(
                    f"the middleware {owner} has set the header {shown}, which must be "
                    "printable ASCII text without spaces around it"
                )
    return value
