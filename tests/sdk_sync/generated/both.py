"""Calls both methods of an operation, and sees that they do the same."""

import asyncio
import re

_VARYING = ("User-Agent", "Idempotency-Key", "X-Request-Id", "Connection", "Host")
_OF_LIBRARIES = ("Accept-Encoding", "Keep-Alive")
_BOUNDARY = re.compile(rb"[0-9a-f]{32,}")


class Both:
    """A synchronous and an asynchronous client in one; results are those of the former."""

    def __init__(self, sync_client, async_client, wire):
        self.sync, self.asynchronous, self._wire = sync_client, async_client, wire
        self._loop = asyncio.new_event_loop()

    def __getattr__(self, group):
        return _Group(self, group)

    def call(self, group, method, args, kwargs):
        first, one = self._caught(
            lambda: getattr(getattr(self.sync, group), method)(*args, **kwargs)
        )
        count = len(self._wire.requests)
        second, other = self._caught(
            lambda: self._loop.run_until_complete(
                getattr(getattr(self.asynchronous, group), method)(*args, **kwargs)
            )
        )
        assert len(self._wire.requests) == 2 * count, "both send as much"
        for index in range(count):
            requests = self._wire.requests
            assert _plain(requests[index]) == _plain(requests[index + count])
        del self._wire.requests[count:]
        assert type(one) is type(other), (one, other)
        if one is not None:
            raise one
        assert first == second
        return first

    def _caught(self, call):
        try:
            return call(), None
        except Exception as error:
            return None, error

    def run(self, coroutine):
        """Return the result of a coroutine."""
        return self._loop.run_until_complete(coroutine)

    def close(self):
        self.sync.close()
        self._loop.run_until_complete(self.asynchronous.aclose())
        self._loop.close()


class _Group:
    def __init__(self, both, group):
        self._both, self._group = both, group

    def __getattr__(self, method):
        def call(*args, **kwargs):
            self._both._wire.requests.clear()
            return self._both.call(self._group, method, args, kwargs)

        return call


def _plain(request):
    """Return what of a request does not vary."""
    left_out = {each.lower() for each in (*_VARYING, *_OF_LIBRARIES)}
    headers = {k.lower(): v for k, v in request.headers.items()}
    kept = {k: v for k, v in headers.items() if k not in left_out}
    if "boundary=" in kept.get("content-type", ""):
        kept["content-type"] = kept["content-type"].partition(";")[0]
        kept.pop("content-length", None)
    body = _BOUNDARY.sub(b"", request.body)
    return request.method, request.target, kept, body
