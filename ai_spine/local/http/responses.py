"""Reads requests and builds responses, in the dialect of the real server."""

import hashlib
import hmac
import json
import logging
import uuid
from functools import lru_cache
from typing import (
    Any,
    Callable,
    Dict,
    List,
    Mapping,
    NoReturn,
    Optional,
    Tuple,
    TypeVar,
)

from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Request

from ai_spine.constants import (
    API_PREFIX,
    IDEMPOTENCY_KEY_HEADER,
    LOGGER_NAME,
    REQUEST_ID_HEADER,
)
from ai_spine.flows.json_reading import TooDeep
from ai_spine.local.http.requests import current_request, request
from ai_spine.local.store.store import KeyReused, Reply, Store
from ai_spine.utils import has_control_characters, one_line, random_id

# Health is public; the keys of users need no key, and accounts use tokens.
_OPEN_PATHS = (f"{API_PREFIX}/user/keys/", f"{API_PREFIX}/user/account/")

log = logging.getLogger(f"{LOGGER_NAME}.local")
_encode_sorted = json.JSONEncoder(sort_keys=True).encode
T = TypeVar("T")


class HTTPError(Exception):
    """A request that is refused, with the status and the `detail` of the response."""

    def __init__(
        self, status: int, detail: Any, headers: Optional[Mapping[str, str]] = None
    ) -> None:
        super().__init__(status, detail)
        self.reply = Reply(status, {"detail": detail})
        self.headers = headers or {}

    @classmethod
    def from_reply(cls, reply: Reply) -> "HTTPError":
        """Return an error with a response of its own form."""
        refusal = cls(reply.status, None)
        refusal.reply = reply
        return refusal


@lru_cache(maxsize=None)
def status_line(status: int) -> str:
    """Return a status with its reason.

    Example:
        >>> status_line(404)
        '404 NOT FOUND'
    """
    return f"{status} {HTTP_STATUS_CODES.get(status, 'Unknown').upper()}"


def digest_of(secret: str) -> bytes:
    """Return what is kept of a secret, and compared: its length shows in no comparison's time."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def check_key(
    asked: Request, key_digest: Optional[bytes], lets_in: Callable[[Any], bool]
) -> Optional[HTTPError]:
    """Return the refusal of a request without the key, if the server has one.

    Args:
        asked: The request; some paths need no key.
        key_digest: The digest of the key.
        lets_in: Returns whether a request is for the server's page, which checks the key itself.
    """
    path = asked.path
    is_open = path == "/health" or path.startswith(_OPEN_PATHS)
    if key_digest is None or is_open or lets_in(asked):
        return None
    if hmac.compare_digest(digest_of(bearer_token(asked)), key_digest):
        return None
    words = "Invalid or missing API key"
    return HTTPError(401, words, {"WWW-Authenticate": "Bearer"})


def bearer_token(asked: Request) -> str:
    """Return the token that came along with a request; empty if none did."""
    scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def echoed_headers(asked: Request) -> Dict[str, str]:
    """Return the id of a request, and its idempotency key, as the response has them."""
    given = asked.headers.get(REQUEST_ID_HEADER, "")
    is_id = given and len(given) <= 200 and given.isascii() and given.isprintable()
    echoed = {REQUEST_ID_HEADER: given if is_id else random_id()}
    if asked.method == "POST":
        key = asked.headers.get(IDEMPOTENCY_KEY_HEADER)
        if key and not has_control_characters(key):
            echoed[IDEMPOTENCY_KEY_HEADER] = key
    return echoed


def refusal_of(error: Exception, asked: Request) -> HTTPError:
    """Return the response to a request that has failed; what nobody expects is logged."""
    if isinstance(error, HTTPError):
        return error
    if isinstance(error, HTTPException):
        methods = getattr(error, "valid_methods", None) or ()
        allowed = {"Allow": ", ".join(sorted(methods))} if error.code == 405 else None
        return HTTPError(error.code or 500, error.name, allowed)
    words = one_line(f"{asked.method} {asked.path}", 500)
    log.error("%s failed", words, exc_info=error)
    return HTTPError(500, "Internal Server Error")


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
    asked = current_request.get()
    key = asked.headers.get(IDEMPOTENCY_KEY_HEADER) or None
    path = asked.path[len(API_PREFIX) :] if under_prefix() else asked.path
    content = f"{asked.method} {path} {_canonical_body()}"
    try:
        return act(key, hashlib.sha256(content.encode("utf-8")).hexdigest())
    except KeyReused:
        shown = one_line(repr(key), 200)
        words = f"Idempotency-Key {shown} was used for another request"
        raise HTTPError(409, words) from None


def under_prefix() -> bool:
    return current_request.get().path.startswith(API_PREFIX + "/")


def json_object() -> Dict[str, Any]:
    """Return the body, which must be a JSON object.

    Raises:
        HTTPError: It is none.
    """
    try:
        body = current_request.get().json_value
    except ValueError as error:
        raise _no_json(error) from None
    if not isinstance(body, dict):
        words = "Input should be a valid dictionary"
        raise HTTPError(422, [_problem("dict_type", [], words, body)])
    return body


def _canonical_body() -> str:
    """Return the body in the one form by which a repetition is known."""
    try:
        return _encode_sorted(current_request.get().json_value)
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
