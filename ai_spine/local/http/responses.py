"""Reads requests and builds responses, in the dialect of the real server."""

import hashlib
import hmac
import json
import logging
import uuid
from functools import wraps
from typing import (
    Any,
    Callable,
    Dict,
    List,
    NoReturn,
    Optional,
    Tuple,
    TypeVar,
    Union,
    cast,
)

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from ai_spine.constants import (
    API_PREFIX,
    IDEMPOTENCY_KEY_HEADER,
    LOGGER_NAME,
    REQUEST_ID_HEADER,
)
from ai_spine.flows.json_reading import TooDeep, parse_json
from ai_spine.local.store.store import KeyReused, Reply, Store
from ai_spine.utils import has_control_characters, one_line, random_id

# Health is public; the keys of users need no key, and accounts use tokens.
_OPEN_PATHS = (f"{API_PREFIX}/user/keys/", f"{API_PREFIX}/user/account/")

log = logging.getLogger(f"{LOGGER_NAME}.local")
T = TypeVar("T")
View = Callable[..., Union[Reply, Response]]


class HTTPError(Exception):
    """A request that is refused, with the status and the `detail` of the response."""

    def __init__(self, status: int, detail: Any) -> None:
        super().__init__(status, detail)
        self.reply = Reply(status, {"detail": detail})

    @classmethod
    def from_reply(cls, reply: Reply) -> "HTTPError":
        """Return an error with a response of its own form."""
        refusal = cls(reply.status, None)
        refusal.reply = reply
        return refusal


def add_route(routes: Blueprint, method: str, path: str, view: View) -> None:
    @wraps(view)
    def respond(**ids: str) -> Response:
        try:
            answer = view(**ids)
            return answer if isinstance(answer, Response) else response_of(answer)
        except HTTPError as refusal:
            return response_of(refusal.reply)

    endpoint = f"{method} {path}".replace(".", "_")
    # Flask's own response to OPTIONS is not JSON; only pages of other origins ask for it.
    routes.add_url_rule(
        path, endpoint, respond, methods=[method], provide_automatic_options=False
    )


def itself(proxy: T) -> T:
    """Return what a proxy of Flask stands for: the proxy looks it up at each access."""
    found: T = cast(Any, proxy)._get_current_object()
    return found


def response_of(reply: Reply) -> Response:
    return Response(json.dumps(reply.body), reply.status, mimetype="application/json")


def digest_of(secret: str) -> bytes:
    """Return what is kept of a secret, and compared: its length shows in no comparison's time."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def authenticate(
    key_digest: Optional[bytes], is_for_page: bool = False
) -> Optional[Response]:
    """Refuse a request without the key, if the server has one; some paths need none.

    Args:
        key_digest: The digest of the key.
        is_for_page: The request is for the server's page, which checks the key itself.
    """
    g.request_id = _request_id()
    path = request.path
    is_open = path == "/health" or path.startswith(_OPEN_PATHS)
    if key_digest is None or is_open or is_for_page:
        return None
    if hmac.compare_digest(digest_of(bearer_token()), key_digest):
        return None
    response = response_of(Reply(401, {"detail": "Invalid or missing API key"}))
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def bearer_token() -> str:
    """Return the token that came along; empty if none did."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _request_id() -> str:
    given = request.headers.get(REQUEST_ID_HEADER, "")
    if given and len(given) <= 200 and given.isascii() and given.isprintable():
        return given
    return random_id()


def echo_headers(response: Response) -> Response:
    response.headers[REQUEST_ID_HEADER] = g.get("request_id") or _request_id()
    if request.method == "POST":
        key = request.headers.get(IDEMPOTENCY_KEY_HEADER)
        if key and not has_control_characters(key):
            response.headers[IDEMPOTENCY_KEY_HEADER] = key
    return response


def refuse_http(error: HTTPException) -> Response:
    response = response_of(Reply(error.code or 500, {"detail": error.name}))
    if error.code == 405:
        response.headers["Allow"] = ", ".join(
            sorted(getattr(error, "valid_methods", None) or ())
        )
    return response


def refuse_unexpected(error: Exception) -> Response:
    asked = one_line(f"{request.method} {request.path}", 500)
    log.error("%s failed", asked, exc_info=error)
    return response_of(Reply(500, {"detail": "Internal Server Error"}))


def once(store: Store, make: Callable[[], Reply]) -> Reply:
    """Make a reply, or return the earlier one of the same idempotency key."""
    return once_and_whether_new(store, make)[0]


