"""Tests that the audit of dependencies fails where it must, and tells where it could not look."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[1] / "scripts" / "audit.py"
HOLE = {"id": "CVE-2026-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}


def audited(tmp_path, stdout="", stderr="", exit_code=0):
    """Run the script over a `pip_audit` that says so."""
    (tmp_path / "pip_audit.py").write_text(
        f"import sys\nsys.stdout.write({stdout!r})\nsys.stderr.write({stderr!r})\n"
        f"sys.exit({exit_code})\n"
    )
    return subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        universal_newlines=True,
    )


def report(*packages):
    return json.dumps({"dependencies": packages, "fixes": []})


def test_a_known_hole_fails_and_is_named(tmp_path):
    run = audited(
        tmp_path, report({"name": "a", "version": "1.0", "vulns": [HOLE]}), "", 1
    )
    assert run.returncode == 1
    assert "a 1.0: CVE-2026-1, mended in 1.1" in run.stdout


def test_without_holes_it_passes(tmp_path):
    run = audited(tmp_path, report({"name": "a", "version": "1.0", "vulns": []}))
    assert (run.returncode, run.stdout) == (
        0,
        "pip-audit: 1 packages, 0 known holes, 0 unknown packages\n",
    )


@pytest.mark.parametrize(
    "said",
    [
        {"stdout": report({"name": "a", "skip_reason": "not found"})},
        {"stderr": "ProxyError: Unable to connect to proxy", "exit_code": 1},
    ],
)
def test_where_the_data_cannot_be_reached_it_says_so(tmp_path, said):
    run = audited(tmp_path, **said)
    assert run.returncode == 0 and "skipped" in run.stdout


def test_an_audit_that_breaks_where_it_connects_fails_all_the_same(tmp_path):
    told = 'File "urllib3/connectionpool.py", line 1\nAttributeError: no such thing'
    run = audited(tmp_path, stderr=told, exit_code=1)
    assert run.returncode == 1 and "AttributeError" in run.stdout


def test_an_audit_that_breaks_fails(tmp_path):
    run = audited(tmp_path, stderr="KeyError: 'x'", exit_code=1)
    assert run.returncode == 1 and "KeyError" in run.stdout
