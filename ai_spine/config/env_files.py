"""Variables of the environment, and of a `.env` file that a caller names."""

import os
from typing import Any, Dict

from ai_spine.exceptions import ConfigurationError
from ai_spine.utils import Secret, one_line


def variables(prefix: str, file: Any = None) -> Dict[str, Any]:
    """Return the variables that are set; those of the process win over those of the file.

    Args:
        prefix: What their names begin with.
        file: The path of a `.env` file; `None` for none.

    Returns:
        The texts by name; those of tokens are wrapped.

    Raises:
        ConfigurationError: There is no such file, or python-dotenv is not installed.
    """
    found = {}
    if file is not None:
        try:
            from dotenv import dotenv_values
        except ImportError:
            raise ConfigurationError(
                "env_file needs python-dotenv: pip install 'ai-spine-sdk[dotenv]'"
            ) from None
        if not os.path.isfile(file):
            shown = one_line(repr(file), 200)
            raise ConfigurationError(
                f"env_file is the path of a file that does not exist: {shown}"
            )
        found = dotenv_values(file, interpolate=False)
    both = {**found, **os.environ}
    known = {n: text for n, text in both.items() if n.startswith(prefix) and text}
    return {n: Secret(text) if "TOKEN" in n else text for n, text in known.items()}
