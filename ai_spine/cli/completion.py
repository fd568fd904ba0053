"""`completion bash|zsh|fish`: prints the script that completes the command in a shell."""

import click
from click.shell_completion import (
    BashComplete,
    FishComplete,
    ShellComplete,
    ZshComplete,
)

from ai_spine.cli.commands import command
from ai_spine.cli.output.terminal import put
from ai_spine.cli.value_completion import COMPLETION_VARIABLE

_SHELLS = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@command("completion", prints=False)
@click.argument("shell", type=click.Choice(list(_SHELLS)))
def completion(shell: str) -> None:
    """Print the script that completes words in a shell.

    In bash, put `eval "$(ai-spine completion bash)"` in ~/.bashrc; in zsh, the same with zsh in
    ~/.zshrc. It completes commands, options and ids. The ids of flows, agents and executions are
    requested from the server, and cached for a minute.

    \b
    ai-spine completion bash
    ai-spine completion fish > ~/.config/fish/completions/ai-spine.fish
    """
    root = click.get_current_context().find_root().command
    made = _SHELLS[shell](root, {}, "ai-spine", COMPLETION_VARIABLE)
    # Bash's own method runs bash first, to see whether it is recent enough.
    put(ShellComplete.source(made))


COMMANDS = (completion,)
