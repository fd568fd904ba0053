"""Formats code with ruff."""

import shutil
import subprocess  # nosec B404
import sys
import tempfile
from pathlib import Path
from typing import Dict, Mapping, Optional

from ai_spine.sdk_sync.errors import CodegenError, ConfigError
from ai_spine.utils import one_line

LINE_LENGTH = 100
_SECONDS = 120  # thousands of files take a few
# Imports and `__all__`, in the order that linters want.
_SORTING = ["check", "--isolated", "--no-cache", "--quiet", "--fix-only"]
_SORTING.append("--select=I,RUF022")
_OPTIONS = [
    "format",
    "--isolated",
    "--no-cache",
    "--quiet",
    f"--line-length={LINE_LENGTH}",
]


def formatted(code: str) -> str:
    """Return code as ruff formats it, or as it is if there is no ruff.

    Args:
        code: The code of a module.
    """
    ruff = ruff_path()
    if ruff is None:
        return code
    done = subprocess.run(  # nosec B603
        [ruff, *_OPTIONS, "-"],
        input=code.encode("utf-8"),
        capture_output=True,
        timeout=_SECONDS,
    )
    return done.stdout.decode("utf-8") if done.returncode == 0 else code


def format_files(files: Mapping[str, bytes]) -> Dict[str, bytes]:
    """Return files of which those in Python are formatted, all by one process.

    Args:
        files: The contents of the files by their paths.

    Raises:
        ConfigError: ruff is not installed.
        CodegenError: ruff cannot format a file.
    """
    ruff = ruff_path()
    if ruff is None:
        raise ConfigError(
            "formatting needs ruff: pip install 'ai-spine-sdk[sdk-sync]', or use --no-format"
        )
    sources = [path for path in files if path.endswith(".py")]
    with tempfile.TemporaryDirectory(prefix="sdk-sync-") as temporary:
        folder = Path(temporary)
        for path in sources:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(files[path])
        for options in (_SORTING, _OPTIONS):
            done = subprocess.run(  # nosec B603
                [ruff, *options, "."], cwd=folder, capture_output=True, timeout=_SECONDS
            )
            if done.returncode:
                words = one_line(done.stderr.decode("utf-8", "replace"), 300)
                raise CodegenError(f"ruff could not format what was generated: {words}")
        return {**files, **{path: (folder / path).read_bytes() for path in sources}}


def ruff_path() -> Optional[str]:
    """Return the path of ruff: beside this Python, or on the PATH; `None` if it is nowhere."""
    beside = Path(sys.executable).parent
    return shutil.which("ruff", path=str(beside)) or shutil.which("ruff")
