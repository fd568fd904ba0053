"""Judges requests and responses by a document, by means of openapi-core alone."""

import json
import warnings
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
)
from urllib.parse import parse_qsl, unquote

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.openapi.loading import Document
from ai_spine.sdk_sync.verifying.messages import Request, Response
from ai_spine.sdk_sync.verifying.readable import readable
from ai_spine.sdk_sync.verifying.transcribing import Styles, transcribed
from ai_spine.utils import one_line

_LONGEST = 300  # characters of a sentence
_MISSING = (
    "sdk-sync verify needs openapi-core: pip install 'ai-spine-sdk[sdk-sync,verify]'"
)
_NO_STYLES = Styles(frozenset(), {}, frozenset())
# What it says of a style that it does not know for a type, or does not read as it is.
_UNREAD_STYLES = (
    "not available",
    "a bytes-like object",
    "not an object format",
    "not an array format",
)
_JSON_KINDS = {"integer": int, "number": (int, float), "boolean": bool}
_ANY_JSON = ("*/*", "application/*", "text/json")
_READABLE = (
    *("application/json", "application/octet-stream", "text/plain", "text/html"),
    *("application/x-www-form-urlencoded", "multipart/form-data"),
)


class Verdict(NamedTuple):
    """What was found of a request or a response."""

    problem: Optional[str] = None
    """What does not fit, or `None`."""
    unchecked: Optional[str] = None
    """Why it, or a part of it, could not be checked."""


class Judge:
    """Judges what is sent to and by the operations of a document.

    Args:
        document: The document.

    Raises:
        ConfigError: openapi-core is not installed, or cannot read the document at all.
    """

    def __init__(self, document: Document) -> None:
        try:
            import openapi_core
        except ModuleNotFoundError:
            raise ConfigError(_MISSING) from None
        finder: Any = _Finder
        config = openapi_core.Config(
            spec_validator_cls=None,
            path_finder_cls=finder,
            extra_media_type_deserializers=_json_readers(document.data),
        )
        sent = readable(document.data, "readOnly")
        told = readable(document.data, "writeOnly")
        try:
            self._requests = openapi_core.OpenAPI.from_dict(sent, config, document.uri)
            self._responses = self._requests
            if told != sent:
                self._responses = openapi_core.OpenAPI.from_dict(
                    told, config, document.uri
                )
            self._requests.spec / "paths"
        except Exception as error:
            raise ConfigError(
                f"openapi-core cannot read the document: {_said(error)}"
            ) from None

    def of_request(
        self, path: str, ids: Mapping[str, str], request: Request, styles: Styles
    ) -> Verdict:
        """Return what does not fit in a request.

        Args:
            path: The key of its path in the document.
            ids: The values in the path, by their names, as they are on the wire.
            request: The request.
            styles: The styles of its operation.
        """
        asked = _Asked(path, ids, request, styles)
        return _judged(lambda: self._requests.validate_request(asked))

    def of_response(
        self, path: str, method: str, response: Response, kind: Optional[str]
    ) -> Verdict:
        """Return what does not fit in a response.

        Args:
            path: The key of its path in the document.
            method: The method of the operation.
            response: The response.
            kind: The media type of its body in the document; `None` if it has none.
        """
        asked = _Asked(path, {}, Request(method, path, {}, b""), _NO_STYLES)
        told = _Told(response)
        sent = told.content_type.partition(";")[0].lower()
        is_any = kind in _ANY_JSON and sent == "application/json"
        if kind is not None and not is_any and not _is_readable(kind):
            return Verdict(unchecked=f"openapi-core does not read {one_line(kind, 60)}")
        if not response.body:
            told.data = None  # what it takes for none
        return _judged(lambda: self._responses.validate_response(asked, told))


def _judged(check: Callable[[], Any]) -> Verdict:
    from openapi_core.exceptions import OpenAPIError

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            check()
        except OpenAPIError as error:
            return _verdict_of(error)
        except Exception as error:  # a document or a construct that it cannot read
            return Verdict(unchecked=f"openapi-core fails: {_said(error)}")
    unread = [str(each.message) for each in told if _is_telling(each)]
    return Verdict(unchecked=one_line(unread[0], _LONGEST) if unread else None)


def _verdict_of(error: Exception) -> Verdict:
    """Return what an error says: of the message, or of openapi-core itself."""
    from openapi_core.templating.paths.exceptions import PathError

    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(error, PathError):
        return Verdict(unchecked=f"openapi-core does not find it: {_said(error)}")
    found = list(getattr(cause, "schema_errors", None) or ())
    limit = _limit_of(error, cause, found)
    if limit is not None:
        return Verdict(unchecked=f"openapi-core {limit}")
    details = [_place(each) for each in found]
    said = (str(error) or type(error).__name__).partition(": Value ")[0]
    words = [said, *(details or [str(cause)])]
    return Verdict(problem=one_line(": ".join(dict.fromkeys(words)), _LONGEST))


