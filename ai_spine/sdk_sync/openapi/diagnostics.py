"""What is wrong in an OpenAPI document, each with its place."""

from typing import Any, Iterator, List, NamedTuple, Optional

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.utils import one_line

ERROR, WARNING = "error", "warning"
_SHOWN = 300
_MOST = 50  # findings of the validator that are listed


class Problem(NamedTuple):
    """Something in a document that is wrong, or that was left out."""

    pointer: str
    """The JSON Pointer of the place."""
    sentence: str
    """What is wrong there, and what was done about it."""
    severity: str = WARNING
    """`error` if an operation is missing because of it, or else `warning`."""
    line: Optional[int] = None
    """The line in the file, counted from 1."""
    file: str = ""
    """The file."""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        at = one_line(self.pointer, _SHOWN) or "/"
        return f"{place}: {self.sentence} (at {at})"


def validator_findings(data: Any) -> List[Problem]:
    """Return what openapi-spec-validator finds in a document.

    Args:
        data: The document, as JSON.

    Raises:
        ConfigError: It is not installed.

    Example:
        >>> validator_findings({"openapi": "3.1.0", "info": {"title": "A", "version": "1"}})[1:]
        []
    """
    try:
        from openapi_spec_validator import OpenAPIV30SpecValidator
        from openapi_spec_validator import OpenAPIV31SpecValidator
    except ImportError:
        words = "needs openapi-spec-validator: pip install openapi-spec-validator"
        raise ConfigError(f"validating an OpenAPI document {words}") from None
    is_old = str(data.get("openapi", "")).startswith("3.0")
    kind: Any = OpenAPIV30SpecValidator if is_old else OpenAPIV31SpecValidator
    found: List[Problem] = []
    try:
        for error in kind(data).iter_errors():
            found.append(_finding(error))
            if len(found) == _MOST:
                break
    except Exception as error:  # it stumbles over documents that are read here
        words = one_line(f"{type(error).__name__}: {error}", _SHOWN)
        found.append(Problem("", f"openapi-spec-validator failed: {words}"))
    return found


def _finding(error: Any) -> Problem:
    words = one_line(str(getattr(error, "message", error)), _SHOWN)
    path: Iterator[Any] = iter(getattr(error, "absolute_path", ()))
    parts = [str(part).replace("~", "~0").replace("/", "~1") for part in path]
    pointer = "".join(f"/{part}" for part in parts)
    return Problem(pointer, f"openapi-spec-validator says: {words}")
