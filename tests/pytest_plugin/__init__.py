"""Tests of the pytest plugin, with helpers that run pytest, here or in a process of its own."""

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ai_spine

ROOT = Path(ai_spine.__file__).parent.parent
# Plugins that may be installed, whose imports take longer than a small run.
WITHOUT_OTHERS = [
    f"-pno:{name}"
    for name in (
        *("anyio", "hypothesispytest", "pytest_cov", "pytest_httpserver"),
        *("randomly", "requests_mock"),
    )
]
# Warnings are errors; nothing is written into the folder.
USUAL = ("-Werror", "-Wignore::ImportWarning", "-pno:cacheprovider")
LIMIT = 120  # seconds until a run that hangs is killed


def run_pytest(folder, *arguments, loaded=True, autoload=False, environ=()):
    """Run pytest in a folder, with warnings as errors, and return the finished process.

    Args:
        folder: Where it runs.
        *arguments: What to add to its command line.
        loaded: Whether to load the plugin by name.
        autoload: Whether to load installed plugins, but for `WITHOUT_OTHERS`.
        environ: Variables to set.
    """
    known = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    if not autoload:
        known["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    others = WITHOUT_OTHERS if autoload else ["-pno:randomly"]
    paths = (dict(environ).get("PYTHONPATH"), known.get("PYTHONPATH"))
    path = os.pathsep.join([str(ROOT), *filter(None, paths)])
    plugin = ["-p", "ai_spine.pytest_plugin"] if loaded else []
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, *USUAL, *others, *arguments],
        cwd=folder,
        env={**known, **dict(environ), "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=LIMIT,
    )


def run_file(folder, text, *arguments, **options):
    """Run pytest on one test file."""
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    return run_pytest(folder, *arguments, **options)


def run_here(folder, *arguments):
    """Run pytest in this process, which has imported all; return its exit code and its output."""
    output, known = io.StringIO(), set(sys.modules)
    # The handler of faults is that of the run around it; to look at its end for garbage, among all
    # that other tests have made, takes seconds.
    left_out = ("-pno:faulthandler", "-pno:unraisableexception")
    usual = (*USUAL, "-pai_spine.pytest_plugin", *left_out)
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(output):
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        patch.chdir(folder)
        patch.setattr(sys, "path", list(sys.path))
        code = pytest.main([*usual, f"--rootdir={folder}", *arguments, str(folder)])
    for name in set(sys.modules) - known:
        if str(folder) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]
    return int(code), output.getvalue()


def run_file_here(folder, text, *arguments):
    """Run pytest on one test file in this process."""
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    return run_here(folder, *arguments)
