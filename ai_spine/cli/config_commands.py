"""`config list|get|set|unset|path`: the profiles in the settings file."""

import os
import sys
from typing import Any, Dict, NamedTuple, Optional

import click

from ai_spine.cli.commands import command, noun
from ai_spine.cli.errors import fail
from ai_spine.cli.exit_codes import NOT_FOUND
from ai_spine.cli.output.printing import print_value, say
from ai_spine.cli.output.terminal import put
from ai_spine.cli.session import FORMATS, read_output, session
from ai_spine.config.profile_file import (
    Document,
    change_document,
    read_document,
    shown,
)
from ai_spine.config.profiles import (
    DEFAULT_PROFILE,
    GENERAL,
    KEYS,
    OUTPUT_KEY,
    PROFILE_KEY,
    check_profile_name,
    choose_name,
    file_path,
    find,
    profile_names,
)
from ai_spine.config.settings import READERS, is_meant_for, warn_of_open_file
from ai_spine.constants import (
    DEFAULT_BASE_URL,
    DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT,
)
from ai_spine.exceptions import ConfigurationError
from ai_spine.utils import Secret, origin
from ai_spine.utils.did_you_mean import hint

_HIDDEN = "***"
_DEFAULTS: Dict[str, Any] = {
    "base_url": DEFAULT_BASE_URL,
    "timeout": float(DEFAULT_TIMEOUT),
    "max_retries": int(DEFAULT_MAX_RETRIES),
    OUTPUT_KEY: FORMATS[0],
}
# A profile's values of these are only for its own server.
_FOR_ONE_SERVER = ("api_key", "api_prefix", "tenant", "workspace")
_READERS = {**READERS, OUTPUT_KEY: read_output}

config = noun("config", "Show and change profiles, which contain settings.")


class _Value(NamedTuple):
    """A setting as commands use it."""

    value: Any
    """`None` if nothing sets it; a key is hidden."""
    source: str
    """What sets it."""


@command("list", config)
def list_() -> None:
    """List all settings, and where each comes from.

    Options override the environment, which overrides the profile, which overrides the defaults.

    \b
    ai-spine config list
    ai-spine config list --profile work --output json
    """
    used = warn_of_open_file(session().profile)
    rows = [_row(PROFILE_KEY, _Value(used.name or None, _chosen_by()))]
    rows += [_row(key, _value_of(key)) for key in KEYS]
    print_value(rows)


def _row(key: str, found: _Value) -> Dict[str, Any]:
    return {"setting": key, "value": found.value, "source": found.source}


@command("get", config)
@click.argument("key")
def get(key: str) -> None:
    """Print a setting as commands use it.

    \b
    ai-spine config get base_url
    ai-spine config get timeout --profile work
    """
    _check_key(key)
    found = _value_of(key)
    if found.value is None:
        fail(f"{key} is not set", NOT_FOUND)
    print_value(found.value)


@command("set", config, prints=False)
@click.argument("key")
@click.argument("value", required=False)
def set_(key: str, value: Optional[str]) -> None:
    """Set a setting in a profile.

    A key that is not given is prompted for, so that it is in no shell's history; `-` reads any
    value from stdin. The settings are api_key, base_url, api_prefix, timeout, max_retries,
    tenant, workspace and output, and `profile`: the profile that is used by default.

    \b
    ai-spine config set api_key
    ai-spine config set base_url https://spine.example.com --profile work
    ai-spine config set profile work
    """
    _check_key(key)
    path = _path()
    text = Secret(_read_value(key, value))
    del value
    if key == PROFILE_KEY:
        _check_known(text.reveal())
        section = GENERAL
    else:
        _READERS[key](key, text)
        section = _section(path)

    def change(document: Document) -> bool:
        document.put(section, key, text)
        return True

    change_document(path, change)
    where = "" if section == GENERAL else f" in the profile {section}"
    say(f"{key} is set{where} ({shown(path)})")
    _say_what_wins(key)


@command("unset", config, prints=False)
@click.argument("key", required=False)
@click.option("--all", "is_all", is_flag=True, help="Remove the whole profile.")
def unset(key: Optional[str], is_all: bool) -> None:
    """Remove a setting from a profile, or a whole profile.

    \b
    ai-spine config unset timeout
    ai-spine config unset --all --profile work
    """
    if (key is None) != is_all:
        raise click.UsageError("name either a KEY or --all")
    path = _path()
    if key is not None:
        _check_key(key)
    section = GENERAL if key == PROFILE_KEY else _section(path)

    def change(document: Document) -> bool:
        if key is not None:
            return document.remove(section, key)
        _choose_no_more(section, document)
        return document.remove_section(section)

    if not change_document(path, change):
        what = f"no profile {section}" if key is None else f"no {key} in [{section}]"
        fail(f"{shown(path)} has {what}", NOT_FOUND)
    say(f"{key or 'the profile'} is removed from [{section}] ({shown(path)})")


