"""The security schemes of an API, and the arguments of clients for them."""

import ast
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from ai_spine.sdk_sync.generators.python.endpoints.expressions import call_of
from ai_spine.sdk_sync.generators.python.endpoints.naming import snake_name
from ai_spine.sdk_sync.generators.python.names import Names
from ai_spine.sdk_sync.generators.python.syntax import literal
from ai_spine.sdk_sync.ir import IRSpec
from ai_spine.utils import one_line

_AUTHORIZATION = "Authorization"
_PLACES = ("header", "query", "cookie")
BEARER, BASIC, NONE = "bearer", "basic", "none"


class SchemePlan(NamedTuple):
    """A security scheme.

    Attributes:
        name: Its name in the document.
        keyword: The argument of the client that its credential is.
        kind: `bearer`, `basic`, `header`, `query`, `cookie` or `none`.
        wire: The name of the header, the parameter or the cookie.
        prefix: What precedes the token in a header.
        description: What the document says of it.
    """

    name: str
    keyword: str
    kind: str
    wire: str = _AUTHORIZATION
    prefix: Optional[str] = None
    description: str = ""

    def as_syntax(self) -> ast.expr:
        """Return the expression that makes the `Scheme` of the runtime."""
        named: Dict[str, Optional[ast.expr]] = {
            "name": literal(self.wire) if self.wire != _AUTHORIZATION else None,
            "prefix": literal(self.prefix) if self.prefix is not None else None,
        }
        return call_of("Scheme", [literal(self.kind), literal(self.keyword)], named)


def schemes_of(spec: IRSpec, reserved: Iterable[str]) -> List[SchemePlan]:
    """Return the security schemes of a specification, in the order of their names.

    Args:
        spec: The specification.
        reserved: The other arguments of clients.
    """
    taken = set(reserved)
    names = Names(reserved=taken)
    found = []
    for name in sorted(spec.security_schemes):
        scheme = spec.security_schemes[name]
        keyword = snake_name(name)
        if keyword in taken:
            keyword = f"{keyword}_auth"
        kind, wire, prefix = _kind_of(scheme)
        words = one_line(str(scheme.get("description") or ""), 300)
        plan = SchemePlan(name, names.take(keyword), kind, wire, prefix, words)
        found.append(plan)
    return found


def takes_token(schemes: List[SchemePlan]) -> bool:
    """Return whether the one token of a client is what the API wants."""
    telling = [each for each in schemes if each.kind not in (NONE, BASIC)]
    return any(each.kind == BEARER for each in telling) or len(telling) == 1


def _kind_of(scheme: Mapping[str, Any]) -> Tuple[str, str, Optional[str]]:
    """Return the kind of a scheme, the name on the wire, and what precedes a token."""
    kind = str(scheme.get("type", "")).lower()
    if kind == "mutualtls":
        return NONE, _AUTHORIZATION, None
    if kind == "apikey" and scheme.get("in") in _PLACES:
        name = scheme.get("name")
        is_named = isinstance(name, str) and name
        wire = str(name) if is_named else _AUTHORIZATION
        # The whole header is the key, even if it is this one.
        prefix = "" if wire.lower() == _AUTHORIZATION.lower() else None
        return str(scheme["in"]), wire, prefix
    if kind == "http":
        own = str(scheme.get("scheme", BEARER))
        if own.lower() in (BASIC, BEARER):
            return own.lower(), _AUTHORIZATION, None
        return "header", _AUTHORIZATION, f"{own} "
    return BEARER, _AUTHORIZATION, None
