"""The process that a package is called in, and those that check it."""

import json
import os
import re
import subprocess  # nosec B404
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, Mapping, Optional, Type

from ai_spine.sdk_sync.errors import CodegenError
from ai_spine.utils import one_line

_LONGEST_CALL = 60.0
_LONGEST_CHECK = 900.0
_MYPY_MISSING = "No module named mypy"
_ROOT = Path(__file__).resolve().parents[3]


class PackageProcess:
    """Imports a package in a process of its own, and calls its methods there.

    Args:
        out: The folder that has the package.
        package: Its name.
        base_url: The server that it calls.
        arguments: More arguments of its clients.

    Attributes:
        import_ms: How long its import took, without that of the runtime.

    Raises:
        CodegenError: It cannot be imported, or its clients cannot be made.
    """

    def __init__(
        self, out: Path, package: str, base_url: str, arguments: Mapping[str, Any]
    ) -> None:
        self._process: Any = subprocess.Popen(  # nosec B603
            [sys.executable, "-m", "ai_spine.sdk_sync.verifying.calling"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            encoding="utf-8",
        )
        about = {
            "out": str(out.resolve()),
            "package": package,
            "base_url": base_url,
            "arguments": dict(arguments),
        }
        begun = self._ask(about)
        if "import_ms" not in begun:
            self.close()
            raise CodegenError(
                f"the package {one_line(package, 100)} cannot be used: {begun['error']}"
            )
        self.import_ms = float(begun["import_ms"])

    def call(self, call: Mapping[str, Any], mode: str) -> Dict[str, Any]:
        """Return what a method returned or raised, as `calling` says it.

        Args:
            call: The call, as JSON.
            mode: `sync` or `async`.
        """
        return self._ask({**call, "mode": mode})

    def _ask(self, data: Mapping[str, Any]) -> Dict[str, Any]:
        watch = threading.Timer(_LONGEST_CALL, self._process.kill)
        watch.start()
        try:
            self._process.stdin.write(json.dumps(data) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        finally:
            watch.cancel()
        if not line:
            return {"error": "the process ended, or did not respond in time"}
        result: Dict[str, Any] = json.loads(line)
        return result

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # the process has ended
                    pass
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> "PackageProcess":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()


def compile_errors(out: Path, package: str) -> List[str]:
    """Return what is no Python in a package, without running any of it."""
    found = []
    for path in sorted((out / package).rglob("*.py")):
        try:
            compile(path.read_text("utf-8"), str(path), "exec")
        except (SyntaxError, ValueError) as error:
            found.append(f"{path.relative_to(out)}: {one_line(str(error), 200)}")
    return found


def type_errors(
    out: Path, package: str, cache: Optional[Path] = None
) -> Optional[List[str]]:
    """Return what `mypy --strict` says of a package; `None` if mypy is not installed.

    Args:
        out: The folder that has the package.
        package: Its name.
        cache: Where mypy keeps what it knows; by default, nothing is kept.
    """
    with tempfile.TemporaryDirectory() as folder:
        kept = str(cache or folder)
        done = subprocess.run(  # nosec B603
            [
                sys.executable,
                "-m",
                "mypy",
                "--strict",
                "--config-file=",
                "--no-error-summary",
            ]
            + ["--cache-dir", kept, "--package", package],
            cwd=out,
            env=_environment(),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_LONGEST_CHECK,
        )
    if _MYPY_MISSING in done.stderr:
        return None
    lines = (done.stdout + done.stderr).splitlines()
    found = [each for each in lines if re.search(r"\berror: ", each)]
    return found or ([] if done.returncode == 0 else lines[-1:])


def _environment() -> Dict[str, str]:
    """Return the environment of a process that can import the SDK, from where it is now."""
    paths = [str(_ROOT), os.environ.get("PYTHONPATH", "")]
    joined = os.pathsep.join(each for each in paths if each)
    return {**os.environ, "PYTHONPATH": joined, "PYTHONDONTWRITEBYTECODE": "1"}
