"""Formats Python files with ruff, all in one process."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, Mapping

from ai_spine.sdk_sync.errors import CodegenError, ConfigError
from ai_spine.utils import one_line

_LIMIT = 120  # seconds; thousands of files take a few


def format_files(files: Mapping[str, bytes]) -> Dict[str, bytes]:
    """Return files of which those in Python are formatted.

    Args:
        files: The contents of the files by their paths.

    Raises:
        ConfigError: ruff is not installed.
        CodegenError: ruff cannot format a file.
    """
    ruff = _find_ruff()
    with tempfile.TemporaryDirectory(prefix="sdk-sync-") as temporary:
        folder = Path(temporary)
        sources = {path for path in files if path.endswith(".py")}
        for path in sources:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(files[path])
        command = [ruff, "format", "--isolated", "--no-cache", "--quiet"]
        done = subprocess.run(  # nosec: the command is ours
            [*command, "--line-length", "100", "--target-version", "py310", "."],
            cwd=temporary,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIMIT,
        )
        if done.returncode:
            words = one_line(done.stderr.decode("utf-8", "replace"), 300)
            raise CodegenError(f"ruff could not format what was generated: {words}")
        return {
            path: (folder / path).read_bytes() if path in sources else data
            for path, data in files.items()
        }


def _find_ruff() -> str:
    """Return the path of ruff, as it was installed beside this Python."""
    try:
        from ruff.__main__ import find_ruff_bin
    except ImportError:
        raise ConfigError(
            "formatting needs ruff: pip install 'ai-spine-sdk[sdk-sync]', or use --no-format"
        ) from None
    try:
        return str(find_ruff_bin())
    except FileNotFoundError:
        where = one_line(sys.prefix, 200)
        raise ConfigError(f"ruff has no program in {where}: use --no-format") from None
