"""Tests of the async client that await; tests marked `every_client` are of both clients."""

import asyncio
import os
import socket
import stat
from urllib.parse import urlsplit

from ai_spine.utils.timeouts import time_limit
from tests.local import LIMIT


async def until(condition):
    """Wait in the event loop until a condition holds."""
    async with time_limit(LIMIT):
        while not condition():
            await asyncio.sleep(0.005)


def open_sockets(server):
    """Return how many connections to a server this process has open."""
    port = urlsplit(server.url).port
    return sum(peer_of(int(fd)) == port for fd in os.listdir("/proc/self/fd"))


def peer_of(number):
    """Return the port that a file descriptor is connected to; `None` if it is not."""
    try:
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            return None
        with socket.socket(fileno=os.dup(number)) as sock:
            return sock.getpeername()[1]
    except (OSError, IndexError):
        return None
