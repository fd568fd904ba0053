"""The shared options that say how results are printed; light, since each command has them."""

from typing import Any, Callable, List, Optional

import click

from ai_spine.cli.output.query import Query
from ai_spine.cli.session import FORMATS

Remember = Callable[[click.Context, click.Parameter, Any], None]


def check_output(name: Any) -> str:
    """Return the name of a format back if results can be printed so.

    Raises:
        click.UsageError: The format is unknown, or PyYAML, which it needs, is not installed.

    Example:
        >>> check_output("csv")
        'csv'
    """
    if name not in FORMATS:
        import difflib  # only when something is misspelt

        near = difflib.get_close_matches(str(name), FORMATS, 1)
        meant = f"; is {near[0]!r} meant?" if near else ""
        known = ", ".join(FORMATS)
        raise click.UsageError(f"--output {name!r} is not one of {known}{meant}")
    if name == "yaml":
        try:
            import yaml  # noqa: F401
        except ImportError:
            raise click.UsageError(
                "--output yaml needs PyYAML: pip install 'ai-spine-sdk[local]'"
            ) from None
    return str(name)


def output_options(remember: Remember) -> List[click.Parameter]:
    """Return the options.

    Args:
        remember: Stores the value of an option for the command.
    """

    def note(
        change: Callable[[Any], Any],
    ) -> Callable[[click.Context, click.Parameter, Optional[str]], None]:
        def callback(
            context: click.Context, parameter: click.Parameter, value: Optional[str]
        ) -> None:
            remember(context, parameter, None if value is None else change(value))

        return callback

    return [
        click.Option(
            ["--output"],
            type=click.Choice(FORMATS),
            help="How to print [table].",
            expose_value=False,
            callback=note(check_output),
        ),
        click.Option(
            ["--query"],
            metavar="JMESPATH",
            help="What to print of it.",
            expose_value=False,
            callback=note(Query),
        ),
        click.Option(
            ["--no-color"],
            is_flag=True,
            help="Colour nothing; or NO_COLOR.",
            expose_value=False,
            callback=remember,
        ),
    ]
