"""Tests of the headers of requests, which are made for each attempt."""

import pytest
from requests.structures import CaseInsensitiveDict

from ai_spine import AISpine
from ai_spine.transport.requests.request_builder import _Headers
from tests.raw_server import RawServer, answer


def test_headers_are_those_of_requests_in_less_time():
    known = {"Accept": "a", "X-Id": "b"}
    headers, copied = _Headers(known), _Headers(known).copy()
    copied["accept"] = "c"
    assert headers == CaseInsensitiveDict(known) and headers["ACCEPT"] == "a"
    assert list(headers) == ["Accept", "X-Id"]
    assert dict(headers.items()) == known
    assert dict(copied.items()) == {"accept": "c", "X-Id": "b"}
    assert isinstance(copied, CaseInsensitiveDict)


@pytest.mark.only_sync("it looks into what `requests` was given")
def test_no_call_changes_the_headers_of_the_next(monkeypatch):
    body = answer(200, b"[]", connection="keep-alive")
    with RawServer(body, body) as server:
        with AISpine("sk-1", server.url) as client:
            client.list_flows()
            client.with_options(headers={"X-More": "1"}).list_flows()
            client.list_flows()
    first, second, third = (request.headers for request in server.requests)
    ids = {sent.pop("x-request-id") for sent in (first, second, third)}
    assert len(ids) == 3 and second.pop("x-more") == "1"
    assert dict(first) == dict(second) == dict(third)
