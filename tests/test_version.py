"""Tests of the versions that tags give, in real repositories."""

import importlib.util
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("packaging")
SCRIPT = Path(__file__).parent.parent / "scripts" / "version.py"


@pytest.fixture(scope="module")
def version():
    spec = importlib.util.spec_from_file_location("version_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Repository:
    """A repository with a package."""

    def __init__(self, path):
        self.path = path
        self.git("init", "--quiet")
        (path / "ai_spine").mkdir()
        self.commit("3.0.0.dev0")

    def git(self, *words):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.test"]
        command = ["git", *identity, "-c", "tag.gpgsign=false", *words]
        done = subprocess.run(command, cwd=self.path, check=True, capture_output=True)
        return done.stdout.decode().strip()

    def commit(self, version):
        text = f'"""The version."""\n\n__version__ = "{version}"\n'
        (self.path / "ai_spine" / "__version__.py").write_text(text)
        self.git("add", ".")
        self.git("commit", "--quiet", "--allow-empty", "-m", "a step")
        return self.git("rev-parse", "--short=7", "HEAD")


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path)


def test_before_the_first_tag_all_commits_count(repository, version):
    sha = repository.commit("3.0.0.dev0")
    assert version.version_of(repository.path) == f"3.0.0.dev2+g{sha}"


def test_a_tagged_commit_has_the_version_of_its_tag(repository, version):
    repository.git("tag", "v3.0.0")
    repository.git("tag", "unrelated")
    assert version.version_of(repository.path) == "3.0.0"
    sha = repository.git("rev-parse", "--short=7", "HEAD")
    assert version.image_tags(repository.path) == [sha, "3.0.0", "3.0", "latest"]


@pytest.mark.parametrize(
    "own, expected", [("3.0.0.dev0", "3.0.1"), ("3.1.0.dev0", "3.1.0")]
)
def test_after_a_tag_commits_lead_to_the_next_version(
    repository, version, own, expected
):
    repository.git("tag", "v3.0.0")
    sha = repository.commit(own)
    assert version.version_of(repository.path) == f"{expected}.dev1+g{sha}"
    assert version.image_tags(repository.path) == [sha, "dev"]


def test_a_tag_that_is_older_than_another_is_refused(repository, version):
    repository.git("tag", "v3.1.0")
    repository.commit("3.0.0.dev0")
    repository.git("tag", "v3.0.5")
    with pytest.raises(version.OldTag) as caught:
        version.version_of(repository.path)
    assert str(caught.value) == "v3.0.5 is older than the tag v3.1.0"


def test_the_version_is_written_into_the_package(repository, version):
    repository.git("tag", "v3.0.0")
    assert version.write(repository.path) == "3.0.0"
    text = version.file_of(repository.path).read_text()
    assert text == '"""The version."""\n\n__version__ = "3.0.0"\n'


def test_the_command_says_what_is_wrong_in_one_line(
    repository, version, monkeypatch, capsys
):
    monkeypatch.setattr(version, "ROOT", repository.path)
    repository.git("tag", "v3.1.0")
    repository.commit("3.0.0.dev0")
    repository.git("tag", "v3.0.5")
    monkeypatch.setattr("sys.argv", ["version.py"])
    assert version.main() == 1
    assert capsys.readouterr().err == "version: v3.0.5 is older than the tag v3.1.0\n"
    repository.git("tag", "-d", "v3.0.5")
    for option, lines in (("--image-tags", 2), ("--write", 1)):
        monkeypatch.setattr("sys.argv", ["version.py", option])
        assert version.main() == 0
        assert len(capsys.readouterr().out.splitlines()) == lines
