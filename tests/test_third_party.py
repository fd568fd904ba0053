"""Tests with the libraries that users' own tests and programs use around `requests`."""

import io
import subprocess
import sys

import pytest
import requests
import requests_cache
import requests_mock
import responses
import vcr

from ai_spine import AISpine, NotFoundError
from tests.raw_server import RawServer, answer

URL = "https://spine.test"  # no name service knows it, so a request that escapes would fail
FLOW = {"flow_id": "f", "nodes": []}


@pytest.fixture
def client():
    with AISpine("sk-1", URL, max_retries=0) as made:
        yield made


def test_requests_mock_serves_the_requests_of_a_client(client):
    with requests_mock.Mocker() as mock:
        mock.get(f"{URL}/flows/f", json=FLOW)
        mock.get(f"{URL}/flows/g", status_code=404, json={"detail": "no flow"})
        assert client.get_flow("f").flow_id == "f"
        with pytest.raises(NotFoundError, match="no flow"):
            client.get_flow("g")
    assert [call.path for call in mock.request_history] == ["/flows/f", "/flows/g"]
    assert mock.request_history[0].headers["Authorization"] == "Bearer sk-1"


def test_requests_mock_may_start_before_or_after_the_first_request():
    with RawServer(answer(200, FLOW), answer(200, FLOW)) as server:
        with AISpine(base_url=server.url) as client:
            client.get_flow("f")
            with requests_mock.Mocker() as mock:
                mock.get(f"{server.url}/flows/f", json={**FLOW, "flow_id": "mocked"})
                assert client.get_flow("f").flow_id == "mocked"
            assert client.get_flow("f").flow_id == "f"
    assert len(server.requests) == 2


def test_responses_serves_the_requests_of_a_client(client):
    with responses.RequestsMock() as mock:
        mock.get(f"{URL}/flows/f", json=FLOW)
        assert client.get_flow("f").flow_id == "f"
        assert mock.calls[0].request.headers["Authorization"] == "Bearer sk-1"


def test_vcr_records_a_client_and_plays_it_back(tmp_path):
    cassette = str(tmp_path / "flows.yaml")
    with RawServer(answer(200, FLOW)) as server:
        for _ in ("recorded", "played back"):
            with vcr.use_cassette(cassette) as tape:
                with AISpine(base_url=server.url, max_retries=0) as client:
                    assert client.get_flow("f").flow_id == "f"
    assert (len(server.requests), tape.play_count) == (1, 1)


def test_a_cached_session_of_the_callers_answers_from_its_cache(tmp_path):
    session = requests_cache.CachedSession(str(tmp_path / "cache"), backend="memory")
    with RawServer(answer(200, FLOW)) as server, session:
        with AISpine(base_url=server.url, session=session) as client:
            assert client.get_flow("f") == client.get_flow("f")
    assert len(server.requests) == 1


def test_pytest_httpserver_serves_a_client(httpserver):
    httpserver.expect_request("/flows/f").respond_with_json(FLOW)
    with AISpine(base_url=httpserver.url_for("").rstrip("/")) as client:
        assert client.get_flow("f").flow_id == "f"
    httpserver.check_assertions()


def test_a_session_method_that_somebody_replaced_is_used(client, monkeypatch):
    sent = []

    def send(self, request, **options):
        sent.append(request.url)
        response = requests.Response()
        response.status_code = 200
        response.headers["Content-Type"] = "application/json"
        response.raw = io.BytesIO(b'{"flow_id": "f"}')
        return response

    monkeypatch.setattr(requests.Session, "send", send)
    assert client.get_flow("f").flow_id == "f"
    assert sent == [f"{URL}/flows/f"]


GEVENT = """
from gevent import monkey; monkey.patch_all()
import gevent, sys
from ai_spine import AISpine
with AISpine(base_url=sys.argv[1]) as client:
    jobs = [gevent.spawn(client.get_flow, "f") for _ in range(8)]
    gevent.joinall(jobs, raise_error=True)
    print(sum(job.value.flow_id == "f" for job in jobs))
"""


def test_greenlets_of_gevent_share_a_client():
    with RawServer(*[answer(200, FLOW)] * 8) as server:
        command = [sys.executable, "-W", "ignore", "-c", GEVENT, server.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("8\n", 0), done.stderr
