"""The module `client` of a package: its four clients."""

import ast
from typing import Dict, List, Mapping, Optional, Sequence

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.generators.python.endpoints.docstrings import (
    argument_lines,
    indented,
)
from ai_spine.sdk_sync.generators.python.endpoints.expressions import (
    call_of,
    dict_of,
    tuple_of,
)
from ai_spine.sdk_sync.generators.python.endpoints.operations import (
    GroupPlan,
    OperationsPlan,
)
from ai_spine.sdk_sync.generators.python.endpoints.security import (
    BASIC,
    NONE,
    SchemePlan,
    schemes_of,
)
from ai_spine.sdk_sync.generators.python.endpoints.servers import (
    default_base_url,
    servers_of,
)
from ai_spine.sdk_sync.generators.python.filling import fill
from ai_spine.sdk_sync.generators.python.styles import STYLES
from ai_spine.sdk_sync.generators.python.syntax import (
    declare,
    docstring,
    literal,
    module,
    name,
    names_in,
)
from ai_spine.sdk_sync.ir import IRSpec
from ai_spine.utils import one_line

WORKSPACE = "workspace_id"
_RUNTIME = "ai_spine.sdk_sync.runtime"
# Those of the runtime's clients that make sense for any API, with what they mean.
_SETTINGS = """
def __init__(
    self,
    *,
    server_variables: Mapping[str, str] | None = None,
    timeout: Duration = DEFAULT_TIMEOUT,
    connect_timeout: Duration | None = None,
    read_timeout: Duration | None = None,
    write_timeout: Duration | None = None,
    max_retries: int = DEFAULT_MAX_RETRIES,
    deadline: Duration | None = None,
    retry_writes: bool = False,
    retry_budget: float | None = None,
    retry_after_limit: Duration = DEFAULT_RETRY_AFTER_LIMIT,
    headers: Mapping[str, str] | None = None,
    proxies: Mapping[str, str] | None = None,
    verify: bool | str = True,
    cert: str | tuple[str, str] | None = None,
    pool_size: int = DEFAULT_POOL_SIZE,
    session: SESSION | None = None,
    event_hooks: HOOKS | None = None,
    json_default: Callable[[Any], Any] | None = None,
    debug: bool = False,
    tracing: bool = True,
    tracer_provider: Any = None,
    meter_provider: Any = None,
    transport: str = "aiohttp",
) -> None: ...
"""
_MEANINGS = {
    "server_variables": "Values of the variables in the URL of the server.",
    "timeout": "Seconds, or a `timedelta`, for one attempt.",
    "connect_timeout": "The same within it, until a connection stands.",
    "read_timeout": "The same within it, without a byte of the response.",
    "write_timeout": "The same within it, until the request has been sent.",
    "max_retries": "Attempts after the first.",
    "deadline": "Seconds, or a `timedelta`, for a whole call.",
    "retry_writes": "Whether a POST or a PATCH that may have run is sent again.",
    "retry_budget": "Retries for each call on average: 0.2 for one in five calls.",
    "retry_after_limit": "The longest `Retry-After` to obey.",
    "headers": "Headers to add to each request.",
    "proxies": "Proxies; by default those of the environment.",
    "verify": "Whether to check certificates, or the path of a CA bundle.",
    "cert": "The path of a client certificate, or the paths of it and of its key.",
    "pool_size": "How many connections may be open at once.",
    "session": "Your own session to send with.",
    "event_hooks": "Callables for `request`, `response` and `retry`.",
    "json_default": "Called with a value that cannot be encoded as JSON.",
    "debug": "Whether to log each attempt to stderr.",
    "tracing": "Whether to record spans and metrics, where OpenTelemetry is installed.",
    "tracer_provider": "Makes the tracer.",
    "meter_provider": "Makes the meter.",
    "transport": "`aiohttp` or `httpx`.",
}
_ONLY_ASYNC = ("transport",)
_OWN = ("self", "base_url", "token", WORKSPACE, "credentials", "defaults", "secrets")
_IMPORTS = """
from typing import TYPE_CHECKING, Any
from ai_spine.sdk_sync.runtime import CODEC
from ai_spine.sdk_sync.runtime.async_base_client import AsyncBaseClient
from ai_spine.sdk_sync.runtime.base_client import BaseClient
from ai_spine.sdk_sync.runtime.endpoints import Server
from ai_spine.sdk_sync.runtime.options import (
    DEFAULT_MAX_RETRIES,
    DEFAULT_POOL_SIZE,
    DEFAULT_RETRY_AFTER_LIMIT,
    DEFAULT_TIMEOUT,
)
from ai_spine.sdk_sync.runtime.security import Scheme, hide
from .errors import ERRORS
"""
_TYPES = """
from collections.abc import Callable, Mapping
from ai_spine.sdk_sync.runtime.options import (
    AsyncHooks,
    AsyncKey,
    AsyncSession,
    Duration,
    Hooks,
    Key,
    Session,
)
"""
_PROPERTY = """
@property
def GROUP(self) -> KIND:
    "DOC"
    from MODULE import KIND
    return KIND(self)
"""
_SETTING_NAMES = tuple(_MEANINGS)


