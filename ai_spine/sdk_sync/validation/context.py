"""`ValidationContext`: collects what does not fit."""

import warnings
from typing import Any, Dict, List, Sequence, Union

from ai_spine.sdk_sync.errors import SDKSyncWarning, ValidationError
from ai_spine.sdk_sync.ir.references import escaped
from ai_spine.utils import one_line

Place = Sequence[Union[str, int]]
"""The names and numbers that lead to a value."""
_SHOWN = 5  # errors in a sentence
_LONGEST = 300  # characters


class ValidationContext:
    """Collects what does not fit, to be raised or warned of at once.

    As a context manager, it does so at the end.

    Args:
        strict: Whether errors are raised, and not warned of.

    Attributes:
        strict: Whether errors are raised, and not warned of.
        errors: What does not fit: `path` (a JSON Pointer), `field`, `error` (the rule that it
            breaks) and `message` of each.
        warnings: What may be wrong, likewise.

    Example:
        >>> context = ValidationContext()
        >>> context.add_error("must be a number", ["items", 0, "price"], error="type_error")
        >>> context.has_errors(), context.errors[0]["path"], context.errors[0]["field"]
        (True, '/items/0/price', 'items[0].price')
    """

    def __init__(self, strict: bool = True) -> None:
        self.strict = strict
        self.errors: List[Dict[str, Any]] = []
        self.warnings: List[Dict[str, Any]] = []

    def add_error(
        self, message: str, place: Place = (), *, error: str = "invalid"
    ) -> None:
        """Add something that does not fit.

        Args:
            message: What is expected; it must not repeat the value.
            place: The names and numbers that lead to the value.
            error: The rule that it breaks.
        """
        self.errors.append(_entry(message, place, error))

    def add_warning(
        self, message: str, place: Place = (), *, error: str = "invalid"
    ) -> None:
        """Add something that may be wrong; the arguments are those of `add_error`."""
        self.warnings.append(_entry(message, place, error))

    def has_errors(self) -> bool:
        """Return whether anything does not fit."""
        return bool(self.errors)

    def clear(self) -> None:
        """Forget all errors and warnings."""
        self.errors.clear()
        self.warnings.clear()

    def finish(self, subject: str = "the data does not fit") -> None:
        """Raise the errors if strict; warn of them if not, and of the warnings.

        Args:
            subject: What does not fit what, for the message.

        Raises:
            ValidationError: There are errors, and the context is strict.

        Warns:
            SDKSyncWarning: There are warnings, or errors and the context is not strict.
        """
        if self.errors and self.strict:
            raise self.as_error(subject)
        passed = self.errors + self.warnings
        if passed:
            warnings.warn(_sentence(subject, passed), SDKSyncWarning, stacklevel=3)

    def as_error(self, subject: str) -> ValidationError:
        """Return all errors as one, to be raised.

        Args:
            subject: What does not fit what, for the message.
        """
        return ValidationError(
            _sentence(subject, self.errors),
            field_path=self.errors[0]["path"] if self.errors else None,
            validation_errors=self.errors,
        )

    def __enter__(self) -> "ValidationContext":
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is None:
            self.finish()


def _entry(message: str, place: Place, error: str) -> Dict[str, Any]:
    names = [f"[{p}]" if isinstance(p, int) else f".{p}" for p in place]
    return {
        "path": "".join(f"/{escaped(str(each))}" for each in place),
        "field": one_line("".join(names).lstrip("."), _LONGEST),
        "error": error,
        "message": one_line(message, _LONGEST),
    }


def _sentence(subject: str, entries: List[Dict[str, Any]]) -> str:
    shown = [
        f"{entry['field']} {entry['message']}".strip() for entry in entries[:_SHOWN]
    ]
    more = len(entries) - len(shown)
    words = "; ".join(shown) + (f"; and {more} more" if more else "")
    return f"{one_line(subject, 150)}: {words}"


def pydantic_misfits(error: Any, message: str) -> ValidationError:
    """Return what pydantic found wrong as an error of SDK-Sync, without the values.

    Args:
        error: The `ValidationError` of pydantic.
        message: What does not fit what.
    """
    context = ValidationContext()
    for each in error.errors(include_url=False):
        context.add_error(each["msg"], each["loc"], error=each["type"])
    return context.as_error(message)
