"""Prepares endpoints for the calls of one client: what is the same in each call is made once."""

import re
from typing import (
    Any,
    Callable,
    Generic,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
    TypeVar,
    Union,
)

from ai_spine.exceptions import APIError, AISpineError, CallInfo, ValidationError
from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.messages import Exchange, Response, encode_query, read_whole
from ai_spine.policy.outcomes import error_of_failure
from ai_spine.policy.retry import Failure
from ai_spine.policy.validation import check_method, check_path
from ai_spine.sdk_sync.runtime.endpoints import Endpoint, Load
from ai_spine.sdk_sync.runtime.event_decoders import Decoder
from ai_spine.sdk_sync.runtime.parameters import Parameter, encode_parameters
from ai_spine.sdk_sync.runtime.problems import ErrorClasses, refine, typed_error
from ai_spine.sdk_sync.runtime.reading import BodyReader, Codec, read_plainly
from ai_spine.sdk_sync.runtime.request_bodies import BodyWriter
from ai_spine.sdk_sync.runtime.responses import RawResponse
from ai_spine.sdk_sync.unset import UNSET

T = TypeVar("T")
_CONTENT_TYPE = "Content-Type"
# What no quoting changes, and leads to no other path.
_is_plain = re.compile("[A-Za-z0-9_~-][A-Za-z0-9_.~-]*").fullmatch


class Arguments(NamedTuple):
    """What a caller has given to a method.

    Attributes:
        values: The values of the parameters, in their order.
        body: The body; `UNSET` if it was not given.
        fields: The fields of the body by their names in JSON.
        content_type: The media type of the body, where there are several.
        more_query: Values of the query that no parameter describes.
    """

    values: Tuple[Any, ...] = ()
    body: Any = UNSET
    fields: Optional[Mapping[str, Any]] = None
    content_type: Optional[str] = None
    more_query: Mapping[str, Any] = {}


