"""Completion of the values of options and arguments."""

import re
import sys
from typing import Any, Callable, Dict, List, Tuple

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class
from click.types import StringParamType

# Shells insert a completion as it is, so words that a shell would expand are never offered,
# whatever a server calls its flows.
_PLAIN = r"\w[\w.@+:/-]*=?"
_BREAKS = "=:"  # bash splits words at these

Find = Callable[[click.Context], List[str]]


class _Offered(StringParamType):
    """A text that a shell completes."""

    def __init__(self, find: Find) -> None:
        self._find = find

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> List[CompletionItem]:
        """Return the completions; if anything goes wrong, none."""
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
    ) -> List[CompletionItem]:
        """Let the shell complete a path."""
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


class _Bash(BashComplete):
    """Completion for bash, which splits URLs and `--option=value` at `=` and `:`."""

    _kept = ""  # the part of the current word that bash leaves alone

    def get_completion_args(self) -> Tuple[List[str], str]:
        """Return the words before the current one, and the current word."""
        args, last = super().get_completion_args()
        *before, typed = _joined([*args, last])
        value = typed.partition("=")[2] if typed.startswith("-") else typed
        self._kept = value[: max(map(value.rfind, _BREAKS)) + 1]
        return before, typed

    def format_completion(self, item: Any) -> str:
        """Return a word as the script expects it."""
        if self._kept and str(item.value).startswith(self._kept):
            item.value = item.value[len(self._kept) :]
        return super().format_completion(item)


def _joined(pieces: List[str]) -> List[str]:
    words: List[str] = []
    is_open = False
    for piece in pieces:
        breaks = bool(piece) and not piece.strip(_BREAKS)
        if words and (breaks or is_open):
            words[-1] += piece
        else:
            words.append(piece)
        is_open = breaks
    return words


add_completion_class(_Bash)


def offer_values(command: click.Command) -> click.Command:
    """Let a shell complete the values of a command's options and arguments; return the command."""
    for param in command.params:
        if param.type is click.STRING and param.name in _TYPES:
            param.type = _TYPES[param.name]
    return command