def _limit_of(error: Exception, cause: BaseException, found: List[Any]) -> Any:
    """Return what openapi-core cannot read of what it complains of; `None` if it can."""
    from openapi_core.deserializing.exceptions import DeserializeError
    from openapi_core.deserializing.styles.exceptions import EmptyQueryParameterValue

    said = f"{error}: {cause}"
    if isinstance(cause, EmptyQueryParameterValue):
        return "takes no empty text in a query"
    if any(isinstance(each, DeserializeError) for each in _causes(error)):
        if any(words in said for words in _UNREAD_STYLES):
            return f"reads no such style: {one_line(str(cause), 100)}"
    if any(isinstance(each.instance, bytes) for each in found):
        return "takes bytes for no text"
    is_parameter = "arameter" in type(error).__name__
    if found and all(_is_uncast(each, is_parameter) for each in found):
        return "does not convert what is in an object or a union"
    if found and all(getattr(each, "validator", None) == "format" for each in found):
        return "takes another view of a format: " + _place(found[0])
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    each: Optional[BaseException] = error
    while each is not None:
        yield each
        each = each.__cause__


def _is_uncast(error: Any, is_parameter: bool) -> bool:
    """Return whether a text is what is wanted once it is read as JSON, or in its style."""
    kinds: Mapping[str, Any] = _JSON_KINDS
    wanted = str(getattr(error, "validator_value", None))
    if is_parameter and wanted in ("object", "array"):
        return isinstance(error.instance, str)
    kind = kinds.get(wanted)
    if kind is None or not isinstance(error.instance, str):
        return False
    try:
        return isinstance(json.loads(error.instance), kind)
    except ValueError:
        return False


def _place(error: Any) -> str:
    where = "/".join(str(part) for part in getattr(error, "absolute_path", ()))
    return f"{where or 'the value'}: {getattr(error, 'message', error)}"


def _is_telling(warning: Any) -> bool:
    return not issubclass(warning.category, DeprecationWarning)


def _said(error: BaseException) -> str:
    return one_line(f"{type(error).__name__}: {error}", _LONGEST)


def _is_readable(kind: str) -> bool:
    plain = kind.split(";")[0].strip().lower()
    return plain in _READABLE or plain.endswith("+json")


def _json_readers(data: Any) -> Dict[str, Any]:
    """Return what reads each media type of JSON in a document but for those that are known."""
    from openapi_core.deserializing.media_types.util import json_loads

    found: Dict[str, Any] = dict.fromkeys(_ANY_JSON, json_loads)

    def look(part: Any) -> None:
        if isinstance(part, Mapping):
            content = part.get("content")
            for kind in content if isinstance(content, Mapping) else ():
                plain = str(kind).split(";")[0].strip().lower()
                if plain.endswith("+json"):
                    found[plain] = json_loads
        for each in part.values() if isinstance(part, Mapping) else part:
            if isinstance(each, (Mapping, list)):
                look(each)

    look(data)
    return found


class _Finder:
    """Finds an operation by the key of its path, since it is known which one was called."""

    def __init__(self, spec: Any, base_url: Optional[str] = None) -> None:
        self._spec = spec

    def find(self, method: str, name: str) -> Any:
        from openapi_core.templating.datatypes import TemplateResult
        from openapi_core.templating.paths.datatypes import PathOperationServer
        from openapi_core.templating.paths.exceptions import OperationNotFound

        item = self._spec / "paths" / name
        if method not in item:
            raise OperationNotFound(name, method)
        none = TemplateResult(name, {})
        return PathOperationServer(item, item / method, self._spec, none, none)


class _Asked:
    """A request as openapi-core wants it."""

    host_url = ""

    def __init__(
        self, path: str, ids: Mapping[str, str], request: Request, styles: Styles
    ) -> None:
        from openapi_core.datatypes import RequestParameters
        from werkzeug.datastructures import Headers, ImmutableMultiDict
        from werkzeug.http import parse_cookie

        self.path = self.path_pattern = path
        self.method = request.method.lower()
        self.body = request.body or None
        self.content_type = request.header("Content-Type") or "text/plain"
        query = transcribed(parse_qsl(request.query, keep_blank_values=True), styles)
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(query),
            header=Headers(list(request.headers.items())),
            cookie=parse_cookie(request.header("Cookie") or ""),
            path=_names_of_styles(ids) or {"": ""},
        )


def _names_of_styles(ids: Mapping[str, str]) -> Dict[str, str]:
    """Return the values in a path by all names that openapi-core knows it by."""
    made: Dict[str, str] = {}
    for name, value in ids.items():
        text = unquote(value)
        for key in (name, f".{name}", f".{name}*", f";{name}", f";{name}*"):
            made[key] = text
    return made


class _Told:
    """A response as openapi-core wants it."""

    def __init__(self, response: Response) -> None:
        from werkzeug.datastructures import Headers

        self.status_code = response.status
        self.data: Optional[bytes] = response.body
        self.headers = Headers(list(response.headers.items()))
        self.content_type = response.header("Content-Type") or ""
