"""Groups of commands: they import a command when it runs, and suggest corrections."""

import importlib
from typing import TYPE_CHECKING, Any, Iterator, List, MutableMapping, Optional, Tuple

import click

from ai_spine.cli.contents import SUMMARIES, room_of, summaries_of
from ai_spine.utils.did_you_mean import hint

if TYPE_CHECKING:  # a help page completes nothing
    from click.shell_completion import CompletionItem

NO_DOCSTRINGS = "For the full help, run Python without -OO, which removes it."
_NOUNS = [name for name in summaries_of("") if summaries_of(name)]


def help_without_docstrings(path: str) -> str:
    """Return the help of a command where `python -OO` has removed the docstrings.

    Example:
        >>> help_without_docstrings("wait").splitlines()[0]
        'Wait for an execution, and print its output.'
    """
    return f"{SUMMARIES[path]}\n\n{NO_DOCSTRINGS}"


class Noun(click.Group):
    """A group that suggests a command where the given one does not exist."""

    def resolve_command(
        self, ctx: click.Context, args: List[str]
    ) -> Tuple[Optional[str], Optional[click.Command], List[str]]:
        """Return the named command."""
        name = str(args[0])
        if not ctx.resilient_parsing and not name.startswith("-"):
            if self.get_command(ctx, name) is None:
                meant = hint(name, self.list_commands(ctx))
                ctx.fail(f"No such command {name!r}{meant}")
        return super().resolve_command(ctx, args)


class Outline(Noun):
    """A group whose help and completion import no command.

    Args:
        name: Its name.
        **more: What `click.Group` takes.
    """

    def __init__(self, name: Optional[str] = None, **more: Any) -> None:
        more["commands"] = _Commands(name if name in _NOUNS else "")
        super().__init__(name, **more)

    @property
    def _summaries(self) -> List[Tuple[str, str]]:
        noun = self.name if self.name in _NOUNS else ""
        return sorted(summaries_of(str(noun)).items())

    def get_command(self, ctx: click.Context, cmd_name: str) -> Optional[click.Command]:
        """Return a command; for completion, only the outline of a noun."""
        if ctx.resilient_parsing and ctx.parent is None and cmd_name in _NOUNS:
            return Outline(cmd_name, params=list(self.params))
        return super().get_command(ctx, cmd_name)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the list of commands as click does."""
        room = formatter.width - 6 - max(len(name) for name, _ in self._summaries)
        rows = [
            (name, click.Command(name, help=text).get_short_help_str(room))
            for name, text in self._summaries
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> "List[CompletionItem]":
        """Return the commands and options that begin like this."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=text)
            for name, text in self._summaries
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)


class _Commands(MutableMapping[str, click.Command]):
    """The commands of a group by name; each is imported on first use."""

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._names = summaries_of(noun)

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._names:
            raise KeyError(name)
        top = self._noun or name
        module = importlib.import_module(room_of(top))
        (found,) = [each for each in module.COMMANDS if each.name == top]
        return found.commands[name] if self._noun else found  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __setitem__(self, name: str, command: click.Command) -> None:
        raise TypeError("commands are named in contents.py")

    def __delitem__(self, name: str) -> None:
        raise TypeError("commands are named in contents.py")
