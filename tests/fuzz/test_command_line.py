"""Any command line has a known exit code, errors in one line, no traceback and never the key."""

import contextlib
import inspect
import json
import logging
import re
import signal
import time as real_time
import warnings

import click
import pytest
from click.testing import CliRunner
from hypothesis import strategies as st

from ai_spine import constants
from ai_spine._sync.api import ApiClient
from ai_spine.cli import exit_codes
from ai_spine.cli import local as cli_local
from ai_spine.cli import session as cli_context
from ai_spine.cli.main import cli
from ai_spine.transport.requests import session_pool
from tests.fuzz.canned import Canned, Time, canned_client, canned_session, is_one_line
from tests.fuzz.shares import fuzz
from tests.fuzz.strategies import JSON, TEXT

KEY = "sk-never-told"
CODES = {v for n, v in vars(exit_codes).items() if n.isupper() and n[0] != "_"}
# Lines on stderr that may precede the line of the error.
PROGRESS = re.compile(
    r"execution |node |agent |flow |tool |note: |still (waiting for|following) execution |it has |"
    r"stopped$|.*: flow .* is valid$"
    r"|\d{4}-\d\d-\d\d [\d:,]+ ai_spine (DEBUG|WARNING) "
)


def walk(command, path=()):
    """Yield a group and each command below it, with their paths."""
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(child, (*path, name))


# Left out are those that write files at any path they are given; `batch` waits in threads, too.
COMMANDS = [
    (path, each)
    for path, each in walk(cli)
    if path not in [("batch",), ("init",), ("mcp",)]
]
FILES = {
    "good.json": b'{"flow_id": "f", "nodes": [{"id": "a", "type": "input"}]}',
    "sound.yaml": b"flow_id: f\nnodes: [{id: a, type: input}, {id: b, type: output, "
    b"depends_on: [a]}]\nentry_point: a\nexit_points: [b]\n",
    "bad.json": b'{"flow_id": ',
    "list.yaml": b"- 1\n- 2\n",
    "bad.yaml": b"a: [b\n\x00",
    "latin.yaml": b"name: caf\xe9\n",
    "tag.yaml": b"!!python/object:os.system x\n",
    "deep.json": b"[" * 100_000,
    "odd.yaml": b"flow_id: [1]\nnodes: {a: b}\nentry_point: 2026-11-20\n",
    "dates.yaml": b"flow_id: f\nnodes: 2026-11-20\n? [a, b]\n: c\n",
    "empty.yaml": b"",
}
TEXTS = TEXT.map(
    lambda text: "".join(c for c in text if c != "\0" and not "\ud800" <= c < "\udc80")
)
VALUES = st.one_of(
    TEXTS,
    st.sampled_from(sorted(FILES)),
    st.sampled_from(sorted(FILES)).map("@{}".format),
    JSON.map(json.dumps),
    TEXTS.map("a={}".format),
    st.sampled_from(
        [
            "-",
            "--",
            "",
            "a",
            "=",
            "=1",
            "a=",
            "a=1",
            "a=NaN",
            "a=[1,",
            "a=" + "[" * 9000,
        ]
        + ["@", "@nowhere", "@.", "nowhere", ".", "/", "{", "{}", "[]", '{"a": NaN}']
        + [
            "0",
            "1",
            "-1",
            "1e400",
            "nan",
            "inf",
            "9" * 5000,
            "1_0",
            "٣",
            "0x10",
            "1e-9",
        ]
        + [
            "table",
            "json",
            "jsonl",
            "yaml",
            "csv",
            "a[?b]",
            "sum(@)",
            "a[",
            "--help",
            "-h",
            "-i",
            "--version",
            "--no-such",
            "-x",
            "---",
        ]
        + ["http://h", "http://[", "http://u:p@h", "http://h/?k=v", "\udcff"]
        + ["\x1b[2J", "a\nb", "\r", "\u2028", "\u202e", "..", "x" * 3000, "running"]
    ),
)
WORDS = st.sampled_from(["completed", "failed", "running", "a\nb\x1b[2J", "\u2028", ""])
EXECUTIONS = st.fixed_dictionaries(
    {"execution_id": st.just("e") | JSON | WORDS, "status": WORDS},
    optional={"output_data": JSON, "error_message": WORDS | JSON, "flow_id": WORDS},
)
LISTS = st.builds(
    lambda name, items: {name: items},
    st.sampled_from(["flows", "agents", "executions", "messages", "results"]),
    st.lists(JSON, max_size=2),
)
RESPONSES = (EXECUTIONS | LISTS | JSON).map(lambda value: json.dumps(value).encode())
ERROR_BODIES = st.sampled_from(
    [b"", b"<html>", json.dumps({"detail": "@ is\nno key"}).encode(), b"\xff"]
)


