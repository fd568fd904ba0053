"""Tests of the plugin in runs of pytest."""

import configparser
import re
import shutil
import subprocess
import sys

import pytest

from tests.needs import needs
from tests.pytest_plugin import LIMIT, ROOT, run_file, run_file_here, run_here

USES = "def test_it(ai_spine_client):\n    assert ai_spine_client.list_flows() == []\n"
SECTION = "what the AI Spine server executed"


def lines_of_section(section, output):
    """Return the lines of a section of a report, up to the next separator."""
    after = re.split(rf"^-+ {section} -+$", output, flags=re.MULTILINE)[1]
    return re.split(r"^[-=_]{3,}", after, flags=re.MULTILINE)[0].strip().splitlines()


# Loading


@pytest.fixture
def installed(tmp_path):
    """A folder with the metadata of an installed distribution that provides the plugin."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    points = config["options.entry_points"]["pytest11"]
    info = tmp_path / "site" / "installed_for_tests-1.0.dist-info"
    info.mkdir(parents=True)
    metadata = "Metadata-Version: 2.1\nName: installed-for-tests\nVersion: 1.0\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[pytest11]{points}\n", encoding="utf-8")
    return str(info.parent)


@pytest.mark.parametrize(
    "loaded", [False, True], ids=["installed", "installed and by name"]
)
def test_pytest_finds_the_installed_plugin(installed, tmp_path, loaded):
    environ = {"PYTHONPATH": installed}
    done = run_file(tmp_path, USES, loaded=loaded, autoload=True, environ=environ)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_plugin_can_be_disabled(installed, tmp_path):
    off = ("-p", "no:ai_spine.pytest_plugin")
    environ = {"PYTHONPATH": installed}
    done = run_file(tmp_path, USES, *off, loaded=False, autoload=True, environ=environ)
    assert "fixture 'ai_spine_client' not found" in done.stdout


def test_a_run_that_uses_no_fixture_imports_nothing_else():
    script = (
        "import sys\n"
        "import ai_spine.pytest_plugin\n"
        "print(*sorted(name for name in sys.modules if name.startswith('ai_spine')))\n"
        "print([name for name in ('requests', 'click', 'flask') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        timeout=LIMIT,
        check=True,
    )
    ours = "ai_spine ai_spine.__version__ ai_spine.pytest_plugin"
    assert done.stdout.splitlines() == [ours, "[]"]


def test_the_fixtures_are_described(tmp_path):
    _, printed = run_here(tmp_path, "--fixtures")
    for name in ("server", "client", "flows", "agents"):
        assert re.search(rf"^ai_spine_{name} -- .*\n    \S", printed, re.MULTILINE)


# Missing extras and invalid flows


def test_a_missing_extra_is_reported_with_what_to_install(tmp_path):
    text = "import sys\nsys.modules['flask'] = None\n" + USES
    done = run_file(tmp_path, text)
    assert "1 error" in done.stdout and "Traceback" not in done.stdout
    lines = [line for line in done.stdout.splitlines() if "flask" in line]
    sentence = "the local server needs flask, which is not installed: "
    assert f"{sentence}pip install 'ai-spine-sdk[local]'" in lines
    assert "pytest_plugin.py" not in done.stdout


def test_invalid_flows_are_reported_in_one_sentence(tmp_path):
    text = (
        "import pytest\n"
        "@pytest.fixture\n"
        "def ai_spine_flows():\n    return 'no-such-folder'\n"
    )
    _, printed = run_file_here(tmp_path, text + USES)
    assert "1 error" in printed
    assert "\nno-such-folder is not a folder of flows\n" in printed
    assert "pytest_plugin.py" not in printed


# The report of a failed test

FAILING = r"""
def greet(input, config):
    return {"text": f"Hello, {input['name']}!"}


def refuse(input, config):
    raise ValueError("\x1b[31mno\nsuch guest")


