"""Tests of what the two kinds of clients do differently."""

import asyncio

import pytest

from ai_spine.sdk_sync.runtime import async_support
from ai_spine.sdk_sync.runtime.streams import Download, MemoryStream


def test_streams_of_a_closed_loop_are_closed_already():
    loop = asyncio.new_event_loop()
    loop.close()
    async_support.abandon(None, loop)
    async_support.abandon(None, async_support.home())


class Interrupted(MemoryStream):
    """A stream whose reading Ctrl-C interrupts."""

    is_closed = False

    def read(self, timeout):
        raise KeyboardInterrupt

    def close(self):
        self.is_closed = True


def test_an_interrupted_stream_is_closed():
    stream = Interrupted(200, {}, b"")
    download = Download(stream, 1.0, str)
    with pytest.raises(KeyboardInterrupt):
        download.read()
    assert stream.is_closed