class Prepared(Generic[T]):
    """An endpoint that is ready for the calls of a client.

    Args:
        endpoint: The endpoint.
        codec: Reads and writes the models of the package.
        classes: The errors of the package.
        credentials: The names of the client's credentials that its requests carry.
        redact: Removes the client's secrets from a server's words.
    """

    def __init__(
        self,
        endpoint: Endpoint[T],
        codec: Codec,
        classes: ErrorClasses,
        credentials: Tuple[str, ...],
        redact: Callable[[str], str],
    ) -> None:
        self.endpoint = endpoint
        self.codec = codec
        self._to_json = codec.to_json
        self._classes = classes
        self._credentials = credentials
        self._redact = redact
        # What HEAD declares is what GET would return.
        declared = {} if endpoint.method == "HEAD" else endpoint.responses
        self._success = BodyReader(declared, codec)
        self.read: Callable[[Response], T] = self._success.read
        """Returns what a response of status 2xx promises; raises `UnexpectedResponse`."""
        self._errors = BodyReader(endpoint.errors, codec)
        self._writer = BodyWriter(endpoint, codec) if endpoint.bodies else None
        self._headers = {"Accept": _accepted(endpoint)}
        self._ids = _names_of_ids(endpoint)
        self._defaults = [
            (place, parameter.client_default)
            for place, parameter in enumerate(endpoint.parameters)
            if parameter.client_default is not None
        ]

    def exchange(
        self,
        given: Arguments,
        defaults: Mapping[str, Any],
        read: Callable[[Response], Any] = read_whole,
    ) -> Exchange:
        """Return what is sent for a call.

        Args:
            given: What the caller has given.
            defaults: What the client knows, by the names of `Parameter.client_default`.
            read: Reads the response, unless it is opened.

        Raises:
            ValidationError: It cannot be sent.
        """
        endpoint = self.endpoint
        ids, query, headers = self._encode(given, defaults)
        content, content_type = None, None
        if self._writer is not None:
            content, content_type = self._writer.write(
                given.body, given.fields, given.content_type
            )
        return Exchange(
            endpoint.name,
            endpoint.method,
            endpoint.path,
            ids,
            query,
            headers,
            content,
            content_type,
            self._credentials,
            endpoint.reads,
            read,
            self._refine,
        )

    def _encode(
        self, given: Arguments, defaults: Mapping[str, Any]
    ) -> Tuple[Mapping[str, str], str, Mapping[str, str]]:
        """Return the ids of the path, the query and the headers of a call."""
        headers: Mapping[str, str] = self._headers
        values = given.values
        if self._defaults:
            values = self.filled(values, defaults)
        if self._ids is not None and not given.more_query:  # as most calls
            for each in values:
                if type(each) is not str or not _is_plain(each):
                    break
            else:
                return dict(zip(self._ids, values)), self.endpoint.query, headers
        encoded = encode_parameters(
            self.endpoint.parameters,
            values,
            fixed_query=self.endpoint.query,
            more_query=given.more_query,
            to_json=self._to_json,
        )
        if encoded.headers:
            headers = {**headers, **encoded.headers}
        if encoded.cookie:
            headers = {**headers, "Cookie": encoded.cookie}
        return encoded.ids, encoded.query, headers

    def filled(
        self, values: Tuple[Any, ...], defaults: Mapping[str, Any]
    ) -> Tuple[Any, ...]:
        """Return values with what the client knows in the place of those that are `UNSET`.

        Raises:
            ValidationError: It does not know one that is needed.
        """
        found = list(values)
        for place, name in self._defaults:
            if found[place] is UNSET:
                found[place] = defaults.get(name, UNSET)
                parameter = self.endpoint.parameters[place]
                is_needed = parameter.required or parameter.location == "path"
                if found[place] is UNSET and is_needed:
                    raise ValidationError(
                        f"{self.endpoint.name} needs {name}: pass it, or make the client with it"
                    )
        return tuple(found)

    def raw(
        self, parse: Callable[[RawResponse[Any]], Any]
    ) -> Callable[[Response], RawResponse[Any]]:
        """Return what reads a response as it came.

        Args:
            parse: Makes of it what the method returns.
        """

        def read(response: Response) -> RawResponse[Any]:
            return RawResponse(response.status, response.headers, response.body, parse)

        return read

    def parse(self, raw: RawResponse[Any]) -> Any:
        """Return what a response promises.

        Raises:
            APIError: It is something else.
        """
        try:
            return self._success.read(raw)
        except UnexpectedResponse as error:
            problem = str(error)
        raise self.unreadable(f"the server responded with {problem}", raw.status)

    def item_reader(self, load: Load) -> Callable[[Any], Any]:
        """Return what reads an item of a page; it raises `UnexpectedResponse`."""
        return self._success.value_reader(load, "an item")

    def decoder(self, status: int, headers: Mapping[str, str]) -> Decoder[T]:
        """Return what reads the values of a stream.

        Raises:
            UnexpectedResponse: The response is no stream of values.
        """
        return self._success.decoder(status, headers.get(_CONTENT_TYPE, ""))

    def unreadable(
        self, problem: str, status: int, call: CallInfo = CallInfo()
    ) -> APIError:
        """Return the error of a response that is not what the endpoint promises."""
        call = call._replace(transient=False)
        error = APIError(self._redact(problem), status_code=status, call=call)
        return self.typed(error)

    def broken(
        self, problem: Union[Failure, str], base_url: str, status: int, call: CallInfo
    ) -> AISpineError:
        """Return the error of an open response that was cut off, or cannot be read."""
        if isinstance(problem, Failure):
            return error_of_failure(base_url, problem, call)
        return self.unreadable(problem, status, call)

    def typed(self, error: APIError) -> APIError:
        """Return an error of the core as one of the package."""
        return typed_error(error, self._classes)

    def _refine(self, error: APIError, response: Response) -> APIError:
        return refine(error, response, self._classes, self._read_error, self._redact)

    def _read_error(self, response: Response) -> Any:
        """Return the body of an error: as declared, or else as it is."""
        try:
            return self._errors.read(response)
        except UnexpectedResponse:
            return body_of(response)


def any_exchange(
    method: str,
    path: str,
    params: Optional[Mapping[str, Any]],
    headers: Optional[Mapping[str, str]],
) -> Exchange:
    """Return a request that no endpoint describes, whose response is returned as it came.

    Args:
        method: The HTTP method.
        path: The path below the server, percent-encoded.
        params: The query; `None` values are left out.
        headers: More headers.

    Raises:
        ValidationError: It cannot be sent.
    """
    return Exchange(
        "request",
        check_method(method),
        check_path("path", path).replace("{", "%7B").replace("}", "%7D"),
        query=encode_query(params),
        headers={"Accept": "*/*", **(headers or {})},
        read=_read_raw,
    )


def _read_raw(response: Response) -> RawResponse[Any]:
    return RawResponse(response.status, response.headers, response.body, body_of)


def body_of(response: Union[Response, RawResponse[Any]]) -> Any:
    """Return a body as the JSON or the text that it is, whatever is declared."""
    return read_plainly(response.headers.get(_CONTENT_TYPE, ""), response.body)


def _names_of_ids(endpoint: Endpoint[Any]) -> Optional[Tuple[str, ...]]:
    """Return the names of all parameters, if they are plain ids in the path."""
    parameters = endpoint.parameters
    plain = all(
        each._replace(client_default=None) == Parameter(each.name, "path")
        for each in parameters
    )
    return tuple(each.name for each in parameters) if plain else None


def _accepted(endpoint: Endpoint[Any]) -> str:
    """Return the media types that the successes of an endpoint have."""
    found = [
        media_type
        for status, content in endpoint.responses.items()
        if status[0] in "2d"
        for media_type in content
    ]
    return ", ".join(dict.fromkeys(found)) or "*/*"
