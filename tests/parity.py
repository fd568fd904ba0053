"""`python -m tests.parity`: what of the API is missing, or is more, in one of the places it has.

The operations, the OpenAPI document, both clients, the commands, the local server's routes and the
docs name the same API. A release needs that.
"""

import inspect
import re
import sys
from pathlib import Path
from typing import Any, Dict, FrozenSet, Iterator, List, NamedTuple, Set, Tuple

from ai_spine import AISpine
from ai_spine.async_client import AsyncAISpine
from ai_spine.cli.contents import SUMMARIES
from ai_spine.cli.main import cli
from ai_spine.local import LocalServer
from ai_spine.operations import OPERATIONS, Credential
from ai_spine.operations.openapi import openapi_document

METHODS = Path(__file__).parent.parent / "docs" / "executing.md"
Endpoint = Tuple[str, str]

# Methods that are made of other operations, or send none.
WITHOUT_ENDPOINT = {
    "add_middleware",
    "call",
    "check_credits",
    "call_flow_tool",
    "close",
    "delete",
    "execute_and_wait",
    "execute_batch",
    "flows_as_tools",
    "get",
    "head",
    "items",
    "iter_batch",
    "iter_executions",
    "pages",
    "patch",
    "post",
    "put",
    "request",
    "rerun_execution",
    "subscribe",
    "wait_for_execution",
    "with_options",
}
# Commands with other names than their methods. Operations on keys have no command, since it would
# print the key, and leave it in the shell's history and in logs.
COMMANDS = {
    "execute_flow": "execute",
    "cancel_execution": "cancel",
    "get_execution_results": "executions results",
    "stream_execution": "wait",
    "get_execution_messages": "executions messages",
    "get_execution_logs": "executions logs",
    "health_check": "health",
    "get_health": "health",
    "get_metrics": "metrics",
    "get_status": "status",
    "get_current_user": "whoami",
    "set_tool_status": "tools status",
    "get_tool_schemas": "tools schemas",
    "create_tool_schemas": "tools set-schemas",
    "get_tool_execution": "tools execution",
    "list_marketplace_agents": "marketplace list",
    "get_marketplace_agent": "marketplace get",
    "get_marketplace_categories": "marketplace categories",
    "get_marketplace_stats": "marketplace stats",
}
# Commands that are of the command line itself, need no server, or are made of other operations.
OWN_COMMANDS = {
    "batch",
    "build",
    "completion",
    "config",
    "executions rerun",
    "flows show",
    "flows validate",
    "init",
    "local",
    "mcp",
    "openapi",
    "sdk-sync",
}
# Routes of the local server that are no operation: what other servers have as well, the page, and
# what generated clients ask for.
MORE_ROUTES = {
    ("GET", "/openapi.json"),
    ("GET", "/"),
    ("GET", "/api/_meta/schemas"),
    ("GET", "/api/_meta/schemas/models/{}"),
    ("GET", "/api/_meta/spec"),
    ("GET", "/api/_meta/tools/{}"),
    ("POST", "/api/tools/{}/execute"),
}


class Surfaces(NamedTuple):
    """The API as each place has it."""

    operations: Dict[str, Endpoint]
    document: Dict[str, Endpoint]
    methods: FrozenSet[str]
    async_methods: FrozenSet[str]
    commands: FrozenSet[str]
    routes: FrozenSet[Endpoint]
    documented: FrozenSet[str]

    @property
    def operated(self) -> FrozenSet[str]:
        """The methods that send operations; several may make one method."""
        return frozenset(
            each.of or each.name for each in OPERATIONS if each.name in self.operations
        )


def surfaces() -> Surfaces:
    """Return the API as each place has it now."""
    with LocalServer([], []) as server:
        rules = server._site.app.rules
    text = METHODS.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    return Surfaces(
        {each.name: (each.method, each.path) for each in OPERATIONS},
        dict(_documented_endpoints(openapi_document())),
        frozenset(_methods_of(AISpine)),
        frozenset(_methods_of(AsyncAISpine) - {"aclose"} | {"close"}),
        frozenset(_commands()),
        frozenset(_endpoints_of(rules)),
        frozenset(
            name for row in rows for name in re.findall(r"`(\w+)\(", row.split("|")[1])
        ),
    )


def differences(found: Surfaces) -> List[str]:
    """Return a sentence for each thing that one place has and another has not."""
    return [
        *_compared("the document", found.document, found.operations),
        *_compared("AISpine", found.methods - WITHOUT_ENDPOINT, found.operated),
        *_compared(
            "AsyncAISpine", found.async_methods - WITHOUT_ENDPOINT, found.operated
        ),
        *_compared("the commands", found.commands - OWN_COMMANDS, _wanted(found)),
        *_compared("the local server", found.routes - MORE_ROUTES, _served(found)),
        *_compared("the docs", found.documented, found.methods),
    ]


def _compared(place: str, there: Any, wanted: Any) -> Iterator[str]:
    """Compare names, or what they stand for."""
    for name in sorted(set(wanted) - set(there)):
        yield f"{place} lacks {_shown(name)}"
    for name in sorted(set(there) - set(wanted)):
        yield f"{place} has {_shown(name)}, which is no operation"
    if isinstance(there, dict):
        for name in sorted(set(there) & set(wanted)):
            if there[name] != wanted[name]:
                yield f"{place} has {name} at {_shown(there[name])}"


def _shown(name: Any) -> str:
    return " ".join(name) if isinstance(name, tuple) else str(name)


def _wanted(found: Surfaces) -> Set[str]:
    """Return the commands that the operations ask for."""
    with_key = {
        each.of or each.name
        for each in OPERATIONS
        if each.credential is Credential.API_KEY
    }
    return {_command_of(name) for name in found.operated & with_key}


def _command_of(name: str) -> str:
    verb, _, noun = name.partition("_")
    return COMMANDS.get(name, f"{noun.rstrip('s')}s {verb}")


def _served(found: Surfaces) -> Set[Endpoint]:
    """Return the routes that the operations ask for."""
    return {
        (each.method, _plain(each.template(prefix)))
        for each in OPERATIONS
        if each.name in found.operations
        for prefix in ("", "/api/v1")
    } | {("GET", "/executions/{}/messages"), ("GET", "/api/v1/messages/{}")}


def _methods_of(client: Any) -> Set[str]:
    functions = inspect.getmembers(client, inspect.isfunction)
    return {name for name, _ in functions if not name.startswith("_")}


def _documented_endpoints(document: Any) -> Iterator[Tuple[str, Endpoint]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield operation["operationId"], (method.upper(), path)


def _commands() -> Iterator[str]:
    """Yield the commands that can be called; a noun lists, so its list is one."""
    for path in SUMMARIES:
        command: Any = cli
        for word in path.split():
            command = command.commands.get(word)
            if command is None:
                break
        is_noun = any(other.startswith(f"{path} ") for other in SUMMARIES)
        noun = path.split()[0]
        if command is not None and not (is_noun and noun not in OWN_COMMANDS):
            yield noun if noun in OWN_COMMANDS else path


def _endpoints_of(rules: Any) -> Iterator[Endpoint]:
    for method, path in rules:
        yield method, _plain(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path))


def _plain(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)


def main() -> int:
    """Print the differences, and return 1 if there are any."""
    found = differences(surfaces())
    for line in found:
        print(f"parity: {line}")
    if not found:
        print(f"parity: {len(OPERATIONS)} operations are the same everywhere")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
