"""Tests of the way of a request: three frames of ours from a method to the library that sends."""

import sys
from pathlib import Path

import pytest

import ai_spine
from ai_spine import AISpine
from tests.raw_server import RawServer, answer

PACKAGE = str(Path(ai_spine.__file__).parent)
CALLS = {
    "get_flow": ("f",),
    "get_execution": ("e",),
    "execute_flow": ("f", {}),
    "health_check": (),
    "cancel_execution": ("e",),
}
BODY = {"flow_id": "f", "nodes": [], "execution_id": "e", "status": "running"}


@pytest.mark.parametrize("method", CALLS)
def test_a_method_reaches_the_library_in_three_frames(method, monkeypatch):
    from requests.adapters import HTTPAdapter

    seen = []
    send = HTTPAdapter.send

    def recording_send(self, *arguments, **options):
        frame = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
            seen.append(frame.f_code.co_name)
            frame = frame.f_back
        return send(self, *arguments, **options)

    monkeypatch.setattr(HTTPAdapter, "send", recording_send)
    with RawServer(answer(200, BODY)) as server, AISpine(base_url=server.url) as client:
        getattr(client, method)(*CALLS[method])
    assert seen[:3] == ["send", "call", method]
