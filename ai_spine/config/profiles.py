"""Profiles: named settings in a file, for what neither an argument nor the environment gives."""

import os
from typing import Dict, Iterable, List, Mapping, NamedTuple, NoReturn, Optional, Tuple

from ai_spine.config.folders import settings_folder
from ai_spine.config.profile_file import (
    Document,
    Entry,
    is_profile_name,
    read_document,
    shown,
)
from ai_spine.constants import (
    ENV_API_KEY,
    ENV_BASE_URL,
    ENV_CONFIG,
    ENV_MAX_RETRIES,
    ENV_PROFILE,
    ENV_TIMEOUT,
)
from ai_spine.utils import Secret, one_line
from ai_spine.utils.did_you_mean import hint

FILE_NAME = "config.ini"
DEFAULT_PROFILE = "default"
# The section of what no profile can say: which profile holds where none is named.
GENERAL = "ai-spine"
PROFILE_KEY = "profile"
OUTPUT_KEY = "output"

# What a profile may say, and the variable of the environment that wins over it.
KEYS: Dict[str, Optional[str]] = {
    "api_key": ENV_API_KEY,
    "base_url": ENV_BASE_URL,
    "api_prefix": None,
    "timeout": ENV_TIMEOUT,
    "max_retries": ENV_MAX_RETRIES,
    OUTPUT_KEY: None,
}


class Found(NamedTuple):
    """A setting that the environment or a profile gives."""

    text: Secret
    """What was written; hidden, whatever it is."""
    name: str
    """What messages call it: a variable, or a key with its profile, file and line."""
    in_profile: bool
    """Whether it is of the profile."""


class Profile(NamedTuple):
    """A profile as it stands in the file."""

    name: str
    """Empty where no profile is to hold."""
    source: str
    """Who chose it."""
    path: Optional[str]
    """The file, which may not exist."""
    entries: Mapping[str, Entry]
    """What it says."""
    has_keys: bool = False
    """Whether the file holds a key, of whatever profile."""

    def own(self, key: str) -> Optional[Found]:
        """Gives what the profile says of a setting; a blank is nothing."""
        entry = self.entries.get(key)
        if entry is None or not entry.text.reveal():
            return None
        name = f"{key} of the profile {self.name} ({shown(self.path or '')} line {entry.line})"
        return Found(entry.text, name, True)


NO_PROFILE = Profile("", "", None, {})


def find(key: str, profile: Profile) -> Optional[Found]:
    """Gives what the environment says of a setting, or else the profile."""
    variable = KEYS[key]
    told = os.environ.get(variable, "").strip() if variable else ""
    if variable and told:
        return Found(Secret(told), variable, False)
    return profile.own(key)


def file_path() -> Optional[str]:
    """Gives the file of profiles, which may not exist: `AI_SPINE_CONFIG`, or the system's place.

    Returns:
        `None` where the user has no home.
    """
    given = os.environ.get(ENV_CONFIG, "").strip()
    if given:
        return os.path.expanduser(given)
    folder = settings_folder()
    return None if folder is None else os.path.join(folder, FILE_NAME)


def load_profile(name: Optional[str] = None) -> Profile:
    """Gives a profile.

    Args:
        name: Its name; without one, `AI_SPINE_PROFILE`, or the file's own choice, or `default`. An
            empty one stands for none at all, and no file is read.

    Raises:
        ConfigurationError: The file cannot be read, or there is no such profile in it, or it says
            something that no profile can.
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
    """Gives the names of the profiles that the file has.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    return sorted({*read_document(file_path()).sections} - {GENERAL})


def choose_name(name: Optional[str], document: Document) -> Tuple[str, str]:
    """Gives the name of the profile that is to hold, and who chose it; there may be none such.

    Raises:
        ConfigurationError: No profile can be called so.
    """
    variable = os.environ.get(ENV_PROFILE, "").strip()
    chosen, source = DEFAULT_PROFILE, "default"
    general = document.sections.get(GENERAL)
    told = general.entries if general is not None else {}
    _check_keys(file_path(), GENERAL, told, [PROFILE_KEY])
    entry = told.get(PROFILE_KEY)
    if name is not None:
        chosen, source = name, "profile"
    elif variable:
        chosen, source = variable, ENV_PROFILE
    elif entry is not None and entry.text.reveal():
        chosen, source = entry.text.reveal(), f"line {entry.line}"
    check_profile_name(chosen, source)
    return chosen, source


def check_profile_name(name: object, source: str) -> None:
    """Checks that a profile can be called so.

    Raises:
        ConfigurationError: It cannot.
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
        have = "the file is empty or not there"
    else:
        have = f"it has {one_line(', '.join(known), 200)}" if known else "it has none"
    where = shown(path or "the file of profiles")
    chosen = "" if source == "profile" else f" (named by {source})"
    _refuse(
        f"{where} has no profile {one_line(repr(name), 80)}{chosen}: {have}{hint(name, known)}"
    )


def _refuse(problem: str) -> NoReturn:
    # Its room imports `requests`, for which a help page need not wait.
    from ai_spine.exceptions import ConfigurationError

    raise ConfigurationError(problem)
