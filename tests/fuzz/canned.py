"""Canned answers, for the many examples that a socket would be too slow for."""

import io
import pickle
import unicodedata
import warnings

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from ai_spine import AISpine


class Canned(BaseAdapter):
    """Answers requests with the answers it was told, the last one again and again."""

    def __init__(self):
        super().__init__()
        self.say(b"")

    def say(self, *bodies, status=200, headers=None):
        """Set the answers, and forgets the requests so far."""
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
    """A clock that moves only when somebody sleeps, and then ever faster: no wait is endless."""

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
    session.trust_env = False  # to look for proxies takes longer than all the rest
    session.mount("https://", canned)
    session.mount("http://", canned)
    return session


def canned_client(canned, time=None, **options):
    """Return a client that is answered by `canned`, and whose time is `time`."""
    options = {"base_url": "https://h.test", "max_retries": 0, **options}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        client = AISpine(session=canned_session(canned), **options)
    if time is not None:
        client._api.clock, client._api.sleep = time.clock, time.sleep
    return client


def is_one_line(text):
    """Return whether a text takes one line of any terminal, and says something."""
    odd = ("Cc", "Cs", "Zl", "Zp")
    return bool(text) and all(unicodedata.category(c) not in odd for c in text)


def check_error(error):
    """Check what holds for all errors: one line that is not too long, and they pickle."""
    assert is_one_line(str(error)), repr(error)
    assert len(str(error)) < 2000
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
