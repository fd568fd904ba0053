"""Formats code with ruff, if it is installed."""

import shutil
import subprocess  # nosec B404 - only ruff is started, without a shell
import sys
from pathlib import Path
from typing import Optional

LINE_LENGTH = 88
_SECONDS = 60


def formatted(code: str) -> str:
    """Return code as ruff formats it, or as it is if there is no ruff.

    Args:
        code: The code of a module.
    """
    ruff = ruff_path()
    if ruff is None:
        return code
    options = ["format", "--isolated", f"--line-length={LINE_LENGTH}", "-"]
    done = subprocess.run(  # nosec B603
        [ruff, *options],
        input=code.encode("utf-8"),
        capture_output=True,
        timeout=_SECONDS,
    )
    return done.stdout.decode("utf-8") if done.returncode == 0 else code


def ruff_path() -> Optional[str]:
    """Return the path of ruff: beside this Python, or on the PATH; `None` if it is nowhere."""
    beside = Path(sys.executable).parent
    return shutil.which("ruff", path=str(beside)) or shutil.which("ruff")
