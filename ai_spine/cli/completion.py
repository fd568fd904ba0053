"""`completion bash|zsh|fish`."""

import click
from click.shell_completion import ShellComplete, get_completion_class

from ai_spine.cli.context import command

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_AI_SPINE_COMPLETE"  # click's own, of the program's name


@command("completion", prints=False)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script that completes commands, options and ids in a shell.

    In bash, put `eval "$(ai-spine completion bash)"` in ~/.bashrc; in zsh, the same with zsh in
    ~/.zshrc. Ids of flows, agents and executions are asked of the server, and kept for a minute.

    \b
    ai-spine completion bash
    ai-spine completion fish > ~/.config/fish/completions/ai-spine.fish
    """
    found = get_completion_class(shell)
    assert found is not None
    root = click.get_current_context().find_root().command
    made = found(root, {}, "ai-spine", _VARIABLE)
    # Bash's own method runs bash first, to see whether it is recent enough.
    click.echo(ShellComplete.source(made))


COMMANDS = (completion,)
