"""The client that is committed as an example, and the script that generates it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ai_spine.sdk_sync.generators.python.endpoints.package import EndpointsGenerator
from ai_spine.sdk_sync.openapi import read_openapi

ROOT = Path(__file__).parents[5]
DOCUMENT = ROOT / "docs" / "reference" / "openapi.json"
EXAMPLE = ROOT / "examples" / "generated_client"
SCRIPT = ROOT / "scripts" / "codegen" / "generate-python-client.sh"


def test_the_example_is_as_it_would_be_generated():
    pytest.importorskip("ruff")
    spec = read_openapi(DOCUMENT).spec
    found = EndpointsGenerator(spec, "ai_spine_client", EXAMPLE).check()
    command = f"{SCRIPT.relative_to(ROOT)} {DOCUMENT.relative_to(ROOT)}"
    command += f" {EXAMPLE.relative_to(ROOT)} --package-name ai_spine_client"
    names = [f"{each.kind}: {each.path}" for each in found]
    assert names == [], f"run: {command}"


@pytest.mark.skipif(os.name == "nt", reason="it is a script of sh")
def test_the_script_generates_and_checks(tmp_path):
    def run(*words):
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        return subprocess.run(
            [str(SCRIPT), *words],
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "PYTHON": sys.executable, "PYTHONPATH": path},
            timeout=60,
        )

    words = (str(DOCUMENT), "spine-client", "--no-format")
    (tmp_path / "spine-client").mkdir()
    (tmp_path / "spine-client" / "notes.txt").write_text("mine")
    done = run(*words)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "spine-client" / "notes.txt").read_text() == "mine"
    (tmp_path / "spine-client" / "spine_client" / "client.py").write_text("")
    assert run(*words, "--check").returncode == 1
    done = run("one")
    assert done.returncode == 2
    assert "SPEC OUT [--check]" in done.stderr
