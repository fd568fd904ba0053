"""Tests of the bars that show how far something is."""

import concurrent.futures
import sys
import types

import pytest

from ai_spine import ConfigurationError, Execution, ExecutionError, ValidationError
from ai_spine._sync.progress import make_bars, wait_bar
from ai_spine.local import LocalServer
from tests.needs import needs

tqdm = pytest.importorskip("tqdm")

GOOD = {"text": "Fine."}


@pytest.fixture(scope="module")
def server():
    with LocalServer() as made:
        yield made


@pytest.fixture
def client(server):
    with server.client() as made:
        yield made


@pytest.fixture
def notebook(monkeypatch):
    """Have this process taken for the kernel of a notebook."""
    shell = types.SimpleNamespace(kernel=object())
    ipython = types.SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)


@pytest.fixture
def without_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)


@needs("vaderSentiment")
def test_a_plain_script_is_shown_nothing_unasked(client, capfd):
    client.execute_and_wait("sentiment-analysis", GOOD)
    client.execute_batch("sentiment-analysis", [GOOD])
    assert capfd.readouterr() == ("", "")


@needs("vaderSentiment")
def test_a_batch_shows_a_bar_on_stderr_when_asked(client, capfd):
    inputs = [GOOD, {"text": ""}]
    client.execute_batch("sentiment-analysis", inputs, progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    last = err.split("\r")[-1]
    assert "sentiment-analysis: 100%" in last and "2/2" in last and "failed=1" in last


def test_a_batch_of_unknown_size_is_counted(client, capfd):
    inputs = (GOOD for _ in range(3))
    client.execute_batch("sentiment-analysis", inputs, progress=True)
    assert "sentiment-analysis: 3input" in capfd.readouterr().err


def test_a_callable_is_called_in_the_bars_place(client, capfd, notebook):
    seen = []
    client.execute_batch("sentiment-analysis", [GOOD], progress=seen.append)
    assert [progress.done for progress in seen] == [1]
    assert capfd.readouterr().err == ""


def test_a_wait_shows_a_bar_and_calls_back_besides(capfd):
    class Bars(tqdm.tqdm):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **{**kwargs, "delay": 0, "mininterval": 0})

    seen = []
    with wait_bar(Bars, "e-1", seen.append) as saw:
        saw(Execution("e-1", status="running"))
        saw(Execution("e-1", status="completed"))
    err = capfd.readouterr().err
    assert "e-1: running" in err and "e-1: completed" in err
    assert err.split("\r")[-1] == ""  # it is gone
    assert [str(execution.status) for execution in seen] == ["running", "completed"]


@needs("vaderSentiment")
def test_what_is_done_at_once_shows_no_bar(client, capfd):
    seen = []
    client.execute_and_wait(
        "sentiment-analysis", GOOD, progress=True, on_progress=seen.append
    )
    assert seen[-1].succeeded
    assert capfd.readouterr() == ("", "")


def test_a_failure_ends_the_bar_and_is_raised(client, capfd):
    with pytest.raises(ExecutionError):
        client.execute_and_wait("sentiment-analysis", {"text": ""}, progress=True)
    assert not tqdm.tqdm._instances


def test_a_notebook_shows_bars_without_asking(client, capfd, notebook):
    client.execute_batch("sentiment-analysis", [GOOD])
    assert "1/1" in capfd.readouterr().err
    client.execute_batch("sentiment-analysis", [GOOD], progress=False)
    assert capfd.readouterr() == ("", "")


@needs("vaderSentiment")
def test_a_notebook_without_tqdm_goes_without_bars(
    client, capfd, notebook, without_tqdm
):
    assert client.execute_batch("sentiment-analysis", [GOOD]).succeeded == 1
    assert client.execute_and_wait("sentiment-analysis", GOOD).succeeded
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("method", ["execute_batch", "execute_and_wait"])
def test_a_bar_without_its_library_is_refused_before_anything_is_sent(
    method, without_tqdm
):
    with LocalServer() as server, server.client() as client:
        with pytest.raises(ConfigurationError) as caught:
            getattr(client, method)("sentiment-analysis", [], progress=True)
        assert client.list_executions() == []
    words = "progress=True needs tqdm: pip install 'ai-spine-sdk[notebook]'"
    assert str(caught.value) == words


@pytest.mark.parametrize("odd", ["yes", 1, 0, []])
def test_what_is_no_answer_to_whether_there_is_a_bar_is_refused(client, odd):
    with pytest.raises(ValidationError, match="progress must be True, False or None"):
        client.execute_batch("sentiment-analysis", [GOOD], progress=odd)
    with pytest.raises(ValidationError, match="progress must be True, False or None"):
        client.execute_and_wait("sentiment-analysis", GOOD, progress=odd)


def test_other_threads_of_a_notebook_draw_nothing_unasked(notebook):
    assert make_bars(None) is not None
    with concurrent.futures.ThreadPoolExecutor() as threads:
        assert threads.submit(make_bars, None).result() is None