def once_and_whether_new(store: Store, make: Callable[[], Reply]) -> Tuple[Reply, bool]:
    """Do what `once` does, and return also whether the reply was made now."""
    return _by_key(lambda key, fingerprint: store.once(key, fingerprint, make))


def is_repetition(store: Store) -> bool:
    """Return whether the same request came earlier with this idempotency key."""
    return _by_key(
        lambda key, fingerprint: store.reply_to(key, fingerprint) is not None
    )


def _by_key(act: Callable[[Optional[str], str], T]) -> T:
    key = request.headers.get(IDEMPOTENCY_KEY_HEADER) or None
    path = request.path[len(API_PREFIX) :] if under_prefix() else request.path
    content = f"{request.method} {path} {_canonical_body()}"
    try:
        return act(key, hashlib.sha256(content.encode("utf-8")).hexdigest())
    except KeyReused:
        shown = one_line(repr(key), 200)
        words = f"Idempotency-Key {shown} was used for another request"
        raise HTTPError(409, words) from None


def under_prefix() -> bool:
    return request.path.startswith(API_PREFIX + "/")


def json_object() -> Dict[str, Any]:
    """Return the body, which must be a JSON object.

    Raises:
        HTTPError: It is none.
    """
    try:
        body = _read_json()
    except ValueError as error:
        raise _no_json(error) from None
    if not isinstance(body, dict):
        words = "Input should be a valid dictionary"
        raise HTTPError(422, [_problem("dict_type", [], words, body)])
    return body


def _read_json() -> Any:
    """Return the value of the body.

    Raises:
        ValueError: It is not JSON, or nested too deeply.
    """
    if "body" in g:
        return g.body
    g.body = parse_json(request.get_data().decode("utf-8"))
    return g.body


def _canonical_body() -> str:
    """Return the body in the one form by which a repetition is known."""
    try:
        return json.dumps(_read_json(), sort_keys=True)
    except TooDeep as error:
        raise _no_json(error) from None
    except ValueError:
        return "null"


def _no_json(error: ValueError) -> HTTPError:
    words = f"JSON decode error: {one_line(str(error))}"
    return HTTPError(422, [_problem("json_invalid", [], words, {})])


_KINDS = {
    str: ("string", "string"),
    dict: ("dict", "dictionary"),
    list: ("list", "list"),
    bool: ("bool", "boolean"),
}


def check_fields(body: Dict[str, Any], fields: Dict[str, Any]) -> None:
    """Refuse a body in which a field is missing or of the wrong kind, naming all of them.

    Raises:
        HTTPError: There are such fields.
    """
    problems: List[Dict[str, Any]] = []
    for name, (kind, required) in fields.items():
        value = body.get(name)
        if required and name not in body:
            problems.append(_problem("missing", [name], "Field required", body))
        elif not isinstance(value, kind) and (required or value is not None):
            code, words = _KINDS[kind]
            message = f"Input should be a valid {words}"
            problems.append(_problem(f"{code}_type", [name], message, value))
    if problems:
        raise HTTPError(422, problems)


def refuse_field(name: str, message: str, value: Any) -> NoReturn:
    """Refuse a field's value.

    Raises:
        HTTPError: Always.
    """
    raise HTTPError(422, [_problem("value_error", [name], message, value)])


def _problem(kind: str, place: List[Any], message: str, value: Any) -> Dict[str, Any]:
    return {"type": kind, "loc": ["body", *place], "msg": message, "input": value}


def check_uuid(value: str) -> str:
    """Return an execution's id as the store writes it.

    Raises:
        HTTPError: It is not a UUID.
    """
    try:
        return str(uuid.UUID(value))
    except ValueError:
        problem = {
            "type": "uuid_parsing",
            "loc": ["path", "execution_id"],
            "msg": "Input should be a valid UUID",
            "input": value,
        }
        raise HTTPError(422, [problem]) from None


def whole_number(name: str, default: int, least: int, most: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if (
        text.isascii()
        and text.isdigit()
        and len(text) < 20
        and least <= int(text) <= most
    ):
        return int(text)
    message = f"Input should be a whole number from {least} to {most}"
    problem = {
        "type": "int_parsing",
        "loc": ["query", name],
        "msg": message,
        "input": text,
    }
    raise HTTPError(422, [problem])


def found_or_404(value: Optional[Dict[str, Any]], otherwise: str) -> Dict[str, Any]:
    if value is None:
        raise HTTPError(404, otherwise)
    return value
