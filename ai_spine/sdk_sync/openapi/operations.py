"""Reads one operation of a document as an endpoint."""

import re
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ai_spine.sdk_sync.errors import SDKSyncError
from ai_spine.sdk_sync.ir import (
    IRBody,
    IREndpoint,
    IRField,
    IRParameter,
    IRResponse,
)
from ai_spine.sdk_sync.openapi.context import Context
from ai_spine.sdk_sync.openapi.parameters import ParameterReader, text_of
from ai_spine.sdk_sync.openapi.references import Node
from ai_spine.sdk_sync.openapi.schemas import SchemaReader
from ai_spine.utils import is_unicode, one_line

_KNOWN = (
    *("operationId", "summary", "description", "tags", "parameters", "requestBody"),
    *("responses", "security", "servers", "deprecated", "callbacks"),
)
_MEDIA = ("schema", "encoding")
_STATUS = re.compile("[1-5]([0-9][0-9]|[xX][xX])|default")
_BODILESS = ("GET", "HEAD")
Security = List[Mapping[str, Any]]


class Unreadable(Exception):
    """An operation that cannot be called as it is described, and why."""


class OperationReader:
    """Reads operations.

    Args:
        context: What the readers share.
        schemas: What reads their schemas.
        security: What operations need that say nothing of it.
        schemes: The names of the security schemes.
    """

    def __init__(
        self,
        context: Context,
        schemas: SchemaReader,
        security: Security,
        schemes: List[str],
    ) -> None:
        self._context = context
        self._schemas = schemas
        self._parameters = ParameterReader(context, schemas)
        self._security = security
        self._schemes = schemes

    def read(
        self, path: str, method: str, item: Node, node: Node, name: Optional[str]
    ) -> IREndpoint:
        """Return an operation.

        Args:
            path: Its path.
            method: Its method, in upper case.
            item: What all operations of the path share.
            node: The operation.
            name: Its `operationId`, if it has one of its own.

        Raises:
            Unreadable: It could not be called.
        """
        value = node.value
        if not isinstance(value, Mapping):
            raise Unreadable("an operation must be an object")
        if not is_unicode(path):
            raise Unreadable("its path is no Unicode text")
        if value.get("callbacks"):
            self._context.warn(node, "callbacks are not read", "callbacks")
        security = read_security(self._context, node, self._schemes)
        try:
            return IREndpoint(
                path,
                method,
                _text(node, item, "description"),
                auth_required=self._needs_key(security),
                tags=self._tags(node),
                metadata=self._context.others(node, _KNOWN),
                operation_id=name,
                summary=_text(node, item, "summary") or None,
                parameters=self._parameters.of_operation(path, item, node),
                bodies=self._bodies(method, node),
                responses=self._responses(node),
                security=security,
                servers=self._servers(node, item),
                deprecated=value.get("deprecated") is True,
            )
        except SDKSyncError as error:
            raise Unreadable(one_line(error.message, 300)) from None

    def _needs_key(self, security: Optional[Security]) -> bool:
        needed = self._security if security is None else security
        return bool(needed) and {} not in needed

    def _servers(self, node: Node, item: Node) -> Security:
        own = read_servers(self._context, node)
        return own or read_servers(self._context, item)

    def _tags(self, node: Node) -> List[str]:
        tags = node.value.get("tags") or []
        if not isinstance(tags, list):
            self._context.warn(node, "tags must be a list: they are left out", "tags")
            return []
        return [str(tag) for tag in tags if isinstance(tag, (str, int)) and str(tag)]

    def _bodies(self, method: str, node: Node) -> List[IRBody]:
        given = node.get("requestBody")
        if given is None or given.value is None:
            return []
        found = self._context.mapping(given)
        if found is None:
            raise Unreadable("its body cannot be read")
        if method in _BODILESS:
            self._context.warn(
                given, f"a {method} request has a body, which is unusual"
            )
        content = self._context.mapping(found.get("content"))
        if content is None or not content.value:
            self._context.warn(found, "a body needs a content: it is left out")
            return []
        known = ("content", "description", "required")
        more = self._context.others(found, known)
        described = text_of(found.value, "description") or None
        is_required = found.value.get("required") is True
        return [
            self._body(kind, media, is_required, described, more)
            for kind, media in content.children()
        ]

    def _body(
        self,
        kind: str,
        media: Node,
        is_required: bool,
        described: Optional[str],
        more: Dict[str, Any],
    ) -> IRBody:
        found = self._context.mapping(media)
        if found is None:
            return IRBody(kind, None, is_required, {}, described, more)
        encoding = found.value.get("encoding")
        if not isinstance(encoding, Mapping):
            if encoding is not None:
                words = "encoding must be an object: it is left out"
                self._context.warn(found, words, "encoding")
            encoding = {}
        metadata = {**more, **self._context.others(found, _MEDIA)}
        schema = self._schema(found)
        return IRBody(kind, schema, is_required, encoding, described, metadata)

    def _schema(self, media: Node) -> Optional[IRField]:
        schema = media.get("schema")
        return None if schema is None else self._schemas.field(schema)

    def _responses(self, node: Node) -> List[IRResponse]:
        responses = self._context.mapping(node.get("responses"))
        if responses is None:
            if self._context.is_old and "responses" not in node.value:
                words = "the operation has no responses: any is taken"
                self._context.warn(node, words)
            return []
        found = (self._response(key, each) for key, each in responses.children())
        return [each for each in found if each is not None]

    def _response(self, key: str, node: Node) -> Optional[IRResponse]:
        if key.startswith("x-"):
            return None
        if not _STATUS.fullmatch(key):
            words = f"{one_line(repr(key), 60)} is no status: the response is left out"
            self._context.warn(node, words)
            return None
        found = self._context.mapping(node)
        if found is None:
            return None
        content, media = self._content(found)
        more = self._context.others(found, ("content", "description", "headers"))
        return IRResponse(
            key if key == "default" else key.upper(),
            text_of(found.value, "description"),
            content,
            self._headers(found),
            {**more, "content": media} if media else more,
        )

    def _content(self, node: Node) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        """Return the schemas by media types, and what else is said of a media type."""
        schemas: Dict[str, Any] = {}
        more: Dict[str, Any] = {}
        content = self._context.mapping(node.get("content"))
        for kind, media in content.children() if content else ():
            found = self._context.mapping(media)
            schemas[kind] = None if found is None else self._schema(found)
            others = {} if found is None else self._context.others(found, _MEDIA[:1])
            if others:
                more[kind] = others
        return schemas, more

    def _headers(self, node: Node) -> Dict[str, IRParameter]:
        headers = self._context.mapping(node.get("headers"))
        made = {}
        for name, each in headers.children() if headers else ():
            header = self._parameters.header(name, each)
            if header is not None:
                made[name] = header
        return made


def _text(node: Node, item: Node, key: str) -> str:
    """Return a text of an operation, or else of its path."""
    return text_of(node.value, key) or text_of(item.value, key)


def read_security(
    context: Context, node: Node, schemes: List[str]
) -> Optional[Security]:
    """Return what an operation or a document needs; `None` if it does not say it."""
    value = node.value.get("security")
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(e, Mapping) for e in value):
        context.warn(node, "security must be a list: it is left out", "security")
        return None
    for name in dict.fromkeys(name for each in value for name in each):
        if name not in schemes:
            shown = one_line(repr(name), 100)
            context.warn(node, f"there is no security scheme {shown}", "security")
    return [dict(each) for each in value]


def read_servers(context: Context, node: Node) -> Security:
    """Return the servers that an object names."""
    servers = node.get("servers")
    if servers is None or servers.value is None:
        return []
    if not isinstance(servers.value, list):
        context.warn(servers, "servers must be a list: they are left out")
        return []
    found: Security = []
    for _, each in servers.children():
        is_named = isinstance(each.value, Mapping) and "url" in each.value
        if is_named and isinstance(each.value["url"], str):
            found.append(dict(each.value))
        else:
            context.warn(each, "a server needs a url: it is left out")
    return found
