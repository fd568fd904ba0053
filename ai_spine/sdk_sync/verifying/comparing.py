"""Compares what a method returned with what the server sent."""

import base64
import re
import uuid
from datetime import datetime
from typing import Any, Mapping, Optional

from ai_spine.sdk_sync.generators.python.endpoints.contents import is_xml
from ai_spine.sdk_sync.verifying.answers import Answer, is_json
from ai_spine.utils import one_line

_LONGEST = 200
_REQUEST_ID = re.compile(r",? request id [0-9a-f-]+")


def difference(result: Mapping[str, Any], answer: Answer) -> Optional[str]:
    """Return how a result is otherwise than the response; `None` if it is the same.

    Args:
        result: What the process of the package says of a call.
        answer: The response of the server.
    """
    status = answer.response.status
    if "error" in result:
        is_refused = not 200 <= status < 300
        is_same = is_refused and result.get("status") in (status, None)
        said = _REQUEST_ID.sub("", str(result["error"]))
        return None if is_same else one_line(said, _LONGEST)
    if not 200 <= status < 300:
        return f"it returned, although the response was {status}"
    body, kind = answer.response.body, answer.response.header("Content-Type") or ""
    if "bytes" in result:
        is_same = base64.b64decode(result["bytes"]) == body
        return None if is_same else "the bytes are not those of the response"
    if answer.values is not None and "values" in result:
        return _listed(result["values"], answer.values)
    value = result.get("value")
    if answer.values is not None and is_json(kind):
        return _different(value, answer.values[0])
    if not body:
        return None if value is None else _said(value, None)
    return None if is_xml(kind) else _different(value, body.decode("utf-8", "replace"))


def _listed(found: Any, sent: Any) -> Optional[str]:
    return None if same(found, sent) else _said(found, sent)


def _different(found: Any, sent: Any) -> Optional[str]:
    return None if same(found, sent) else _said(found, sent)


def _said(found: Any, sent: Any) -> str:
    shown = one_line(repr(found), _LONGEST), one_line(repr(sent), _LONGEST)
    return f"it returned {shown[0]} for {shown[1]}"


def same(one: Any, other: Any) -> bool:
    """Return whether two values are the same JSON; times and ids may be written otherwise.

    Example:
        >>> same({"at": "2026-01-31T12:00:00Z"}, {"at": "2026-01-31T12:00:00.000+00:00"})
        True
        >>> same([1, True], [1, 1])
        False
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        if one.keys() != other.keys():
            return False
        return all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        pairs = zip(one, other)
        return len(one) == len(other) and all(same(a, b) for a, b in pairs)
    if isinstance(one, str) and isinstance(other, str):
        return one == other or _meant(one) == _meant(other)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def _meant(text: str) -> Any:
    """Return the time or the id that a text is."""
    try:
        return uuid.UUID(text)
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return found.timestamp() if found.tzinfo else found
    except (ValueError, OverflowError):
        return text