def reserved_arguments() -> List[str]:
    """Return the arguments that all clients have, which no security scheme may take."""
    return [*_OWN, *_SETTING_NAMES]


def client_schemes(spec: IRSpec, operations: OperationsPlan) -> List[SchemePlan]:
    """Return the security schemes, with arguments unlike the others of clients.

    Raises:
        ConfigError: A default that is configured is an argument that all clients have.
    """
    defaults, reserved = _defaults_of(operations), reserved_arguments()
    for each in sorted(set(reserved) & defaults - {WORKSPACE}):
        raise ConfigError(f"all clients have {each}: name the client default otherwise")
    return schemes_of(spec, [*reserved, *defaults])


def _defaults_of(operations: OperationsPlan) -> "set[str]":
    found = {e.client_default for p in operations.operations for e in p.arguments}
    return {each for each in found if each}


class ClientModule:
    """Writes the module of the clients.

    Args:
        spec: The specification.
        operations: Its operations.
        models: What models are made with.
        kinds: The names of the classes of groups, by their modules.
    """

    def __init__(
        self,
        spec: IRSpec,
        operations: OperationsPlan,
        models: str,
        kinds: Mapping[str, str],
    ) -> None:
        self._spec, self._groups = spec, operations.groups
        self._codec = STYLES[models].runtime.rpartition(".")[2]
        self._kinds = kinds
        self._schemes = client_schemes(spec, operations)
        found = _defaults_of(operations)
        self._defaults = sorted(found - {WORKSPACE})
        self._knows_workspace = WORKSPACE in found
        self._has_url = default_base_url(spec.servers) is not None

    def tree(self, generated: str) -> ast.Module:
        """Return the module.

        Args:
            generated: The sentence that says by what it is generated.
        """
        classes = [
            self._client("", is_authenticated=False),
            self._client("", is_authenticated=True),
            self._client("Async", is_authenticated=False),
            self._client("Async", is_authenticated=True),
        ]
        tables = self._tables()
        title = one_line(self._spec.title or "an HTTP API", 200)
        head = docstring(f"Clients for {title}. {generated}")
        body = [*tables, *classes]
        return module([head, *self._imports(body), *body])

    def _tables(self) -> List[ast.stmt]:
        schemes = dict_of({each.name: each.as_syntax() for each in self._schemes})
        servers = tuple_of(servers_of(self._spec.servers))
        return [
            declare("_SCHEMES", _parsed("Mapping[str, Scheme]"), schemes),
            declare("_SERVERS", _parsed("tuple[Server, ...]"), servers),
        ]

    def _client(self, prefix: str, *, is_authenticated: bool) -> ast.stmt:
        base = f"{prefix}Client" if is_authenticated else f"{prefix}BaseClient"
        own = "AuthenticatedClient" if is_authenticated else "Client"
        body: List[ast.stmt] = [indented(self._described(prefix, is_authenticated), 4)]
        if not is_authenticated:
            for attribute, value in (
                ("codec", self._codec),
                ("error_classes", "ERRORS"),
                ("schemes", "_SCHEMES"),
                ("servers", "_SERVERS"),
            ):
                body += ast.parse(f"{attribute} = {value}").body
        body.append(self._init(prefix, is_authenticated))
        if not is_authenticated:
            body += [self._property(each, prefix) for each in self._groups]
        made = ast.ClassDef(f"{prefix}{own}", [name(base)], [], body, [])
        setattr(made, "type_params", [])  # which Python has from 3.12 on
        return made

    def _init(self, prefix: str, is_authenticated: bool) -> ast.stmt:
        key, session, hooks = (f"{prefix}{e}" for e in ("Key", "Session", "Hooks"))
        filling = {"SESSION": session, "HOOKS": hooks}
        made = fill(_SETTINGS, dict(filling))
        assert isinstance(made, ast.FunctionDef)  # nosec B101
        settings = made.args
        arguments = ast.arguments([], [ast.arg("self")], None, [], [], None, [])
        self._add_positional(arguments, key, is_authenticated)
        for each in self._credentials(is_authenticated):
            kind = "tuple[str, str]" if each.kind == BASIC else key
            _add_keyword(arguments, each.keyword, kind)
        if self._knows_workspace and not is_authenticated:
            _add_keyword(arguments, WORKSPACE, "str")
        for default in self._defaults:
            _add_keyword(arguments, default, "str")
        for argument, value in zip(settings.kwonlyargs, settings.kw_defaults):
            if prefix or argument.arg not in _ONLY_ASYNC:
                arguments.kwonlyargs.append(argument)
                arguments.kw_defaults.append(value)
        made.args = arguments
        begin = ast.Expr(self._begin(prefix, arguments, is_authenticated))
        made.body = [*self._hidden(is_authenticated), begin]
        return made

    def _hidden(self, is_authenticated: bool) -> List[ast.stmt]:
        """Return what wraps secrets, so that no traceback shows one."""
        schemes = self._credentials(is_authenticated)
        given = {each.name: name(each.keyword) for each in schemes}
        secret = ["token", "proxies"] if is_authenticated else ["proxies"]
        hidden = [("secrets", {each: name(each) for each in secret})]
        if given:
            hidden.append(("credentials", given))
        made: List[ast.stmt] = [
            ast.Assign(
                [ast.Name(target, ast.Store())],
                call_of("hide", [dict_of(dict(found))], {}),
                lineno=0,
            )
            for target, found in hidden
        ]
        keywords = [*secret, *(each.keyword for each in schemes)]
        return [*made, ast.Delete([ast.Name(each, ast.Del()) for each in keywords])]

    def _add_positional(
        self, arguments: ast.arguments, key: str, is_authenticated: bool
    ) -> None:
        url = "str | None" if self._has_url else "str"
        arguments.args.append(ast.arg("base_url", _parsed(url)))
        if is_authenticated:
            arguments.args.append(ast.arg("token", name(key)))
            arguments.args.append(ast.arg(WORKSPACE, _parsed("str | None")))
            arguments.defaults.append(literal(None))
        elif self._has_url:
            arguments.defaults.append(literal(None))

    def _credentials(self, is_authenticated: bool) -> List[SchemePlan]:
        found = [each for each in self._schemes if each.kind != NONE]
        # A token is all that an API with one scheme takes.
        return [] if is_authenticated and len(found) == 1 else found

    def _begin(
        self, prefix: str, arguments: ast.arguments, is_authenticated: bool
    ) -> ast.expr:
        """Return the call of the runtime's client."""
        schemes = self._credentials(is_authenticated)
        named: Dict[str, Optional[ast.expr]] = {}
        if is_authenticated or self._knows_workspace:
            named[WORKSPACE] = name(WORKSPACE)
        if schemes:
            named["credentials"] = name("credentials")
        if self._defaults:
            named["defaults"] = dict_of({each: name(each) for each in self._defaults})
        keywords = {each.keyword for each in schemes} | {*self._defaults, WORKSPACE}
        for each in arguments.kwonlyargs:
            if each.arg not in keywords:
                named[each.arg] = name(each.arg)
        named["proxies"] = _parsed("secrets.get('proxies')")
        token = [_parsed("secrets.get('token')")] if is_authenticated else []
        positional: List[ast.expr] = [name("base_url"), *token]
        call = call_of("init", positional, named)
        owner = f"super({prefix}Client, self)" if is_authenticated else "super()"
        call.func = ast.Attribute(_parsed(owner), "__init__", ast.Load())
        return call

    def _property(self, group: GroupPlan, prefix: str) -> ast.stmt:
        kind = f"{prefix}{self._kinds[group.names.module]}"
        made = fill(_PROPERTY, {"GROUP": group.names.attribute, "KIND": kind})
        assert isinstance(made, ast.FunctionDef)  # nosec B101
        made.body = [
            docstring(group.summary, 8),
            ast.ImportFrom(f"api.{group.names.module}", [ast.alias(kind)], 1),
            made.body[-1],
        ]
        return made

    def _described(self, prefix: str, is_authenticated: bool) -> str:
        title = one_line(self._spec.title or "an HTTP API", 100)
        what = "that sends a token" if is_authenticated else "of all its operations"
        kind = "An asynchronous client" if prefix else "A client"
        lines = [f"{kind} for {title} {what}.", "", "Args:"]
        lines += argument_lines("base_url", self._described_url())
        if is_authenticated:
            words = "The token, or a function that returns it."
            lines += argument_lines("token", words)
        if is_authenticated or self._knows_workspace:
            words = (
                "The workspace, sent as `X-Workspace-Id` and as the parameters for it."
            )
            lines += argument_lines(WORKSPACE, words)
        for each in self._credentials(is_authenticated):
            words = each.description or f"The credential for {each.name}."
            lines += argument_lines(each.keyword, words)
        for default in self._defaults:
            lines += argument_lines(default, "The default of the parameters for it.")
        for setting, words in _MEANINGS.items():
            if prefix or setting not in _ONLY_ASYNC:
                lines += argument_lines(setting, words)
        return "\n".join(lines)

    def _described_url(self) -> str:
        if self._has_url:
            return "The server; by default, the first one of the document."
        servers = self._spec.servers
        path = str(servers[0]["url"]).rstrip("/") if servers else ""
        return f"The server, with `{path}` at its end." if path else "The server."

    def _imports(self, body: Sequence[ast.stmt]) -> List[ast.stmt]:
        used = {*names_in(body), "TYPE_CHECKING"}
        found: List[ast.stmt] = list(
            ast.parse("from __future__ import annotations").body
        )
        for statement in ast.parse(_IMPORTS).body:
            assert isinstance(statement, ast.ImportFrom)  # nosec B101
            for alias in statement.names:
                alias.name = self._codec if alias.name == "CODEC" else alias.name
            found += _needed(statement, used)
        checked = [e for each in ast.parse(_TYPES).body for e in _needed(each, used)]
        for group in self._groups:
            kind = self._kinds[group.names.module]
            names = [ast.alias(f"Async{kind}"), ast.alias(kind)]
            checked.append(ast.ImportFrom(f"api.{group.names.module}", names, 1))
        found.append(ast.If(name("TYPE_CHECKING"), checked, []))
        return found


def _needed(statement: ast.stmt, used: "set[str]") -> List[ast.stmt]:
    """Return an import of the names that are used; nothing if none is."""
    assert isinstance(statement, ast.ImportFrom)  # nosec B101
    names = [e for e in statement.names if (e.asname or e.name) in used]
    return [ast.ImportFrom(statement.module, names, statement.level)] if names else []


def _add_keyword(arguments: ast.arguments, keyword: str, kind: str) -> None:
    arguments.kwonlyargs.append(ast.arg(keyword, _parsed(f"{kind} | None")))
    arguments.kw_defaults.append(literal(None))


def _parsed(expression: str) -> ast.expr:
    """Return an expression that this module has as text, and no specification."""
    return ast.parse(expression, mode="eval").body