def executed(server, client):
    server.add_flow("wel\u202dcome", greet)
    server.add_flow("refuse", refuse)
    client.execute_and_wait("wel\u202dcome", {"name": "Ana", "password": "hunter2"})
    client.execute_and_wait("refuse", {}, raise_on_failure=False)


def test_good(ai_spine_server, ai_spine_client):
    executed(ai_spine_server, ai_spine_client)


def test_bad(ai_spine_server, ai_spine_client):
    executed(ai_spine_server, ai_spine_client)
    assert False
"""


def in_workers(folder, text, *arguments):
    return 1, run_file(folder, text, *arguments, "-p", "xdist", "-n", "2").stdout


@pytest.mark.parametrize(
    "run", [run_file_here, in_workers], ids=["alone", "in parallel"]
)
def test_the_report_of_a_failed_test_lists_the_executions(tmp_path, run):
    _, printed = run(tmp_path, FAILING, "-ra")
    assert "1 failed, 1 passed" in printed
    assert printed.count(SECTION) == 1
    first, second = lines_of_section(SECTION, printed)
    assert first.endswith('-> {"greet": {"text": "Hello, Ana!"}}')
    assert ' completed: {"name": "Ana", "password": "***"} ' in first
    words = "Node 'refuse' failed: ValueError: [31mno such guest (test_it.py:7)"
    assert second == f"refuse failed: {{}}: {words}"
    assert "\x1b" not in printed and "hunter2" not in "".join((first, second))


def test_a_long_list_of_executions_is_cut_to_its_end(tmp_path):
    text = """
def test_bad(ai_spine_server, ai_spine_client):
    ai_spine_server.add_flow("echo", lambda input, config: input)
    for number in range(12):
        ai_spine_client.execute_and_wait("echo", {"n": number, "long": "x" * 5000})
    assert False
"""
    printed = lines_of_section(SECTION, run_file_here(tmp_path, text)[1])
    assert printed[0] == "(2 before these)" and len(printed) == 11
    assert printed[1].startswith('echo completed: {"n": 2, ')
    assert all(len(line) < 300 for line in printed)


def test_a_report_without_executions_says_why(tmp_path):
    text = """
def test_none(ai_spine_server):
    assert False


def test_closed(ai_spine_server):
    ai_spine_server.close()
    assert False


def test_odd(ai_spine_server):
    ai_spine_server.executions = "odd"
    assert False


def test_without_a_server():
    assert False
"""
    _, output = run_file_here(tmp_path, text)
    assert "4 failed" in output and "INTERNALERROR" not in output
    parts = output.split(SECTION)
    assert len(parts) == 4  # the last test has none
    for part, words in zip(
        parts[1:],
        (
            "nothing",
            "it cannot be read: the server is closed",
            "it cannot be read: 'str' object is not callable",
        ),
    ):
        assert part.splitlines()[1] == words


# The environment

ENVIRONMENT = """
import os
import pytest
from ai_spine import AISpine, api, rest

DEVELOPERS = {**os.environ}


def ours():
    return {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}


def test_before():
    assert ours() == {k: v for k, v in DEVELOPERS.items() if k != "PYTEST_CURRENT_TEST"}


def test_with(ai_spine_server, ai_spine_client):
    for made in (ai_spine_client, AISpine()):
        with made:
            assert made.base_url == ai_spine_server.url
            assert (made.timeout, made.max_retries) == (30, 3)
            assert made.list_flows() == []
    assert "AI_SPINE_LOG_BODIES" not in os.environ
    assert os.environ["AI_SPINE_OF_THE_PROGRAM"] == "stays"
    assert "inside.example" in os.environ["no_proxy"]


def test_after():
    assert ours() == {k: v for k, v in DEVELOPERS.items() if k != "PYTEST_CURRENT_TEST"}
    assert rest.ApiClient is api.ApiClient
