"""Tests of what the two kinds of clients do differently."""

import asyncio

from ai_spine.sdk_sync.runtime import async_support


def test_streams_of_a_closed_loop_are_closed_already():
    loop = asyncio.new_event_loop()
    loop.close()
    async_support.abandon(None, loop)
    async_support.abandon(None, async_support.home())
