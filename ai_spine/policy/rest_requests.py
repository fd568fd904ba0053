"""Makes the exchange of a request that a caller names by its method and its path. Pure."""

import re
from typing import Any, NamedTuple, Optional, Tuple
from urllib.parse import parse_qs, quote

from ai_spine.exceptions import ValidationError
from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.decoding import parse_json
from ai_spine.policy.json_encoding import JsonDefault, encode_json
from ai_spine.policy.messages import JSON, Exchange, Response, encode_query, read_whole
from ai_spine.policy.problems import judge
from ai_spine.policy.validation import (
    check_header_value,
    check_mapping,
    check_path,
    check_text,
)
from ai_spine.utils import (
    FRAMING,
    has_control_characters,
    is_header_name,
    is_unicode,
    one_line,
)

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
# All that may be in a path as it is, percent-encoded characters included.
_SAFE = "/%:@!$&'()*+,;=~-._"
_INSTEAD = {
    "authorization": "use a credential",
    **dict.fromkeys(FRAMING, "the client sets it"),
}
_TWO_QUERIES = "path must not have a query where query is given too"
_ACCEPT = {"Accept": JSON}


class Target(NamedTuple):
    """Where a request goes."""

    path: str
    """The path below the base URL, encoded."""
    query: str
    """The query, encoded; empty if there is none."""


def target_of(path: Any, query: Any, base_url: str) -> Target:
    """Return where a request goes.

    Args:
        path: The path below the base URL, with a query or without; or a URL below it.
        query: The names and values of the query; a list repeats its name.
        base_url: The URL that all paths are below.

    Raises:
        ValidationError: The path leads to another place, or there are two queries.

    Example:
        >>> target_of("/users/ü", {"limit": 5}, "https://api.example.com")
        Target(path='/users/%C3%BC', query='limit=5')
    """
    text, _, own = _local(path, base_url).partition("?")
    checked = check_path("path", text)
    if "#" in own or has_control_characters(own) or " " in own or not is_unicode(own):
        raise ValidationError(
            "path has a query with a character that must be percent-encoded: use query"
        )
    if query is not None and own:
        raise ValidationError(_TWO_QUERIES)
    given = check_mapping("query", query or {})
    return Target(
        quote(checked, safe=_SAFE), quote(own, safe=_SAFE + "?") or encode_query(given)
    )


def split_query(path: Any, query: Any) -> Tuple[Any, Any]:
    """Return a path without its query, and the query that is given or was in it.

    Raises:
        ValidationError: There are two queries.

    Example:
        >>> split_query("/users?tag=a&tag=b&limit=5", None)
        ('/users', {'tag': ['a', 'b'], 'limit': ['5']})
    """
    if not isinstance(path, str) or "?" not in path:
        return path, {} if query is None else query
    if query is not None:
        raise ValidationError(_TWO_QUERIES)
    bare, _, own = path.partition("?")
    return bare, parse_qs(own, keep_blank_values=True)


def exchange_of(
    method: Any,
    target: Target,
    *,
    json: Any = None,
    headers: Any = None,
    credentials: Tuple[Any, ...] = (),
    default: Optional[JsonDefault] = None,
    raw: bool = False,
    idempotent: bool = False,
) -> Exchange:
    """Return what a client sends.

    Args:
        method: The HTTP method.
        target: Where it goes.
        json: The body; `None` if there is none.
        headers: More headers.
        credentials: The names of the credentials that it carries.
        default: Encodes what is no JSON by itself.
        raw: Whether the whole response is read, and not only the JSON in it.
        idempotent: Whether the server honours the key of the request.

    Raises:
        ValidationError: An argument is wrong.
    """
    name = method.upper() if isinstance(method, str) else None
    if name not in _METHODS:
        raise ValidationError(f"method must be one of {', '.join(_METHODS)}")
    more = check_mapping("headers", headers or {})
    for each, text in more.items():
        if not isinstance(each, str) or not is_header_name(each):
            shown = one_line(repr(each), 100)
            raise ValidationError(f"headers has an invalid name: {shown}")
        check_header_value(f"the header {each}", text)
        if each.lower() in _INSTEAD:
            raise ValidationError(
                f"headers must not have {each}: {_INSTEAD[each.lower()]}"
            )
    has_accept = any(each.lower() == "accept" for each in more)
    return Exchange(
        "request",
        name,
        target.path,
        query=target.query,
        headers=more if has_accept else {**_ACCEPT, **more},
        content=None if json is None else encode_json(json, default),
        content_type=None if json is None else JSON,
        credentials=credentials,
        idempotent=idempotent,
        judge=judge,
        read=read_whole if raw or name in ("HEAD", "OPTIONS") else read_json,
    )


def read_json(response: Response) -> Any:
    """Return the JSON of a response; `None` where it has no body.

    Raises:
        UnexpectedResponse: It is something else.
    """
    kind = response.headers.get("Content-Type", "")
    try:
        return parse_json(response.body, kind)
    except (ValueError, RecursionError):
        shown = one_line(kind, 60) or "unknown type"
        raise UnexpectedResponse(
            f"what is not JSON ({shown}, {len(response.body)} bytes)"
        ) from None


def _local(path: Any, base_url: str) -> str:
    """Return a path; of a URL, what is below the base URL.

    Raises:
        ValidationError: It is the URL of another place.
    """
    text = check_text("path", path)
    if text.startswith("/") or "://" not in text.partition("?")[0]:
        return text
    if not text.startswith(base_url + "/"):
        # The rest of a URL may be a secret: a password, or what a query holds.
        scheme, _, rest = text.partition("://")
        host = re.split("[/?#]", rest)[0].rpartition("@")[2]
        shown = one_line(f"{scheme}://{host}", 100)
        raise ValidationError(
            f"path is a URL that is not below {base_url}: it leads to {shown}"
        )
    return text[len(base_url) :]
