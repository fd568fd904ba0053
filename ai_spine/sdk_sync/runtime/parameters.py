"""Writes the parameters of a request in its path, query, headers and cookies. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence
from urllib.parse import quote, unquote_plus

from ai_spine.exceptions import ValidationError
from ai_spine.sdk_sync.runtime.headers import header_value
from ai_spine.sdk_sync.runtime.styles import (
    Pair,
    Quote,
    items_of,
    pairs_of,
    parts_of,
    quote_reserved,
)
from ai_spine.sdk_sync.runtime.values import (
    ToJSON,
    as_is,
    json_text,
    plain,
    text_of,
)
from ai_spine.sdk_sync.unset import UNSET
from ai_spine.utils import (
    QuotedSegment,
    has_control_characters,
    one_line,
    quote_segment,
)

# What a value of a cookie may hold, but for the percent sign.
_COOKIE = "!#$&'()*+-./:<=>?@[]^_`{|}~"
_NO_COOKIE = r"[^!#-+\--:<-\[\]-~]"
_NOTHING_TO_QUOTE = re.compile("[A-Za-z0-9_~-][A-Za-z0-9_.~-]*").fullmatch
_NO_PATH = r"[?\[\]]"


class Parameter(NamedTuple):
    """A parameter of an endpoint.

    Example:
        >>> page_size = Parameter("pageSize", "query")
        >>> encode_parameters([page_size], [5]).query
        'pageSize=5'
    """

    name: str
    """Its name on the wire."""
    location: str
    """`path`, `query`, `header` or `cookie`."""
    style: Optional[str] = None
    """How lists and objects are written, as OpenAPI names it; `None` is the default."""
    explode: Optional[bool] = None
    """Whether each item is written on its own; `None` is the default of the style."""
    allow_reserved: bool = False
    """Whether reserved characters are sent as they are."""
    content_type: Optional[str] = None
    """The media type that the value is written in, if it has one."""
    client_default: Optional[str] = None
    """The setting of the client that is its value where a call passes none."""
    required: bool = False
    """Whether it may not be absent; one in a path never may."""


class Encoded(NamedTuple):
    """The parameters of one request, as they are sent."""

    ids: Dict[str, str]
    """Those of the path. The core quotes them, except for a `QuotedSegment`."""
    query: str
    """The encoded query; empty if there is none."""
    headers: Dict[str, str]
    """The headers."""
    cookie: str
    """The value of the header `Cookie`; empty if there is none."""


def encode_parameters(
    parameters: Sequence[Parameter],
    values: Sequence[Any],
    *,
    fixed_query: str = "",
    more_query: "Mapping[str, Any]" = {},
    to_json: ToJSON = as_is,
) -> Encoded:
    """Return the parameters of a request as they are sent.

    `UNSET` is left out, and so is `None` outside of paths: no style has a null. A `content`
    parameter is JSON, where `None` is null.

    Args:
        parameters: The parameters.
        values: Their values, in the same order.
        fixed_query: The query that the path itself has; parameters of the same names replace it.
        more_query: Values of the query that no parameter describes.
        to_json: Writes models as JSON; it returns every other value as it is.

    Raises:
        ValidationError: A value cannot be sent there. The message names the parameter.
    """
    ids: Dict[str, str] = {}
    headers: Dict[str, str] = {}
    query: List[Pair] = []
    cookies: List[Pair] = []
    for parameter, value in zip(parameters, values):
        try:
            value = _prepared(parameter, value, to_json)
            if value is UNSET:
                continue
            if parameter.location == "query":
                query += _query_pairs(parameter, value)
            elif parameter.location == "path":
                ids[parameter.name] = _segment(parameter, value)
            elif parameter.location == "header":
                headers[parameter.name] = _header(parameter, value)
            else:
                cookies += _cookie_pairs(parameter, value)
        except (ValidationError, UnicodeError) as error:
            raise _refusal(parameter, error) from None
    for name, value in more_query.items():
        query += _query_pairs(Parameter(name, "query"), plain(value, as_is))
    cookie = "; ".join(f"{name}={value}" for name, value in cookies)
    return Encoded(ids, _joined(query, fixed_query), headers, cookie)


def _prepared(parameter: Parameter, value: Any, to_json: ToJSON) -> Any:
    """Return the plain value; `UNSET` if it is not sent."""
    if value is UNSET:
        if parameter.required or parameter.location == "path":
            raise ValidationError("is missing")
        return UNSET
    value = plain(value, to_json)
    if parameter.content_type is not None:
        is_json = "json" in parameter.content_type.lower()
        return json_text(value) if is_json else text_of(value)
    if value is not None:
        return value
    if parameter.required or parameter.location == "path":
        raise ValidationError("cannot be None")
    return UNSET


def _refusal(parameter: Parameter, error: Exception) -> ValidationError:
    problem = getattr(error, "message", "contains half of a character")
    if not problem.startswith(("is ", "cannot ", "contains ")):
        problem = f"cannot be sent: {problem}"
    name = one_line(repr(parameter.name), 100)
    return ValidationError(f"the {parameter.location} parameter {name} {problem}")


def _joined(pairs: List[Pair], fixed: str) -> str:
    """Return a query, with the fixed one before it."""
    written = [f"{name}={value}" for name, value in pairs]
    if fixed:
        names = {unquote_plus(name) for name, _ in pairs}
        kept = fixed.split("&")
        written[:0] = [
            each for each in kept if unquote_plus(each.partition("=")[0]) not in names
        ]
    return "&".join(written)


def _query_pairs(parameter: Parameter, value: Any) -> Iterable[Pair]:
    quoted: Quote = quote_reserved if parameter.allow_reserved else quote_segment
    if type(value) is str:
        return [(quote_segment(parameter.name), quoted(value))]
    style = parameter.style or "form"
    explode = style == "form" if parameter.explode is None else parameter.explode
    return pairs_of(parameter.name, value, style, explode, quoted)


def _segment(parameter: Parameter, value: Any) -> str:
    """Return a value as a part of the path."""
    if type(value) is str and parameter.style is None and _NOTHING_TO_QUOTE(value):
        return value
    reserved = parameter.allow_reserved
    quoted: Quote = _quote_reserved_in_path if reserved else quote_segment
    is_scalar = not isinstance(value, (Mapping, list))
    text = text_of(value) if is_scalar else ",".join(parts_of(value))
    if not text:
        raise ValidationError("cannot be empty: it is a part of the path")
    if has_control_characters(text):
        raise ValidationError("contains a control character, which no path can hold")
    text.encode()  # the core quotes it later
    style = parameter.style or "simple"
    if style != "simple" or reserved or not is_scalar:
        text = QuotedSegment(_STYLES[style](parameter, value, quoted))
    if any(part in (".", "..") for part in (text.split("/") if reserved else [text])):
        raise ValidationError("cannot be . or .., which lead to another path")
    return text


def _simple(parameter: Parameter, value: Any, quoted: Quote) -> str:
    return ",".join(_texts(value, bool(parameter.explode), quoted))


def _label(parameter: Parameter, value: Any, quoted: Quote) -> str:
    between = "." if parameter.explode else ","
    return "." + between.join(_texts(value, bool(parameter.explode), quoted))


def _matrix(parameter: Parameter, value: Any, quoted: Quote) -> str:
    name = f";{quote_segment(parameter.name)}="
    texts = _texts(value, bool(parameter.explode), quoted)
    if not parameter.explode:
        return name + ",".join(texts)
    start = ";" if isinstance(value, Mapping) else name
    return "".join(start + each for each in texts)


_STYLES = {"simple": _simple, "label": _label, "matrix": _matrix}


def _texts(value: Any, explode: bool, quoted: Quote) -> List[str]:
    """Return the parts that a value of a path or a header has."""
    if isinstance(value, Mapping) and explode:
        return [f"{quoted(key)}={quoted(each)}" for key, each in items_of(value)]
    if isinstance(value, (Mapping, list)):
        return [quoted(each) for each in parts_of(value)]
    return [quoted(text_of(value))]


def _quote_reserved_in_path(text: str) -> str:
    return re.sub(_NO_PATH, lambda found: quote(found[0]), quote_reserved(text))


def _header(parameter: Parameter, value: Any) -> str:
    return header_value(_simple(parameter, value, str))


def _cookie_pairs(parameter: Parameter, value: Any) -> Iterable[Pair]:
    """Return the cookies of a value; exploded lists and objects are several."""
    explode = True if parameter.explode is None else parameter.explode
    as_written = parameter.style == "cookie"
    quoted: Quote = _raw_cookie if as_written else _quote_cookie
    return pairs_of(parameter.name, value, "form", explode, quoted)


def _raw_cookie(text: str) -> str:
    if re.search(_NO_COOKIE, text):
        raise ValidationError("contains a character that no cookie can hold")
    return text


def _quote_cookie(text: str) -> str:
    return quote(text, safe=_COOKIE)
