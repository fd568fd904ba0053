"""Profiles: named settings in a file, for what neither an argument nor the environment sets."""

import os
from typing import Dict, Iterable, List, Mapping, NamedTuple, NoReturn, Optional, Tuple

from ai_spine.config.folders import settings_folder
from ai_spine.config.key_file import KeyFile
from ai_spine.config.profile_file import (
    Document,
    Entry,
    is_profile_name,
    read_document,
    shown,
)
from ai_spine.constants import (
    ENV_API_KEY,
    ENV_API_KEY_FILE,
    ENV_BASE_URL,
    ENV_CONFIG,
    ENV_MAX_RETRIES,
    ENV_PROFILE,
    ENV_TENANT,
    ENV_TIMEOUT,
    ENV_WORKSPACE,
)
from ai_spine.utils import Secret, one_line
from ai_spine.utils.did_you_mean import hint

FILE_NAME = "config.ini"
DEFAULT_PROFILE = "default"
# The section for what a profile cannot say: which profile is the default.
GENERAL = "ai-spine"
PROFILE_KEY = "profile"
OUTPUT_KEY = "output"

# The settings of a profile, and the environment variable that overrides each.
KEYS: Dict[str, Optional[str]] = {
    "api_key": ENV_API_KEY,
    "base_url": ENV_BASE_URL,
    "api_prefix": None,
    "timeout": ENV_TIMEOUT,
    "max_retries": ENV_MAX_RETRIES,
    "tenant": ENV_TENANT,
    "workspace": ENV_WORKSPACE,
    OUTPUT_KEY: None,
}


class Found(NamedTuple):
    """A setting from the environment or from a profile."""

    text: Secret
    """The text of the setting, always wrapped."""
    name: str
    """Its name in messages: a variable, or a key with its profile, file and line."""
    in_profile: bool
    """Whether it comes from the profile."""


class Profile(NamedTuple):
    """A profile as the file defines it."""

    name: str
    """Empty if no profile is used."""
    source: str
    """What chose it."""
    path: Optional[str]
    """The file, which may not exist."""
    entries: Mapping[str, Entry]
    """Its settings."""
    has_keys: bool = False
    """Whether the file contains a key, in any profile."""

    def own(self, key: str) -> Optional[Found]:
        """Return a setting of the profile; a blank one is none."""
        entry = self.entries.get(key)
        if entry is None or not entry.text.reveal():
            return None
        name = f"{key} of the profile {self.name} ({shown(self.path or '')} line {entry.line})"
        return Found(entry.text, name, True)


NO_PROFILE = Profile("", "", None, {})


def find(key: str, profile: Profile) -> Optional[Found]:
    """Return a setting from the environment, or else from the profile.

    Raises:
        ConfigurationError: The file that `AI_SPINE_API_KEY_FILE` names cannot be read or has no
            key, or `AI_SPINE_API_KEY` is set as well.
    """
    variable = KEYS[key]
    if key == "api_key":
        path = os.environ.get(ENV_API_KEY_FILE, "").strip()
        if path and os.environ.get(ENV_API_KEY, "").strip():
            _refuse(f"{ENV_API_KEY} and {ENV_API_KEY_FILE} are both set: unset one")
        if path:
            key_file = KeyFile(path, ENV_API_KEY_FILE)
            return Found(Secret(key_file()), ENV_API_KEY_FILE, False)
    text = os.environ.get(variable, "").strip() if variable else ""
    if variable and text:
        return Found(Secret(text), variable, False)
    return profile.own(key)


def file_path() -> Optional[str]:
    """Return the path of the file of profiles: `AI_SPINE_CONFIG`, or the system's place.

    Returns:
        The path, which may not exist; `None` if the user has no home.
    """
    given = os.environ.get(ENV_CONFIG, "").strip()
    if given:
        return os.path.expanduser(given)
    folder = settings_folder()
    return None if folder is None else os.path.join(folder, FILE_NAME)


def load_profile(name: Optional[str] = None) -> Profile:
    """Return a profile.

    Args:
        name: Its name; without one, `AI_SPINE_PROFILE`, or the default of the file, or `default`.
            An empty name means no profile, and no file is read.

    Raises:
        ConfigurationError: The file cannot be read, has no such profile, or sets something that a
            profile cannot set.
    """
    if name == "":
        return NO_PROFILE
    path = file_path()
    document = read_document(path)
    name, source = choose_name(name, document)
    section = document.sections.get(name)
    if section is None and name != DEFAULT_PROFILE:
        _refuse_unknown(name, source, path, document)
    entries = section.entries if section is not None else {}
    _check_keys(path, name, entries, KEYS)
    has_keys = any("api_key" in each.entries for each in document.sections.values())
    return Profile(name, source, path, entries, has_keys)


def profile_names() -> List[str]:
    """Return the names of the profiles in the file.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    return sorted({*read_document(file_path()).sections} - {GENERAL})


def choose_name(name: Optional[str], document: Document) -> Tuple[str, str]:
    """Return the name of the profile to use, and what chose it; it may not exist.

    Raises:
        ConfigurationError: The name is not valid for a profile.
    """
    variable = os.environ.get(ENV_PROFILE, "").strip()
    chosen, source = DEFAULT_PROFILE, "default"
    general = document.sections.get(GENERAL)
    settings = general.entries if general is not None else {}
    _check_keys(file_path(), GENERAL, settings, [PROFILE_KEY])
    entry = settings.get(PROFILE_KEY)
    if name is not None:
        chosen, source = name, "profile"
    elif variable:
        chosen, source = variable, ENV_PROFILE
    elif entry is not None and entry.text.reveal():
        chosen, source = entry.text.reveal(), f"line {entry.line}"
    check_profile_name(chosen, source)
    return chosen, source


def check_profile_name(name: object, source: str) -> None:
    """Check that a name is valid for a profile.

    Raises:
        ConfigurationError: It is not.
    """
    if not isinstance(name, str) or not is_profile_name(name) or name == GENERAL:
        _refuse(
            f"{source} must be the name of a profile, of letters, digits and any of _ . - + @, "
            f"and not {GENERAL!r}"
        )


def _check_keys(
    path: Optional[str],
    section: str,
    entries: Mapping[str, Entry],
    known: Iterable[str],
) -> None:
    for key, entry in entries.items():
        if key not in known:
            where = f"{shown(path or '')} line {entry.line}"
            _refuse(f"{where}: [{section}] has no setting {key!r}{hint(key, known)}")


def _refuse_unknown(
    name: str, source: str, path: Optional[str], document: Document
) -> NoReturn:
    known = sorted(set(document.sections) - {GENERAL})
    if not document.sections:
        have = "the file is empty or does not exist"
    else:
        have = f"it has {one_line(', '.join(known), 200)}" if known else "it has none"
    where = shown(path or "the file of profiles")
    chosen = "" if source == "profile" else f" (named by {source})"
    _refuse(
        f"{where} has no profile {one_line(repr(name), 80)}{chosen}: {have}{hint(name, known)}"
    )


def _refuse(problem: str) -> NoReturn:
    # `exceptions` imports `requests`, and a help page need not wait for that.
    from ai_spine.exceptions import ConfigurationError

    raise ConfigurationError(problem)