"""


def test_the_environment_is_isolated_and_restored(tmp_path, monkeypatch):
    environ = {
        "AI_SPINE_API_KEY": "sk-of-the-developer",
        "AI_SPINE_BASE_URL": "http://127.0.0.1:9",
        "AI_SPINE_TIMEOUT": "0.5",
        "AI_SPINE_MAX_RETRIES": "0",
        "AI_SPINE_LOG_BODIES": "1",
        "AI_SPINE_OF_THE_PROGRAM": "stays",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "inside.example",
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    _, printed = run_file_here(tmp_path, ENVIRONMENT)
    assert "3 passed" in printed, printed


def test_profiles_of_the_developer_are_ignored(tmp_path, monkeypatch):
    text = """
from ai_spine import AISpine


def test_it(ai_spine_server):
    with AISpine() as client:
        assert (client.timeout, client.max_retries) == (30, 3)
        assert client.list_flows() == []
"""
    # The variables that determine the settings folder on each system.
    homes = {name: str(tmp_path) for name in ("XDG_CONFIG_HOME", "APPDATA", "HOME")}
    for folder in ("ai-spine", "Library/Application Support/ai-spine"):
        (tmp_path / folder).mkdir(parents=True)
        words = "[default]\ntimeout = 0.5\nmax_retries = 0\n"
        (tmp_path / folder / "config.ini").write_text(words, encoding="utf-8")
    for name, value in {**homes, "AI_SPINE_CONFIG": ""}.items():
        monkeypatch.setenv(name, value)
    _, printed = run_file_here(tmp_path, text)
    assert "1 passed" in printed, printed


def test_a_proxy_set_by_the_test_is_bypassed_too(tmp_path):
    text = """
import urllib.request
import pytest
from ai_spine import AISpine


@pytest.fixture(params=["", "*", "inside.example"])
def known(request, monkeypatch):
    monkeypatch.setenv("NO_PROXY", request.param)
    monkeypatch.setenv("no_proxy", request.param)
    return request.param


def test_it(known, ai_spine_server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with AISpine(max_retries=0) as client:
        assert client.list_flows() == []
    bypasses = urllib.request.proxy_bypass_environment
    assert bool(bypasses("inside.example")) == bool(known)
"""
    _, printed = run_file_here(tmp_path, text)
    assert "3 passed" in printed, printed


def test_unittest_classes_can_use_the_server(tmp_path):
    text = """
import unittest
import pytest
from ai_spine import AISpine


@pytest.mark.usefixtures("ai_spine_server")
class TestProgram(unittest.TestCase):
    def test_it(self):
        with AISpine() as client:
            self.assertEqual(client.list_flows(), [])
"""
    assert "1 passed" in run_file_here(tmp_path, text)[1]


# Examples and guides


@pytest.mark.parametrize(
    "name, options, passes",
    [
        ("testing", (), "6 passed"),
        pytest.param(
            "fastapi_app", ("-p", "anyio"), "4 passed", marks=needs("fastapi")
        ),
    ],
)
def test_the_example_passes_its_tests(tmp_path, name, options, passes):
    folder = tmp_path / name
    shutil.copytree(ROOT / "examples" / name, folder)
    code, printed = run_here(folder, "-q", *options)
    assert code == 0, printed
    assert passes in printed


def test_the_tests_in_the_guide_pass(tmp_path):
    guide = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    for number, block in enumerate(blocks):
        (tmp_path / f"test_{number}.py").write_text(block, encoding="utf-8")
    code, printed = run_here(tmp_path, "-q")
    assert code == 0, printed
    count = sum(block.count("\ndef test_") for block in blocks)
    assert count >= 9 and f"{count} passed" in printed


def test_the_report_in_the_guide_is_the_same_as_printed_by_pytest(tmp_path):
    guide = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    text = """
def greet(input, config):
    return {"text": f"Hello, {input['name']}!"}


def test_bad(ai_spine_server, ai_spine_client):
    ai_spine_server.add_flow("welcome", greet)
    for data in ({"name": "Ana"}, {}):
        ai_spine_client.execute_and_wait("welcome", data, raise_on_failure=False)
    assert False
"""
    _, printed = run_file_here(tmp_path, text)
    printed = "\n".join(lines_of_section(SECTION, printed))
    assert printed in guide