@command("path", config, prints=False)
def path_() -> None:
    """Print where the file of profiles is.

    \b
    ai-spine config path
    """
    put(str(_path()))


COMMANDS = (config,)


def _path() -> str:
    path = file_path()
    if path is None:
        raise ConfigurationError(
            "there is no home folder for the file of profiles: set its path in AI_SPINE_CONFIG"
        )
    return path


def _check_key(key: str) -> None:
    known = [*KEYS, PROFILE_KEY]
    if key not in known:
        raise click.UsageError(
            f"there is no setting {key!r}{hint(key, known) or ': there are ' + ', '.join(known)}"
        )


def _check_known(name: str) -> None:
    """Refuse to choose a profile that does not exist."""
    check_profile_name(name, PROFILE_KEY)
    known = profile_names()
    if name not in known and name != DEFAULT_PROFILE:
        raise ConfigurationError(
            f"there is no profile {name!r}{hint(name, known)}; set something in it first: "
            f"ai-spine config set base_url URL --profile {name}"
        )


def _choose_no_more(name: str, document: Document) -> None:
    """Reset the default profile if it is about to be removed: every command would miss it."""
    general = document.sections.get(GENERAL)
    chosen = None if general is None else general.entries.get(PROFILE_KEY)
    if chosen is not None and chosen.text.reveal() == name:
        document.remove(GENERAL, PROFILE_KEY)


def _section(path: str) -> str:
    """Return the profile to change, which may not exist yet."""
    return choose_name(session().options.get("profile"), read_document(path))[0]


def _read_value(key: str, given: Optional[str]) -> str:
    if given is None and key == "api_key":
        if sys.stdin is None or not sys.stdin.isatty():
            raise click.UsageError(
                "a key is prompted for on a terminal; with - it is read from stdin"
            )
        given = str(click.prompt("api_key", hide_input=True, err=True))
    elif given is None:
        raise click.UsageError(f"{key} needs a VALUE; - reads it from stdin")
    elif given == "-":
        given = _read_stdin()
    if not given.strip():
        raise click.UsageError(f"{key} is blank; `config unset {key}` removes it")
    return given.strip()


def _read_stdin() -> str:
    if sys.stdin is None:
        raise click.UsageError("stdin is closed")
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        raise click.UsageError("stdin is not UTF-8 text") from None


def _say_what_wins(key: str) -> None:
    variable = KEYS.get(key)
    if variable and os.environ.get(variable, "").strip():
        say(f"note: {variable} is set, and overrides it")


def _chosen_by() -> str:
    used = session().profile
    if session().options.get("profile") is not None:
        return "--profile"
    if used.source.startswith("line"):
        return f"{shown(used.path or '')} {used.source}"
    return used.source


def _value_of(key: str) -> _Value:
    """Return a setting as a command would use it."""
    if key == PROFILE_KEY:
        return _Value(session().profile.name or None, _chosen_by())
    options, used = session().options, session().profile
    if key == "api_key" and options.get("api_key_file") is not None:
        return _Value(_plain(key, session().key), "--api-key-file")
    if options.get(key) is not None:
        given = options[key]
        if key in READERS:
            given = READERS[key](f"--{key.replace('_', '-')}", Secret(str(given)))
        return _Value(_plain(key, given), f"--{key.replace('_', '-')}")
    found = find(key, used)
    if found is None:
        return _Value(_DEFAULTS.get(key), "default" if key in _DEFAULTS else "-")
    value = _READERS[key](found.name, found.text)
    source = found.name
    if found.in_profile:
        source = f"profile {used.name}, line {used.entries[key].line}"
        if key in _FOR_ONE_SERVER and not is_meant_for(used, _base_url()):
            source += f"; not sent to {origin(_base_url())}"
    return _Value(_plain(key, value), source)


def _base_url() -> str:
    return str(_value_of("base_url").value)


def _plain(key: str, value: Any) -> Any:
    return _HIDDEN if key == "api_key" and value else value