JSON_VALUES = st.sampled_from(sorted(FILES)).map("@{}".format) | VALUES


@st.composite
def command_lines(draw):
    """Return the words of a command with odd options and arguments, mostly the right number."""
    path, command = draw(st.sampled_from(COMMANDS))
    options = [p.opts[0] for p in command.params if isinstance(p, click.Option)]
    wanted = [p for p in command.params if isinstance(p, click.Argument)]
    words = list(path)
    for _ in range(len(wanted) + draw(st.sampled_from([0, 0, 0, 0, -1, 1]))):
        words.append(draw(VALUES))
    for option in draw(st.lists(st.sampled_from(options or ["--debug"]), max_size=3)):
        takes_json = option in ("--input", "--config")
        value = draw(JSON_VALUES if takes_json else VALUES)
        form = draw(st.integers(0, 5))
        new_words = [[option], [f"{option}={value}"], [option, value]][min(form, 2)]
        place = draw(st.integers(0, len(words)))
        words[place:place] = new_words
    return words


class Echo(Canned):
    """Replaces each @ in its error responses with the key that was sent."""

    def __init__(self):
        self.time = Time()
        super().__init__()

    def respond_with(self, *bodies, **options):
        """Set the responses, and reset the clock."""
        super().respond_with(*bodies, **options)
        self.time.now = 1.0

    def send(self, request, **options):
        key = request.headers.get("Authorization", "none").encode()
        if self.status >= 400:
            self.bodies = [body.replace(b"@", key) for body in self.bodies]
        return super().send(request, **options)


class FakeLocalServer:
    """A replacement for the local server that serves nothing and starts at once."""

    url = "http://127.0.0.1:1"

    def __init__(self, *_, **__):
        canned = Canned()
        canned.respond_with(b'{"status": "operational", "flows": {"total": 1}}')
        self.client = lambda **options: canned_client(canned, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


FakeLocalServer.LocalServer = FakeLocalServer  # it replaces the module too


@pytest.fixture
def canned(monkeypatch, tmp_path):
    """Run commands with files, canned responses and a fake clock, but without a network."""
    made = Echo()
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session_pool, "make_session", lambda _: canned_session(made))
    defaults = {"sleep": made.time.sleep, "clock": made.time.clock}
    for name, stand_in in defaults.items():
        assert name in ApiClient.__init__.__kwdefaults__
        monkeypatch.setitem(ApiClient.__init__.__kwdefaults__, name, stand_in)
    for module in (cli_context, cli_local):
        monkeypatch.setattr(module, "import_local", lambda: FakeLocalServer)
    monkeypatch.setattr(cli_local, "_wait", lambda _: None)
    monkeypatch.setattr(real_time, "sleep", None)  # nothing may really wait
    return made


@contextlib.contextmanager
def isolated():
    """Restore the signal handlers and the log handlers that the command changes."""
    log = logging.getLogger(constants.LOGGER_NAME)
    handlers, level = list(log.handlers), log.level
    known = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        log.handlers[:], log.level = handlers, level
        for each, handler in known.items():
            signal.signal(each, handler)


def run(words, stdin, environment):
    """Run the command in this process; an uncaught exception fails the test."""
    separate = "mix_stderr" in inspect.signature(CliRunner).parameters
    runner = CliRunner(mix_stderr=False) if separate else CliRunner()
    with isolated(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a key over plain http
        return runner.invoke(
            cli,
            words,
            input=stdin,
            env=environment,
            prog_name="ai-spine",
            catch_exceptions=False,
        )


@fuzz(
    words=command_lines(),
    stdin=st.binary(max_size=20) | st.just(b'{"a": 1}'),
    key=st.sampled_from([KEY, KEY, KEY + "\n", " " + KEY, KEY + "\x7f"]),
    by_option=st.booleans(),
    status=st.sampled_from([200, 200, 200, 201, 400, 401, 402, 403, 404, 429, 500]),
    response=RESPONSES,
    error_body=ERROR_BODIES,
)
def test_any_command_line_ends_with_a_known_exit_code(
    canned, words, stdin, key, by_option, status, response, error_body
):
    canned.respond_with(response if status < 300 else error_body, status=status)
    words = [*(["--api-key", key] if by_option else []), *words]
    result = run(words, stdin, {} if by_option else {"AI_SPINE_API_KEY": key})
    assert result.exit_code in CODES
    lines = result.stderr.split("\n")[:-1]
    errors = [line for line in lines if line.startswith(("Error: ", '{"error": '))]
    assert not any(re.search('(^Error: |": ")unexpected ', e) for e in errors), errors
    assert len(errors) == (1 if result.exit_code else 0)
    for line in lines:
        assert is_one_line(line) and (line in errors or PROGRESS.match(line)), line
    assert "Traceback" not in result.output and KEY not in result.output
