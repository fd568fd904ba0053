"""Tests of the help pages: the examples can be run, and the summaries match the pages."""

import re
import shlex

import click
import pytest

from ai_spine.cli.commands import shared_options
from ai_spine.cli.contents import SUMMARIES, summaries_of
from ai_spine.cli.main import cli
from ai_spine.cli.output.terminal import help_width
from tests.needs import skip_without


def walk(command, path=()):
    """Yield each command that is not a group, with its path of names."""
    for name, child in command.commands.items():
        if isinstance(child, click.Group):
            yield from walk(child, (*path, name))
        else:
            yield (*path, name), child


COMMANDS = dict(walk(cli))


def examples_of(command):
    """Return the examples of a command's help, without pipes and redirections."""
    lines = [line.strip() for line in (command.help or "").splitlines()]
    return [
        re.split(r" [<>|] ", line)[0] for line in lines if line.startswith("ai-spine ")
    ]


def command_of(words):
    """Parse a command line as click does, without running it, and return the command's path."""
    context, path = cli.make_context("ai-spine", list(words)), ()
    while isinstance(context.command, click.Group):
        # The attribute is public in the oldest click, and private in the newest.
        kept = vars(context).get("_protected_args") or vars(context).get(
            "protected_args"
        )
        rest = [*(kept or ()), *context.args]
        if not rest:
            return path
        name, child, rest = context.command.resolve_command(context, rest)
        context = child.make_context(name, rest, parent=context)
        path = (*path, name)
    return path


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_has_examples_that_can_be_run(path):
    examples = examples_of(COMMANDS[path])
    assert examples
    for example in examples:
        skip_without(example)
        found = command_of(shlex.split(example)[1:])
        assert found == path or (*found, "list") == path


@pytest.mark.parametrize("noun", [None, *sorted({path[0] for path in COMMANDS})])
def test_a_group_has_examples_too(noun):
    command = cli if noun is None else cli.commands[noun]
    examples = examples_of(command)
    assert examples
    for example in examples:
        skip_without(example)
        assert command_of(shlex.split(example)[1:])


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_each_option_says_what_it_is_for(path):
    options = [each for each in COMMANDS[path].params if isinstance(each, click.Option)]
    assert [each.name for each in options if not (each.help or each.hidden)] == []


@pytest.mark.parametrize("path", [(), *COMMANDS], ids=" ".join)
def test_a_help_page_fits_eighty_columns(path):
    context, command = cli.make_context("ai-spine", [], terminal_width=80), cli
    for word in path:
        command = command.commands[word]
        context = click.Context(command, context, word)
    assert max(map(len, context.get_help().splitlines())) <= 80


@pytest.mark.parametrize(
    "noun", ["", *sorted({path[0] for path in COMMANDS if path[1:]})]
)
def test_the_list_of_commands_does_not_cut_the_summaries(noun):
    command = cli.commands[noun] if noun else cli
    # That is how wide click writes on a terminal of 80 columns.
    found = command.get_help(command.make_context("ai-spine", [], terminal_width=78))
    listed = found.split("Commands:\n")[1].splitlines()
    listed = dict(line.split(None, 1) for line in listed)
    assert not [text for text in listed.values() if text.endswith("...")]
    assert set(listed) == set(summaries_of(noun))


def test_the_summary_is_the_beginning_of_the_help():
    nouns = {name: cli.commands[name] for name in {path[0] for path in COMMANDS}}
    found = {**nouns, **{" ".join(path): each for path, each in COMMANDS.items()}}
    assert set(found) == set(SUMMARIES)
    for path, command in found.items():
        first = " ".join(command.help.split("\n\n")[0].split())
        assert re.split(r"[.;] ", SUMMARIES[path])[0].rstrip(".") in first
        assert first.startswith(SUMMARIES[path].rstrip("."))


def test_each_command_accepts_the_shared_options():
    shared = {option.name for option in shared_options()}
    for path, command in COMMANDS.items():
        if path[0] != "local":
            assert shared <= {param.name for param in command.params}


@pytest.mark.parametrize("columns", ["", "0", "-7", "wide", "30", "60", "200"])
def test_help_pages_are_as_wide_as_click_makes_them(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    assert help_width() == click.HelpFormatter().width
