"""What all tests share: an environment without settings of ours, proxies or CA bundles."""

import gc
import importlib
import os
import pkgutil
import sys
import threading
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path

import pytest

import ai_spine
from ai_spine.local import LocalServer
from ai_spine.local.checks import client_options
from tests import clients
from tests.local import wait_until
from tests.browser import browser  # noqa: F401, a fixture

# Its fixtures, where the package was installed before it brought them.
pytest_plugins = ("ai_spine.pytest_plugin",)
# Before anything is made: neither a developer's own profiles nor what completion has noted count.
os.environ["AI_SPINE_CONFIG"] = os.environ["AI_SPINE_CACHE"] = os.devnull

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_OURS = (
    "AI_SPINE_API_KEY",
    "AI_SPINE_API_KEY_FILE",
    "AI_SPINE_BASE_URL",
    "AI_SPINE_TIMEOUT",
    "AI_SPINE_MAX_RETRIES",
    "AI_SPINE_LOG_BODIES",
    "AI_SPINE_PROFILE",
    "AI_SPINE_TENANT",
    "AI_SPINE_WORKSPACE",
)
_FOREIGN = {*_OURS, *_PROXIES, *map(str.lower, _PROXIES)}
_FOREIGN |= {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
# So many of the tests that one function makes of its parameters are measured: they reach nearly
# all that the others reach.
_MEASURED = 4
_REPEATS = pytest.StashKey()
# What runs two and three times as fast without the tracer: slow tests that reach nothing others do
# not reach, as `scripts/unmeasured.py` has found, and what reaches little or is not to be slowed.
_FOUND = frozenset(Path(__file__).with_name("unmeasured.txt").read_text().split())
_UNMEASURED = (
    "asynchronous/test_cancellation.py",
    "asynchronous/test_connections.py",
    "attacks/",
    "batch/test_executors.py",
    "batch/test_run.py::test_inputs_are_read_only_so_far_ahead",
    "batch/test_run.py::test_a_hundred_short_executions",
    "benchmarks/",
    "cli/output/test_printing.py",
    "cli/output/test_terminal.py",
    "cli/test_did_you_mean.py",
    "cli/test_help.py",
    "cli/test_mcp.py",
    "cli/test_subprocess.py",
    "faults/",
    "fuzz/",
    "local/pages/test_browser.py",
    "local/test_reload.py::test_no_execution_mixes_the_old_and_the_new",
    "notebook/test_overview.py",
    "policy/test_json_encoding.py::test_nesting_that_python_cannot_follow",
    "sdk_sync/generated/",
    "sdk_sync/generators/python/endpoints/test_example.py",
    "sdk_sync/generators/python/models/test_modules.py::test_the_modules_pass_the_strictest",
    "sdk_sync/generators/python/test_generated_code.py",
    "sdk_sync/generators/python/test_models_accept_what_schemas_accept.py",
    "sdk_sync/generators/python/test_package.py::test_a_generated_package_passes_mypy_and_ruff",
    "sdk_sync/generators/python/test_pydantic_models.py::test_no_text_of_a_specification",
    "sdk_sync/ir/test_identity.py",
    "sdk_sync/openapi/test_writer.py::test_any_specification_comes_back",
    "sdk_sync/registry/test_store.py::test_a_registry_is_loaded_as_it_was_saved",
    "sdk_sync/test_validation.py::test_any_data_is_valid_or_an_error_with_places",
    "sdk_sync/versioning/test_found.py",
    "sdk_sync/versioning/test_round_trips.py",
    "sync/test_policy.py",
    "test_docs.py",
    "test_examples.py",
    "test_guides.py",
    "test_lock.py",
    "test_openapi_guide.py",
    "test_openapi.py",
    "test_reference.py",
    "test_site.py",
    "test_twins.py",
)

# What takes longest begins first, so that no process is left alone with it at the end; those that
# use mypy have one cache, and would wait for each other.
_LONG = (
    "batch/test_executors.py::test_dask",
    "ron/test_node.py::test_under_any_fault",
    "sdk_sync/generators/python/endpoints/test_package.py::test_a_package_passes_mypy",
    "sdk_sync/generators/python/models/test_modules.py::test_the_modules_pass_the_strictest",
    "sdk_sync/generators/python/test_generated_code.py::test_it_satisfies_mypy",
    "sdk_sync/generators/python/test_models_accept_what_schemas_accept.py",
    "sdk_sync/generators/python/test_package.py::test_a_generated_package_passes_mypy",
    "test_openapi_guide.py::test_verify",
    "test_site.py",
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    """Take away what would change a client's settings or its way to the server."""
    for name in _FOREIGN & os.environ.keys():
        monkeypatch.delenv(name)


def pytest_configure(config):
    """Register the markers, also where `setup.cfg` is not read."""
    for line in (
        "every_client: run over requests and over aiohttp",
        "every_transport: run over each library that sends",
        "only_sync(reason): run over requests alone",
        "not_over(library, reason): run over the other libraries",
    ):
        config.addinivalue_line("markers", line)


def pytest_generate_tests(metafunc):
    """Run what is marked over each library; httpx is for what depends on how a library sends.

    A module with `PLACES` has its `client` at each of them over requests, and at the first over the
    other libraries.
    """
    marks = list(metafunc.definition.iter_markers())
    names = {mark.name for mark in marks}
    if not names & {"every_client", "every_transport"}:
        return
    without = {mark.args[0] for mark in marks if mark.name == "not_over"}
    known = ["requests"] if "only_sync" in names else clients.LIBRARIES
    if "every_transport" not in names:
        known = [name for name in known if name != "httpx"]
    libraries = [name for name in known if name not in without]
    if "client" in metafunc.fixturenames and hasattr(metafunc.module, "PLACES"):
        first, *others = metafunc.module.PLACES
        pairs = [(library, first) for library in libraries]
        pairs += [("requests", place) for place in others]
        metafunc.parametrize(("library", "client"), pairs, indirect=True)
    elif "only_sync" not in names:
        metafunc.parametrize("library", libraries, indirect=True)


def pytest_sessionstart(session):
    """Take the tracer away from the process that only hands out tests to others."""
    if session.config.getoption("numprocesses", None):
        sys.settrace(None)
        threading.settrace(None)


@pytest.hookimpl(hookwrapper=True)
def pytest_collection(session):
    """Collect in half the time: without the tracer, and without looking for garbage.

    Nearly all that is made lasts to the end. Frozen, it is not looked at again, by what happens to
    be collected in a test or by a test that calls `gc.collect`. One process is enough to measure
    what imports reach.
    """
    if session.config.getoption("numprocesses", None):  # it leaves that to others
        yield
        return
    first = os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0"
    if first and sys.gettrace() is not None:
        _import_all()
    gc.disable()
    with _untraced():
        with suppress(ImportError):
            _give_hypothesis_time()
        yield
    _freeze()
    gc.enable()


def _give_hypothesis_time():
    """Let examples take as long as they do where other processes have the processor.

    It is imported before anything is frozen, since it asks who refers to what.
    """
    hypothesis = importlib.import_module("hypothesis")
    slow = [hypothesis.HealthCheck.too_slow]
    hypothesis.settings.register_profile(
        "patient", deadline=None, suppress_health_check=slow
    )
    hypothesis.settings.load_profile("patient")


def _freeze():
    """Collect garbage, and do not look again at what is left."""
    gc.collect()
    if hasattr(gc, "freeze"):  # PyPy's collector has ages
        gc.freeze()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """Take the tracer away where it would add nothing."""
    with _untraced() if _is_unmeasured(item) else nullcontext():
        yield


@contextmanager
def _untraced():
    """Take the tracer away, that of new threads too."""
    tracer = sys.gettrace()
    if tracer is None:
        yield
        return
    of_threads = threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    yield
    threading.settrace(of_threads)
    sys.settrace(tracer)


def _import_all():
    """Import the whole package while it is measured, but for what needs a missing library."""
    for module in pkgutil.walk_packages(
        ai_spine.__path__, "ai_spine.", onerror=lambda _: None
    ):
        if not module.name.endswith("__main__"):
            with suppress(ImportError):
                importlib.import_module(module.name)


def pytest_xdist_auto_num_workers():
    """Start one more process than there are cores, since tests wait for much."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items):
    """Begin with what takes longest, and measure few of the tests that one function makes."""
    items.sort(key=lambda item: not _place(item).startswith(_LONG))
    by_function = {}
    for item in sorted(items, key=lambda item: item.nodeid):
        by_function.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for same in by_function.values():
        step = -(-len(same) // _MEASURED)  # so that they are from all over the list
        for number, item in enumerate(same):
            item.stash[_REPEATS] = number % step > 0


def _place(item):
    return item.nodeid.partition("tests/")[2]


def _is_unmeasured(item):
    if item.stash[_REPEATS]:
        return True
    library = getattr(item, "callspec", None) and item.callspec.params.get("library")
    place = _place(item)
    if library == "httpx" and not place.startswith(("transport/", "asynchronous/")):
        return True
    return place.partition("[")[0] in _FOUND or place.startswith(_UNMEASURED)


@pytest.fixture
def no_garbage():
    """No garbage of other tests; what they keep is not looked at again by `gc.collect`."""
    _freeze()


@pytest.fixture
def gate():
    """An event that the agents of a test can wait for; it is set at the end."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture(autouse=True)
def library(request, monkeypatch):
    """The library that this test's clients send with."""
    name = getattr(request, "param", "requests")
    if name == "requests":
        yield name
        return
    make = partial(clients.blocking, name)
    made = {"AISpine": make, "RestClient": partial(clients.blocking_rest, name)}
    # Its own module, and what tests share: to patch those of all other tests takes longer.
    paths = [each for each in sys.modules if each.startswith("tests.")]
    shared = [each for each in paths if ".test_" not in each]
    for module in (request.module, *map(sys.modules.get, shared)):
        for each in made.keys() & vars(module).keys():
            monkeypatch.setattr(module, each, made[each])
    monkeypatch.setattr(
        LocalServer,
        "client",
        lambda server, **options: make(
            **client_options(server.url, server._api_key, options)
        ),
    )
    yield name
    wait_until(lambda: not clients.shared_loop().tasks())
