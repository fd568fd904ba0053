"""Tests that an installed package has all files that it reads."""

import configparser
import fnmatch
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_each_file_beside_the_code_is_installed_and_in_the_sdist():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    installed = [
        f"{package.replace('.', '/')}/{pattern.strip()}"
        for package, patterns in config["options.package_data"].items()
        for pattern in patterns.split(",")
    ]
    grafts = [
        line.split()[1]
        for line in (ROOT / "MANIFEST.in").read_text("utf-8").splitlines()
        if line.startswith("graft ")
    ]
    files = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "ai_spine").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    ]
    assert len(files) > 20
    for path in files:
        assert any(fnmatch.fnmatch(path, pattern) for pattern in installed), path
        is_typed = path.endswith("py.typed")
        assert is_typed or any(path.startswith(f"{each}/") for each in grafts), path
