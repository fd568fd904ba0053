"""Tests of what clients learn about their server."""

import pytest

from ai_spine.policy.server_state import announces_stream


@pytest.mark.parametrize(
    "link, expected",
    [
        ('</s>; rel="monitor"; type="text/event-stream"', True),
        ('</a>; rel=next, </s>; rel="up monitor"; type=text/event-stream', True),
        ('</s>; rel="next"; type="text/event-stream"', False),
        ('</s>; rel="monitor"', False),
        ('</s>; rel="monitor"; type="text/html"', False),
        (";;,<=", False),
        ("", False),
    ],
)
def test_a_stream_is_announced_by_its_relation_and_its_type(link, expected):
    assert announces_stream({"Link": link}) is expected
