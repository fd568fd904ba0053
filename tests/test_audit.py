"""Tests that the audit of dependencies fails on vulnerabilities, and reports skipped checks."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[1] / "scripts" / "audit.py"
VULNERABILITY = {
    "id": "CVE-2026-1",
    "fix_versions": ["1.1"],
    "aliases": [],
    "description": "",
}


def run_audit(tmp_path, stdout="", stderr="", exit_code=0):
    """Run the script with a fake `pip_audit` that has this output."""
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


def test_a_known_vulnerability_fails_and_is_reported(tmp_path):
    run = run_audit(
        tmp_path,
        report({"name": "a", "version": "1.0", "vulns": [VULNERABILITY]}),
        "",
        1,
    )
    assert run.returncode == 1
    assert "a 1.0: CVE-2026-1, fixed in 1.1" in run.stdout


def test_without_vulnerabilities_it_passes(tmp_path):
    run = run_audit(tmp_path, report({"name": "a", "version": "1.0", "vulns": []}))
    assert (run.returncode, run.stdout) == (
        0,
        "pip-audit: 1 packages, 0 known vulnerabilities, 0 unknown packages\n",
    )


@pytest.mark.parametrize(
    "outcome",
    [
        {"stdout": report({"name": "a", "skip_reason": "not found"})},
        {"stderr": "ProxyError: Unable to connect to proxy", "exit_code": 1},
    ],
)
def test_an_unreachable_index_is_reported_as_skipped(tmp_path, outcome):
    run = run_audit(tmp_path, **outcome)
    assert run.returncode == 0 and "skipped" in run.stdout


def test_an_unexpected_error_while_connecting_fails(tmp_path):
    traceback = (
        'File "urllib3/connectionpool.py", line 1\nAttributeError: no such thing'
    )
    run = run_audit(tmp_path, stderr=traceback, exit_code=1)
    assert run.returncode == 1 and "AttributeError" in run.stdout


def test_an_unexpected_error_fails(tmp_path):
    run = run_audit(tmp_path, stderr="KeyError: 'x'", exit_code=1)
    assert run.returncode == 1 and "KeyError" in run.stdout
