"""How one model refers to another: by a JSON Pointer to its definition."""

import re
from typing import Any, Optional
from urllib.parse import quote, unquote

_KNOWN = re.compile(r"#/(?:\$defs|definitions|components/schemas)/([^/]+)")


def reference_to(name: str) -> str:
    """Return the reference to the definition of a model.

    Example:
        >>> reference_to("a/b c")
        '#/$defs/a~1b%20c'
    """
    return f"#/$defs/{quote(escaped(name), safe='~')}"


def name_referred_to(reference: Any) -> Optional[str]:
    """Return the name of the model that a reference leads to; `None` if it leads to another place.

    Example:
        >>> name_referred_to("#/definitions/User"), name_referred_to("other.json#/User")
        ('User', None)
    """
    found = _KNOWN.fullmatch(reference) if isinstance(reference, str) else None
    if found is None:
        return None
    try:
        text = unquote(found[1], errors="strict")
    except UnicodeDecodeError:
        return None
    return text.replace("~1", "/").replace("~0", "~")


def escaped(part: str) -> str:
    """Return a name as a part of a JSON Pointer.

    Example:
        >>> escaped("a/b~c")
        'a~1b~0c'
    """
    return part.replace("~", "~0").replace("/", "~1")
