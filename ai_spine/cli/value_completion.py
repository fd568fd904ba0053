"""Completion of the values of options and arguments."""

import re
import sys
from typing import TYPE_CHECKING, Callable, Dict, List

import click
from click.types import StringParamType

if TYPE_CHECKING:  # a help page completes nothing
    from click.shell_completion import CompletionItem

COMPLETION_VARIABLE = "_AI_SPINE_COMPLETE"
"""What a shell sets when it asks for words; click's own, of the program's name."""

# Shells insert a completion as it is, so words that a shell would expand are never offered,
# whatever a server calls its flows.
_PLAIN = r"\w[\w.@+:/-]*=?"

Find = Callable[[click.Context], List[str]]


class _Offered(StringParamType):
    """A text that a shell completes."""

    def __init__(self, find: Find) -> None:
        self._find = find

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "List[CompletionItem]":
        """Return the completions; if anything goes wrong, none."""
        from click.shell_completion import CompletionItem

        try:
            found = self._find(ctx)
        except Exception:  # an error would appear among the words being typed
            return []
        return [
            CompletionItem(word)
            for word in found
            if word.startswith(incomplete) and _is_plain(word)
        ]


class _Path(StringParamType):
    """A text that is a path, which the shell itself completes."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "List[CompletionItem]":
        """Let the shell complete a path."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type=self._kind)]


def _is_plain(word: str) -> bool:
    try:
        word.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return re.fullmatch(_PLAIN, word) is not None


def _ids(kind: str) -> Find:
    def find(context: click.Context) -> List[str]:
        from ai_spine.cli.known_ids import known_ids
        from ai_spine.cli.session import Session

        return known_ids(kind, context.find_object(Session) or Session())

    return find


def _inputs(context: click.Context) -> List[str]:
    from ai_spine.cli.known_ids import known_inputs
    from ai_spine.cli.session import Session

    if "flow_id" not in context.params:
        return []
    # click reads no argument while the value of an option is missing: it is left over.
    flow_id = context.params["flow_id"] or next(iter(context.args), None)
    if not isinstance(flow_id, str):
        return []
    session = context.find_object(Session) or Session()
    given = {pair.partition("=")[0] for pair in context.params.get("pairs") or ()}
    return [f"{n}=" for n in known_inputs(flow_id, session) if n not in given]


def _profiles(context: click.Context) -> List[str]:
    from ai_spine.config.profiles import profile_names

    return profile_names()


def _keys(context: click.Context) -> List[str]:
    from ai_spine.config.profiles import KEYS, PROFILE_KEY

    return [*KEYS, PROFILE_KEY]


# By the name of the parameter, so that no command can forget it.
_TYPES: Dict[str, StringParamType] = {
    "flow_id": _Offered(_ids("flow_id")),
    "agent_id": _Offered(_ids("agent_id")),
    "tool_id": _Offered(_ids("tool_id")),
    "execution_id": _Offered(_ids("execution_id")),
    "pairs": _Offered(_inputs),
    "profile": _Offered(_profiles),
    "key": _Offered(_keys),
    "file": _Path("file"),
    "files": _Path("file"),
    "inputs": _Path("file"),
    "results": _Path("file"),
    "db": _Path("file"),
    "flows": _Path("dir"),
    "folder": _Path("dir"),
}


def offer_values(command: click.Command) -> click.Command:
    """Let a shell complete the values of a command's options and arguments; return the command."""
    for param in command.params:
        if param.type is click.STRING and param.name in _TYPES:
            param.type = _TYPES[param.name]
    return command
