"""The folders in which a system keeps a user's settings and caches."""

from __future__ import annotations

import os
import sys
from typing import Optional

_NAME = "ai-spine"


def settings_folder() -> Optional[str]:
    """Return the folder for settings, which may not exist; `None` if the user has no home."""
    if sys.platform == "win32":
        return _under(os.environ.get("APPDATA"), "~")
    if sys.platform == "darwin":
        return _under(None, "~/Library/Application Support")
    return _under(os.environ.get("XDG_CONFIG_HOME"), "~/.config")


def cache_folder() -> Optional[str]:
    """Return the folder for caches, which may not exist; `None` if the user has no home."""
    if sys.platform == "win32":
        return _under(os.environ.get("LOCALAPPDATA"), "~")
    if sys.platform == "darwin":
        return _under(None, "~/Library/Caches")
    return _under(os.environ.get("XDG_CACHE_HOME"), "~/.cache")


def _under(given: Optional[str], home: str) -> Optional[str]:
    folder = given if given and os.path.isabs(given) else os.path.expanduser(home)
    return os.path.join(folder, _NAME) if os.path.isabs(folder) else None
