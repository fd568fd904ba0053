"""Canned responses, for the many examples that a socket would be too slow for."""

import io
import pickle
import unicodedata
import warnings

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from ai_spine import AISpine


class Canned(BaseAdapter):
    """An adapter that returns the given responses in turn, and then repeats the last."""

    def __init__(self):
        super().__init__()
        self.respond_with(b"")

    def respond_with(self, *bodies, status=200, headers=None):
        """Set the responses, and clear the list of requests."""
        self.status, self.bodies, self.headers = status, list(bodies), headers or {}
        self.requests = []

    def send(self, request, **_):
        self.requests.append(request)
        body = self.bodies.pop(0) if len(self.bodies) > 1 else self.bodies[0]
        response = requests.Response()
        response.status_code, response.request = self.status, request
        response.url = request.url
        response.headers.update(self.headers)
        response.raw = HTTPResponse(
            io.BytesIO(body),
            status=self.status,
            headers=self.headers,
            preload_content=False,
        )
        return response

    def close(self):
        pass


class Time:
    """A clock that moves only during sleeps, and then ever faster, so that every wait ends."""

    def __init__(self):
        self.now = 1.0
        self.slept = []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += max(seconds, self.now)


def canned_session(canned):
    """Return a session that sends nothing."""
    session = requests.Session()
    session.trust_env = (
        False  # looking for proxies takes longer than the rest of the test
    )
    session.mount("https://", canned)
    session.mount("http://", canned)
    return session


def canned_client(canned, time=None, **options):
    """Return a client that gets its responses from `canned`, and uses `time` as its clock."""
    options = {"base_url": "https://h.test", "max_retries": 0, **options}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        client = AISpine(session=canned_session(canned), **options)
    if time is not None:
        client._api.clock, client._api.sleep = time.clock, time.sleep
    return client


def is_one_line(text):
    """Return whether a text is not empty, and takes one line on any terminal."""
    odd = ("Cc", "Cs", "Zl", "Zp")
    return bool(text) and all(unicodedata.category(c) not in odd for c in text)


def check_error(error):
    """Check that an error has a message of one line that is not too long, and can be pickled."""
    assert is_one_line(str(error)), repr(error)
    assert len(str(error)) < 2000
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
