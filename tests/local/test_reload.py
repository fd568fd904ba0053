"""Tests of reloading: edits of agents, flows and settings while the server runs."""

import sys
import threading
import types
from pathlib import Path

import pytest
import yaml

from ai_spine import ConfigurationError
from ai_spine.local import reload as reloading
from ai_spine.local.env_file import EnvFile
from ai_spine.local.reload import Reloader, Sources, find_watch, sources_of
from tests.local import LIMIT, flow, is_one_sentence, node, run, single, wait_until

AGENTS = """
from ai_spine.local import agent
{more}

@agent("work")
def work(input, config):
    return {{"version": {version}}}
"""
HTML = {"Accept": "text/html"}
KEPT = "not reloaded, the last good version is still served: "


class Project:
    """A folder with agents and flows that a test edits."""

    def __init__(self, folder):
        self.folder = folder
        self.flows, self.agents = str(folder / "flows"), str(folder / "spine_agents.py")
        self.write_agents("old")
        self.write_flow(single())

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text, encoding="utf-8")

    def write_agents(self, version, name="spine_agents.py", more=""):
        value = version if more else repr(version)
        self.write(name, AGENTS.format(version=value, more=more))

    def write_flow(self, body, name=None):
        self.write(f"flows/{name or body['flow_id']}.yaml", yaml.safe_dump(body))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with the flow `f` and the agent `work`, whose modules are forgotten afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    yield Project(tmp_path)
    for name, module in list(sys.modules.items()):
        if str(tmp_path) in str(getattr(module, "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def server(serve, project):
    return serve(project.flows, project.agents)


@pytest.fixture
def reloader_of():
    """Make reloaders, and collect the lines that they report as `lines`."""
    pytest.importorskip("watchfiles")

    def make(server, project, env=None):
        sources = sources_of(project.flows, project.agents, env)
        made = Reloader(server, sources, lines.append, env)
        made.lines = lines
        return made

    lines = []
    return make


def version_of(server, flow_id="f"):
    return run(server, flow_id).output_data["n"]["version"]


def flow_ids(server):
    with server.client() as client:
        return [each.flow_id for each in client.list_flows()]


def page_of(http, server):
    return http.get(server.url, headers=HTML).text


# Executions in flight


@pytest.fixture
def held(monkeypatch):
    """A module that no reload imports again: agents of the test wait in its `hold`."""
    module = types.ModuleType("spine_test_gate")
    module.began, module.opened = [], threading.Event()

    def hold(number):
        module.began.append(number)
        assert module.opened.wait(LIMIT)

    module.hold = hold
    monkeypatch.setitem(sys.modules, module.__name__, module)
    yield module
    module.opened.set()


def test_executions_in_flight_end_on_the_old_code_and_none_is_lost(
    serve, project, held
):
    two_nodes = """
from ai_spine.local import agent
from spine_test_gate import hold

@agent("first")
def first(input, config):
    {hold}
    return {{"first": "{version}"}}

@agent("second")
def second(input, config):
    return {{"second": "{version}", "config": config, **input}}
"""
    name = "spine_agents.py"
    project.write(name, two_nodes.format(hold="hold(input['n'])", version="old"))
    chain = flow(node("a", "first"), node("b", "second", ["a"], config={"flow": "old"}))
    project.write_flow(chain)
    server = serve(project.flows, project.agents)
    with server.client() as client:
        old = [client.execute_flow("f", {"n": n}) for n in range(20)]
        wait_until(lambda: len(held.began) == 20)
        project.write(name, two_nodes.format(hold="pass", version="new"))
        chain["nodes"][1]["config"] = {"flow": "new"}
        project.write_flow(chain)
        server.reload()
        new = [client.execute_flow("f", {"n": n}) for n in range(20, 40)]
        for started, version in ((new, "new"), (old, "old")):
            if started is old:
                held.opened.set()
            outputs = [
                client.wait_for_execution(each, timeout=LIMIT).output
                for each in started
            ]
            numbers = range(20) if started is old else range(20, 40)
            words = {"first": version, "second": version, "config": {"flow": version}}
            assert outputs == [{"b": {**words, "n": n}} for n in numbers]
    assert len(server.executions("f", status="completed")) == 40


def test_executions_in_flight_keep_an_agent_and_a_flow_that_are_removed(
    serve, project, held
):
    text = (
        "from ai_spine.local import agent\nfrom spine_test_gate import hold\n"
        "@agent('first')\ndef first(input, config):\n    hold(1)\n    return {}\n"
    )
    rest = "@agent('last')\ndef last(input, config):\n    return {'did': 'last'}\n"
    project.write("spine_agents.py", text + rest)
    project.write_flow(flow(node("a", "first"), node("b", "last", ["a"])))
    server = serve(project.flows, project.agents)
    with server.client() as client:
        started = client.execute_flow("f", {})
        wait_until(lambda: held.began)
        project.write("spine_agents.py", text)
        (project.folder / "flows" / "f.yaml").unlink()
        server.reload()
        assert client.list_flows() == []
        assert [each.agent_id for each in client.list_agents()] == ["first"]
        held.opened.set()
        done = client.wait_for_execution(started, timeout=LIMIT)
    assert done.output_data == {"b": {"did": "last"}}


def test_no_execution_mixes_the_old_and_the_new(serve, project):
    agents = (
        "from ai_spine.local import agent\n@agent('work')\ndef work(input, config):\n"
        "    return {{'flow': config['version'], 'agent': {}}}\n"
    )

    def write(version):
        project.write("spine_agents.py", agents.format(version))
        project.write_flow(single(version=version))

    write(0)
    server = serve(project.flows, project.agents)
    outputs, stop = [], threading.Event()

    def execute():
        while not stop.is_set():
            outputs.append(run(server).output_data["n"])

    threads = [threading.Thread(target=execute) for _ in range(3)]
    for thread in threads:
        thread.start()
    for version in range(1, 7):
        write(version)
        server.reload()
        before = len(outputs)
        wait_until(lambda: len(outputs) > before)
    stop.set()
    for thread in threads:
        thread.join()
    assert {o["agent"] for o in outputs} == set(range(7))
    assert [o for o in outputs if o["agent"] != o["flow"]] == []


def test_a_reload_between_a_request_and_its_start_changes_no_agent(
    server, project, monkeypatch
):
    store = server._site.store
    once = store.once

    def once_and_reload(*args):
        reply = once(*args)
        server.reload()
        return reply

    monkeypatch.setattr(store, "once", once_and_reload)
    project.write_agents("new")
    assert version_of(server) == "old"
    assert version_of(server) == "new"


# Modules


@pytest.mark.parametrize("is_path", [True, False], ids=["a path", "a name"])
def test_an_edited_module_is_served(serve, project, is_path, monkeypatch):
    monkeypatch.syspath_prepend(str(project.folder))
    agents = project.agents if is_path else "spine_agents"
    server = serve(project.flows, agents)
    assert version_of(server) == "old"
    project.write_agents("new")  # in the same second, and as long: as if compiled
    server.reload()
    assert version_of(server) == "new"


@pytest.mark.parametrize(
    "agents, more, edited",
    [
        ("spine_agents.py", "import spine_helper", "spine_helper.py"),
        ("spine_pkg.agents", "from . import spine_helper", "spine_pkg/spine_helper.py"),
        (
            "spine_pkg.sub.agents",
            "from .. import spine_helper",
            "spine_pkg/spine_helper.py",
        ),
        ("spine_pkg", "from . import spine_helper", "spine_pkg/spine_helper.py"),
    ],
    ids=["beside it", "relative", "in the package above", "a package"],
)
def test_edits_of_what_agents_import_are_served(
    serve, project, monkeypatch, agents, more, edited
):
    project.write("spine_pkg/__init__.py", "")
    project.write("spine_pkg/sub/__init__.py", "")
    path = agents if agents.endswith(".py") else agents.replace(".", "/") + ".py"
    path = "spine_pkg/__init__.py" if agents == "spine_pkg" else path
    project.write_agents("spine_helper.VERSION", path, more)
    project.write(edited, "VERSION = 'old'\n")
    if agents.endswith(".py"):
        agents = str(project.folder / agents)
    else:
        monkeypatch.syspath_prepend(str(project.folder))
    server = serve(project.flows, agents)
    assert version_of(server) == "old"
    project.write(edited, "VERSION = 'new'\n")
    server.reload()
    assert version_of(server) == "new"


def test_modules_of_other_folders_are_not_imported_again(project, server, tmp_path):
    known = {name: sys.modules[name] for name in ("yaml", "ai_spine", __name__)}
    server.reload()
    assert {name: sys.modules[name] for name in known} == known


def test_flows_without_agents_are_reloaded(serve, project):
    project.write_flow(flow(node("n"), flow_id="plain"), "f")
    server = serve(project.flows, None)
    project.write_flow(flow(node("m"), flow_id="plain"), "f")
    server.reload()
    assert run(server, "plain", {"x": 1}).output_data == {"m": {"x": 1}}


# Broken edits


BROKEN = {
    "a syntax error": ("spine_agents.py", "def (", "SyntaxError"),
    "an exception": ("spine_agents.py", "1 / 0\n", "division by zero"),
    "a Ctrl-C": ("spine_agents.py", "raise KeyboardInterrupt\n", "KeyboardInterrupt"),
    "an exit": ("spine_agents.py", "raise SystemExit(3)\n", "SystemExit: 3"),
    "a missing module": ("spine_agents.py", "import spine_nothing\n", "spine_nothing"),
    "a missing agent": ("spine_agents.py", "", "work"),
    "no flow": ("flows/f.yaml", "name: [", "is not YAML"),
    "a flow that cannot run": ("flows/f.yaml", "flow_id: f\nnodes: []\n", "f.yaml"),
}


@pytest.mark.parametrize("name, text, words", BROKEN.values(), ids=BROKEN)
def test_a_broken_edit_keeps_the_last_good_version(
    server, project, http, reloader_of, name, text, words
):
    reloader = reloader_of(server, project)
    assert 'class="failure"' not in page_of(http, server)
    good = (project.folder / name).read_text(encoding="utf-8")
    project.write(name, text)
    reloader.look()
    (line,) = reloader.lines
    assert line.startswith(KEPT) and words in line and "\n" not in line
    assert version_of(server) == "old"
    assert "Not reloaded: " in page_of(http, server)
    project.write(name, good.replace("old", "new"))
    reloader.look()
    assert reloader.lines[1:] == [f"reloaded {Path(name).name}"]
    assert version_of(server) == ("new" if name.endswith(".py") else "old")
    assert "Not reloaded: " not in page_of(http, server)


def test_an_exception_at_import_is_reported_with_its_line(server, project, reloader_of):
    reloader = reloader_of(server, project)
    project.write("spine_helper.py", "\n\nraise KeyError('city')\n")
    project.write_agents("old", more="import spine_helper")
    assert reloader.reload() is False
    assert reloader.lines[0].endswith("KeyError: 'city' (spine_helper.py, line 3)")


def test_a_broken_edit_leaves_the_modules_that_there_were(server, project):
    before = sys.modules["ai_spine_agents_spine_agents"]
    project.write("spine_helper.py", "VERSION = 'new'")
    project.write_agents("old", more="import spine_helper\n1 / 0")
    with pytest.raises(ConfigurationError) as caught:
        server.reload()
    assert is_one_sentence(caught.value)
    assert sys.modules["ai_spine_agents_spine_agents"] is before
    assert "spine_helper" not in sys.modules


def test_the_page_shows_a_broken_edit_only_to_those_who_have_the_key(
    serve, project, http, reloader_of
):
    server = serve(project.flows, project.agents, api_key="sk-1")
    project.write("spine_agents.py", "1 / 0")
    assert reloader_of(server, project).reload() is False
    assert "Not reloaded" not in page_of(http, server)
    url = f"{server.url}/page/sign-in"
    token = http.get(url).text.partition('name="form_token" value="')[2][:64]
    http.post(url, data={"form_token": token, "key": "sk-1"})
    assert "Not reloaded" in page_of(http, server)


def test_an_unexpected_error_is_reported_and_ends_nothing(
    server, project, reloader_of, monkeypatch
):
    reloader = reloader_of(server, project)

    def fail():
        raise RuntimeError("disk\nfull")

    monkeypatch.setattr(server, "reload", fail)
    assert reloader.reload() is False
    assert reloader.lines == [f"{KEPT}RuntimeError: disk full"]


# What stays


def test_new_flow_files_are_served_and_removed_ones_are_not(
    server, project, reloader_of
):
    reloader = reloader_of(server, project)
    project.write_flow(single(flow_id="g"))
    reloader.look()
    assert version_of(server, "g") == "old"
    (project.folder / "flows" / "f.yaml").unlink()
    reloader.look()
    assert flow_ids(server) == ["g"]
    assert reloader.lines == ["reloaded g.yaml", "reloaded f.yaml"]
    reloader.look()
    assert len(reloader.lines) == 2  # nothing has changed


def test_what_was_made_over_the_api_stays(serve, project, tmp_path):
    project.write_flow(single(flow_id="changed"))
    project.write_flow(single(flow_id="deleted"))
    server = serve(project.flows, project.agents, db=tmp_path / "runs.db")
    with server.client() as client:
        client.create_flow(single(flow_id="made"))
        client.create_agent({"agent_id": "remote", "endpoint": "http://agents.test"})
        client.update_flow("changed", {**single(flow_id="changed"), "name": "Mine"})
        client.delete_flow("deleted")
        project.write_agents("new")
        project.write_flow(single(flow_id="g"))
        server.reload()
        ids = [each.flow_id for each in client.list_flows()]
        assert ids == ["changed", "f", "g", "made"]
        assert client.get_flow("changed").name == "Mine"
        assert [each.agent_id for each in client.list_agents()] == ["remote", "work"]
    assert version_of(server, "made") == "new"
    project.write_flow({**single(flow_id="changed"), "name": "Edited"})
    server.reload()
    with server.client() as client:
        assert client.get_flow("changed").name == "Edited"  # the latest change


def test_what_was_added_to_the_server_stays(server, project):
    server.add_agent(lambda input, config: {"version": "added"}, "more")
    server.add_flow(single("more", flow_id="g"))
    server.add_agent(lambda input, config: {"version": "mine"}, "work")
    project.write_agents("new")
    server.reload()
    assert version_of(server, "g") == "added"
    assert version_of(server) == "mine"
    server.reset()
    assert version_of(server) == "new"
    assert flow_ids(server) == ["f"]


def test_tenants_get_the_new_definitions(serve, project):
    server = serve(project.flows, project.agents, tenants=True)

    def version(tenant):
        with server.client(tenant=tenant) as client:
            done = client.execute_and_wait("f", {}, interval=0.05)
            return done.output_data["n"]["version"]

    assert version("acme") == "old"
    with server.client(tenant="beta") as client:
        client.delete_agent("work")  # which is no fault of the flows
    project.write_agents("new")
    server.reload()
    assert version("acme") == version("late") == "new"
    with server.client(tenant="beta") as client:
        assert client.list_agents() == []


def test_a_closed_server_is_not_reloaded(server):
    server.close()
    with pytest.raises(ConfigurationError, match="the server is closed"):
        server.reload()


# Settings


def test_an_edited_env_file_is_loaded_before_agents_are_imported(
    server, project, reloader_of, monkeypatch
):
    monkeypatch.setenv("SPINE_TEST_OWN", "environment")
    more = "import os\nVERSION = os.environ.get('SPINE_TEST_CITY', 'none')"
    more += " + os.environ['SPINE_TEST_OWN']"
    project.write_agents("VERSION", more=more)
    env = EnvFile(project.folder / ".env", required=False)
    reloader = reloader_of(server, project, env)
    assert reloader.reload()
    assert version_of(server) == "noneenvironment"
    project.write(".env", "SPINE_TEST_CITY=Rome\nSPINE_TEST_OWN=file\n")
    reloader.look()
    assert version_of(server) == "Romeenvironment"
    project.write(".env", "SPINE_TEST_CITY\n")
    reloader.look()
    assert version_of(server) == "Romeenvironment"
    assert reloader.lines[-1].endswith(".env, line 1: KEY=VALUE is expected")
    (project.folder / ".env").unlink()
    reloader.look()
    assert version_of(server) == "noneenvironment"


# Watching


def test_changes_are_noticed_in_folders_that_come_later_too(
    server, project, reloader_of
):
    with reloader_of(server, project) as reloader:
        project.write("spine_later/spine_helper.py", "VERSION = 'new'")
        more = "from spine_later.spine_helper import VERSION"
        project.write_agents("VERSION", more=more)
        wait_until(lambda: version_of(server) == "new")
        project.write("spine_later/spine_helper.py", "VERSION = 'newest'")
        wait_until(lambda: version_of(server) == "newest")
        project.write_flow(single(flow_id="g"))
        wait_until(lambda: flow_ids(server) == ["f", "g"])
    assert not reloader._thread.is_alive()


def test_files_are_looked_at_if_they_cannot_be_watched(
    server, project, reloader_of, monkeypatch
):
    monkeypatch.setattr(reloading, "_LOOK_EVERY_MS", 10)
    reloader = reloader_of(server, project)

    def refuse(*folders, **options):
        raise OSError("the limit of watches is reached")

    reloader._watch = refuse
    with reloader:
        wait_until(lambda: reloader.lines)
        project.write_agents("new")
        wait_until(lambda: version_of(server) == "new")
    complaint = (
        "files are looked at once a second: OSError: the limit of watches is reached"
    )
    assert reloader.lines.count(complaint) == 1


def test_only_folders_with_sources_are_watched(project, monkeypatch):
    for name in ("pkg/sub", ".git", "node_modules/x", "env/lib", "pkg/__pycache__"):
        (project.folder / name).mkdir(parents=True)
    project.write("env/pyvenv.cfg", "")
    project.write("env/spine_x.py", "")
    project.write("pkg/sub/spine_y.py", "")
    sources = Sources(None, project.folder, None)
    names = {Path(folder).name for folder in sources.folders()}
    assert names == {project.folder.name, "flows", "pkg", "sub"}
    files = {Path(path).name for path in sources.state()}
    assert files == {"spine_agents.py", "spine_y.py"}
    monkeypatch.setattr(reloading, "MAX_FOLDERS", 3)
    with pytest.raises(ConfigurationError, match="at most 3 folders"):
        sources.folders()


def test_changes_of_other_files_are_not_looked_at(project):
    sources = Sources(Path(project.flows), None, project.folder / "settings.txt")
    names = ["a.py", "f.yaml", "settings.txt", "folder", "runs.db-wal", "a.pyc"]
    seen = [name for name in names if sources.may_have(f"/any/{name}")]
    assert seen == names[:4]


def test_a_missing_watchfiles_is_reported_in_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(ConfigurationError) as caught:
        find_watch()
    words = "--reload needs watchfiles: pip install 'ai-spine-sdk[reload]'"
    assert str(caught.value) == words
