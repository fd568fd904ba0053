"""Any value of any setting creates a client, or raises a configuration error of one line."""

import contextlib
import datetime
import decimal
import inspect
import logging
import pathlib
import warnings
from types import MappingProxyType

import pytest
import requests
from hypothesis import strategies as st

from ai_spine import AISpine, ConfigurationError, constants
from tests.fuzz.canned import check_error, is_one_line
from tests.fuzz.shares import fuzz
from tests.fuzz.strategies import KEYS, NUMBERS, TEXT, UNPRINTABLE, real

KEY = "sk-never-told"
ARGUMENTS = sorted(set(inspect.signature(AISpine.__init__).parameters) - {"self"})
OPTIONS = sorted(set(inspect.signature(AISpine.with_options).parameters) - {"self"})
VARIABLES = sorted(v for n, v in vars(constants).items() if n.startswith("ENV_"))


class Array:
    """An object like an array or a data frame: no truth value, and a repr of several lines."""

    def __bool__(self):
        raise ValueError("the truth value is ambiguous")

    def __eq__(self, other):
        return self

    __hash__ = object.__hash__

    def __repr__(self):
        return "[1\n 2]"


URLS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "ftp://", "", "//", "HTTP://", " http://"]),
    st.sampled_from(
        ["h", "h:80", "h:x", "h:99999", "[::1]", "[", "[::1]:8", "bücher.example", "é."]
        + [f"u:{KEY}@h", f"{KEY}@h", "a" * 300, "xn--a", "..", "%41", "*", "h:", "1.2"]
    ),
    st.sampled_from(
        ["", "/", "/api/v1", "/api/v1/", "/{x}", "/..", "/a b", "/%", "/é"]
    ),
    st.sampled_from(["", "?a=b", "#x", f"?key={KEY}", "\n", "\x00", "\ud800", " "]),
)
SPECIAL = st.sampled_from(
    [KEY, KEY + "\n", f" {KEY}", KEY + "é", "", ".", "/", "/api/v1", "/../x", "a/./b"]
    + [b"bytes", 1j, object(), Array(), float, len, print, ..., range(3)]
    + [float("nan"), True, False, None, decimal.Decimal(1), Array]
    + [pathlib.Path("."), pathlib.Path("nowhere"), datetime.timedelta(seconds=1)]
    + [requests.Session(), requests.Session, logging.getLogger(), "\x00", "9" * 5000]
)
PLAIN = TEXT | NUMBERS | URLS | SPECIAL | KEYS
NAMES = st.sampled_from(
    ["request", "response", "retry", "http", "https", "X-Trace", "Authorization", "a b"]
    + ["host", "content-length", "Cookie", "x" * 100, "é", "", "X:Y", "X\n"]
)
NAMED = st.dictionaries(
    NAMES | TEXT | st.integers() | st.just(Array()), PLAIN, max_size=3
)
ANY = (
    PLAIN
    | UNPRINTABLE
    | NAMED
    | NAMED.map(MappingProxyType)
    | st.lists(PLAIN, max_size=3)
    | st.lists(PLAIN, min_size=2, max_size=2).map(tuple)
    | st.lists(NAMES, max_size=3).map(frozenset)
    | st.just({"request": [print], "retry": Array()})
)
ENVIRONMENT_TEXT = (
    TEXT.map(lambda text: text.replace("\x00", "").encode("utf-8", "replace").decode())
    | URLS.filter(lambda url: url.isprintable())
    | KEYS
    | st.floats().map(str)
    | st.sampled_from(["1", "true", "TRUE", "no", "1e400", "nan", " 5 ", "1_0", "٣"])
    | st.sampled_from([KEY, KEY + "\n", KEY + "é", "", "9" * 5000, "-1", "0", "\udcff"])
)


@contextlib.contextmanager
def isolated():
    """Ignore warnings, and remove the log handlers that `debug` adds."""
    log = logging.getLogger(constants.LOGGER_NAME)
    handlers, level = list(log.handlers), log.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            yield
        finally:
            log.handlers[:] = handlers
            log.setLevel(level)


def check_client(make, shown=()):
    """Check that `make` returns a client, or raises a configuration error of one line.

    The key must not be in that line, unless it is in a value that is `shown`: a path or a name.
    """
    with isolated():
        try:
            client = make()
        except ConfigurationError as error:
            check_error(error)
            assert KEY not in str(error) or KEY in repr(shown)
            return None
        assert is_one_line(repr(client)) and KEY not in repr(client)
        client.close()
        return client


# Values that almost fit a setting, and so get past its first checks.
ALMOST_VALID = {
    "base_url": URLS,
    "headers": NAMED,
    "proxies": NAMED,
    "event_hooks": NAMED,
    "timeout": NUMBERS,
    "deadline": NUMBERS,
    "max_retries": NUMBERS | UNPRINTABLE,
    "pool_size": NUMBERS | UNPRINTABLE,
    "AI_SPINE_BASE_URL": URLS.filter(lambda url: url.isprintable()),
}


def settings_of(names, values):
    """Return some of these settings, each with any value or with an almost valid one."""
    pairs = st.sampled_from(names).flatmap(
        lambda name: st.tuples(st.just(name), ALMOST_VALID.get(name, values) | values)
    )
    return st.lists(pairs, min_size=1, max_size=3).map(dict)


@fuzz(
    arguments=settings_of(ARGUMENTS, ANY).flatmap(
        lambda given: st.sampled_from([given, {"api_key": KEY, **given}]),
    )
)
def test_any_arguments_create_a_client_or_raise_a_configuration_error(arguments):
    shown = [arguments.get(name) for name in ("verify", "cert", "profile")]
    check_client(lambda: AISpine(**real(arguments)), shown)


@fuzz(
    given=settings_of(VARIABLES, ENVIRONMENT_TEXT),
    debug=st.booleans(),
)
def test_any_environment_creates_a_client_or_raises_a_configuration_error(given, debug):
    with pytest.MonkeyPatch.context() as environment:
        for name, text in given.items():
            environment.setenv(name, text)
        shown = [given.get(constants.ENV_PROFILE), given.get(constants.ENV_CONFIG)]
        check_client(lambda: AISpine(debug=debug), shown)


@fuzz(options=settings_of(OPTIONS, ANY))
def test_any_options_create_a_client_or_raise_a_configuration_error(options):
    with AISpine(KEY, "https://h.test") as client:
        check_client(lambda: client.with_options(**real(options)))
