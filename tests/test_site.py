"""Tests of the built reference, on two of its pages; `make docs` builds all."""

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from ai_spine.cli.main import cli

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site with the pages of the commands and of the models."""
    for needed in ("furo", "myst_parser", "sphinx", "sphinx_click"):
        pytest.importorskip(needed)
    folder = tmp_path_factory.mktemp("site")
    places = [str(DOCS), str(folder)]
    others = "*.md,reference/*.md,reference/[!cm]*.rst,reference/client.rst"
    only = [f"exclude_patterns={others}", "root_doc=reference/models", "smartquotes=0"]
    options = [word for each in only for word in ("-D", each)]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", *options, *places],
        # With an unreachable proxy, nothing can be fetched.
        env={**os.environ, "HTTPS_PROXY": "http://127.0.0.1:1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return folder


def words_of(page):
    return html.unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")))


def walk(command, path=("ai-spine",)):
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(child, (*path, name))


def test_the_site_shows_every_command_with_its_options_and_examples(site):
    shown = words_of(site / "reference" / "command-line.html")
    for path, command in walk(cli):
        assert f"{' '.join(path)} [OPTIONS]" in shown
        for each in command.params:
            if isinstance(each, click.Option):
                assert max(each.opts, key=len) in shown
        for line in (command.help or "").splitlines():
            if line.startswith("ai-spine "):
                assert line in shown


def test_the_site_loads_nothing_from_other_origins(site):
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:script|img|iframe)[^>]* src="([^"]+)"', text)
        loaded += re.findall(r'<link[^>]* rel="stylesheet"[^>]* href="([^"]+)"', text)
        assert [each for each in loaded if "://" in each] == []


def test_a_text_with_a_colon_is_not_a_type(site):
    shown = words_of(site / "reference" / "models.html")
    assert "Whether the server started anything: it responds with 200" in shown
