"""Tests of the way of a request: three frames from a method to the transport, then four."""

import sys
from pathlib import Path

import pytest

import ai_spine
from ai_spine import AISpine
from ai_spine.transport.requests.sockets import DeadlineSocket
from tests.raw_server import RawServer, answer
from tests.transport import needs_short_way

PACKAGE = str(Path(ai_spine.__file__).parent)
CALLS = {
    "get_flow": ("f",),
    "get_execution": ("e",),
    "execute_flow": ("f", {}),
    "health_check": (),
    "cancel_execution": ("e",),
}
BODY = {"flow_id": "f", "nodes": [], "execution_id": "e", "status": "running"}
pytestmark = needs_short_way
SHORT = ["_send", "exchange", "exchange", "exchange"]


@pytest.mark.parametrize("method", CALLS)
def test_a_method_reaches_the_socket_in_seven_frames(method, monkeypatch):
    seen, sendall = [], DeadlineSocket.sendall

    def recording_sendall(self, *arguments):
        frame = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
            seen.append(frame.f_code.co_name)
            frame = frame.f_back
        return sendall(self, *arguments)

    monkeypatch.setattr(DeadlineSocket, "sendall", recording_sendall)
    with RawServer(answer(200, BODY)) as server, AISpine(base_url=server.url) as client:
        getattr(client, method)(*CALLS[method])
    assert seen[:7] == [*SHORT, "send", "call", method]
