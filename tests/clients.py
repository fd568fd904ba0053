"""`AsyncAISpine` with the interface of `AISpine`, so that one suite tests both clients.

A test marked `every_client` runs over requests and aiohttp, one marked `every_transport` over httpx
too: its module's `AISpine`, and `LocalServer.client`, then make the client of that library.
`only_sync` and `not_over` leave some of them out, and say why.
"""

import asyncio
import copy
import importlib.util
import inspect
import sys
import threading
from contextlib import contextmanager, suppress
from functools import partial

import requests

from ai_spine import AISpine

LIMIT = 60  # seconds until a call that hangs fails
LIBRARIES, ROOMS = ["requests"], ["_sync"]
if sys.version_info >= (3, 10):
    from ai_spine import AsyncAISpine, AsyncRestClient
    from ai_spine.transport.async_base import AsyncByteStream

    LIBRARIES += filter(importlib.util.find_spec, ("aiohttp", "httpx"))
    ROOMS.append("_async")


class Loop:
    """An event loop in a thread of its own, for code that cannot await."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, function, *args, **kwargs):
        """Call a function in the loop, await what it returns if need be, and return that."""

        async def call():
            result = function(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(LIMIT)

    def tasks(self):
        """Return what runs in the loop."""
        return asyncio.all_tasks(self._loop)

    def close(self):
        """Stop the thread, and close the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT)
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


class Blocking:
    """An async object whose methods block, and whose async iterators are iterators.

    Args:
        target: The async object.
        loop: Runs it.
    """

    def __init__(self, target, loop):
        object.__setattr__(self, "_target", target)
        object.__setattr__(self, "_loop", loop)

    def __getattr__(self, name):
        target, loop = self._target, self._loop
        value = loop.run(getattr, target, {"close": "aclose"}.get(name, name))
        if name in ("_api", "_transport"):
            return Blocking(value, loop)
        if not inspect.ismethod(value):
            return value

        def call(*args, **kwargs):
            result = loop.run(value, *args, **kwargs)
            if inspect.isasyncgen(result) or hasattr(result, "__anext__"):
                return _Iterator(result, loop)
            if isinstance(result, (AsyncRestClient, AsyncByteStream)):
                return Blocking(result, loop)
            return result

        return call

    def __setattr__(self, name, value):
        if name == "sleep":
            value = partial(_as_coroutine, value)
        setattr(self._target, name, value)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __repr__(self):
        return repr(self._target).replace("Async", "")

    def __copy__(self):
        return Blocking(copy.copy(self._target), self._loop)

    def __reduce__(self):
        return _again, (self._target,)


class _Iterator:
    def __init__(self, items, loop):
        self._items, self._loop = items, loop

    def __iter__(self):
        return self

    def __next__(self):
        with suppress(StopAsyncIteration):
            return self._loop.run(self._items.__anext__)
        raise StopIteration

    def close(self):
        self._loop.run(self._items.aclose)


async def _as_coroutine(sleep, seconds):
    # In a thread, for a sleep that blocks.
    await asyncio.get_running_loop().run_in_executor(None, sleep, seconds)


@contextmanager
def own_session(library):
    """Yield a session of the caller's own, which stays open until the end."""
    if library == "requests":
        with requests.Session() as session:
            yield session
        return
    module = importlib.import_module(library)
    make = module.ClientSession if library == "aiohttp" else module.AsyncClient
    session = shared_loop().run(make)
    yield session
    close = session.close if library == "aiohttp" else session.aclose
    shared_loop().run(close)


def cookies_of(session):
    """Return the cookies that a session of any library keeps."""
    is_aiohttp = hasattr(session, "cookie_jar")
    return list(session.cookie_jar if is_aiohttp else session.cookies)


def limit_bodies(monkeypatch, size):
    """Set how many bytes of a response are read at most, for all libraries."""
    monkeypatch.setattr("ai_spine.transport.requests.bodies.MAX_RESPONSE_BYTES", size)
    if len(LIBRARIES) > 1:
        monkeypatch.setattr("ai_spine.transport.async_http.MAX_RESPONSE_BYTES", size)


_SHARED = {}


def shared_loop():
    """Return the loop that all tests of this process use whose coverage is measured, or is not."""
    is_traced = getattr(threading, "gettrace", lambda: None)() is not None
    if is_traced not in _SHARED:
        _SHARED[is_traced] = Loop()
    return _SHARED[is_traced]


def _again(target):
    return Blocking(target, shared_loop())


def maker_of(library):
    """Return what makes a client with the interface of `AISpine` over a library."""
    return AISpine if library == "requests" else partial(blocking, library)


def blocking(library, *args, **options):
    """Make an `AsyncAISpine` over a library, with the interface of `AISpine`."""
    client = AsyncAISpine(*args, transport=library, **options)
    return Blocking(client, shared_loop())


def blocking_rest(library, *args, **options):
    """Make an `AsyncRestClient` over a library, with the interface of `RestClient`."""
    client = AsyncRestClient(*args, transport=library, **options)
    return Blocking(client, shared_loop())
