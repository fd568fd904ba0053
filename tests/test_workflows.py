"""Tests of what the project's automation runs: workflows, images and updates."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from ai_spine.cli.main import cli

yaml = pytest.importorskip("yaml")
ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs():
    return [
        pytest.param(path, job, id=f"{path.stem}-{name}")
        for path in WORKFLOWS
        for name, job in read(path)["jobs"].items()
    ]


def steps():
    return [
        pytest.param(step["run"], id=f"{each.id}-{number}")
        for each in jobs()
        for number, step in enumerate(each.values[1]["steps"])
        if "run" in step
    ]


@pytest.mark.parametrize("path, job", jobs())
def test_a_job_may_do_little_and_ends(path, job):
    assert read(path)["permissions"] == {"contents": "read"}
    assert 1 <= job["timeout-minutes"] <= 60
    needed = job.get("needs", [])
    names = [needed] if isinstance(needed, str) else needed
    assert set(names) <= set(read(path)["jobs"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_to_a_commit_and_name_their_version(path):
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    for line in used:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)


@pytest.mark.parametrize("script", steps())
def test_a_step_is_valid_shell_and_runs_what_exists(script):
    subprocess.run(["bash", "-n"], input=script.encode(), check=True)
    for target in re.findall(r"\bmake ([a-z-]+)", script):
        assert target in TARGETS
    for name in re.findall(r"\b(?:scripts|\.ci)/[\w.]+", script):
        assert (ROOT / name).is_file()


def test_the_image_is_pushed_under_all_its_tags():
    environ = {**os.environ, "IMAGE": "registry.test/spine", "DRY_RUN": "1"}
    done = subprocess.run(
        ["bash", "scripts/push_image"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    words = done.stdout.split()
    assert words[:3] == ["docker", "buildx", "build"] and words[-1] == "."
    assert {"--provenance=true", "--sbom=true"} <= set(words)
    tags = [word for word in words if word.startswith("registry.test/spine:")]
    assert len(tags) >= 2


def test_an_image_needs_a_name():
    environ = {name: value for name, value in os.environ.items() if name != "IMAGE"}
    done = subprocess.run(
        ["bash", "scripts/push_image"], cwd=ROOT, env=environ, capture_output=True
    )
    assert done.returncode != 0 and b"must name the image" in done.stderr


def test_the_image_runs_as_nobody_and_its_words_are_commands():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    said = dict(re.findall(r"^(USER|ENTRYPOINT|CMD|EXPOSE) (.+)$", text, re.MULTILINE))
    user, _, group = said["USER"].partition(":")
    assert int(user) > 0 and int(group) > 0
    (checked,) = re.findall(r"HEALTHCHECK .*?CMD (\[.+\])", text)
    for words in (json.loads(checked)[1:], json.loads(said["CMD"])):
        assert CliRunner().invoke(cli, [*words, "--help"]).exit_code == 0
    assert json.loads(said["ENTRYPOINT"]) == ["ai-spine"]
    assert said["EXPOSE"] in json.loads(said["CMD"])


def test_updates_come_for_all_that_is_pinned():
    updates = read(ROOT / ".github" / "dependabot.yml")["updates"]
    kinds = {update["package-ecosystem"] for update in updates}
    assert kinds == {"pip", "github-actions", "docker"}
