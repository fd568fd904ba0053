"""Plays every fault to every operation, and checks the result, the requests and what is left."""

import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import (
    Any,
    Callable,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Tuple,
    Type,
)

from ai_spine import AISpineError
from ai_spine.exceptions import APIError, NetworkError
from ai_spine.policy.retry import RetryPolicy
from tests.clients import maker_of, shared_loop
from tests.faults.cases import CASES, Case
from tests.faults.catalog import FAULTS, Fault
from tests.faults.expected import (
    ERROR,
    ODD_ANSWER,
    OUT_OF_TIME,
    RIGHT,
    Cell,
    Expected,
    expect,
    is_of_its_kind,
    letter_of,
)
from tests.faults.proxy import FaultProxy
from tests.faults.world import CELL_HEADER, TENANT, World

OVERRUN = 0.25  # seconds that a call may take beyond what it should
_BACKOFF = 0.05  # seconds; the pauses between attempts are not what is looked at here
_GROWTHS = 4
_TIMEOUT, _DEADLINE = 0.3, 1.0
_HOPELESS_WAIT = 0.3  # seconds that a wait for what never comes takes
_PATIENT = 5.0  # the timeout where nothing stalls: a slow machine is no fault
_LEAKS, _DUPLICATES, _OVERRUNS = "leaks", "duplicates", "overruns"
_SOCKETS, _THREADS, _TASKS = "sockets left", "threads left", "tasks left"
_WRONG = "wrong outcomes"
COUNTED = (_LEAKS, _DUPLICATES, _OVERRUNS, _SOCKETS, _THREADS, _TASKS, _WRONG)


class Violation(NamedTuple):
    """A broken guarantee."""

    what: str
    words: str


class Result(NamedTuple):
    """The result of a cell."""

    cell: Cell
    letter: str
    violations: Tuple[Violation, ...]


class Limits(NamedTuple):
    """How long the calls of a cell may take, in seconds."""

    timeout: float
    deadline: float
    wait: float


def limits_of(cell: Cell, patience: float) -> Limits:
    """Return short limits where the clock must end the fault, and long ones otherwise."""
    fault = cell.fault
    # An input comes back with each event of a stream, so a large one takes longer.
    wait = (5.0 if fault.large else 1.2) * patience
    if expect(cell).outcomes == {OUT_OF_TIME}:
        wait = _HOPELESS_WAIT
    if fault.stalls:
        # A fault of all requests leaves nothing to be patient for.
        factor = 1.0 if cell.lasting else patience
        if fault.large:
            factor *= 2  # to send the right response takes longer as well
        return Limits(_TIMEOUT * factor, _DEADLINE * factor, wait)
    timeout = 20.0 if fault.heavy else _PATIENT
    if fault.deadline is not None:  # the server comes back only after a while
        return Limits(timeout, fault.deadline, max(wait, fault.deadline))
    return Limits(timeout, 2 * timeout, wait)


class _SteadyPolicy(RetryPolicy):
    """The SDK's policy, with pauses that stop growing: a port that opens again is soon found."""

    def delay(
        self, attempt: int, retry_after: Optional[float] = None, **options: Any
    ) -> Optional[float]:
        return super().delay(min(attempt, _GROWTHS), retry_after, **options)


class Run:
    """One cell while it is played.

    Args:
        world: What cells share.
        cell: What to play.
        patience: By how much all times are longer than they need be.
        away: Seconds for which a proxy that dies is gone.
        library: What the client sends with.
    """

    patient = 10.0
    """Seconds that the call after the fault may take."""

    def __init__(
        self,
        world: World,
        cell: Cell,
        patience: float = 1.0,
        away: float = 2.0,
        library: str = "requests",
    ) -> None:
        cell = cell._replace(library=library)
        self.world, self.cell, self._library = world, cell, library
        self.limits = limits_of(cell, patience)
        self.violations: List[Violation] = []
        self.state = world.state(large=cell.fault.large)
        self.state.wait = self.limits.wait
        cell.case.prepare(world, self.state)
        tls = world.tls if cell.fault.tls else None
        self.proxy = FaultProxy(world.server.url, tls, away)
        self.proxy.elsewhere = world.elsewhere.url
        self.proxy.deaf_for = max(1.0, 2 * self.limits.timeout)
        self._attempts, self._slept = 0, 0.0

    def play(self) -> Result:
        """Play the cell, and return the result."""
        client = self._client()
        try:
            letter = self._play(client)
            self._check_arrivals()
            self._check_afterwards(client)
        finally:
            client.close()
            self._check_closed()
            self.world.forget(self.state)
        letter = "X" if self.violations else letter
        return Result(self.cell, letter, tuple(self.violations))

    @property
    def maker(self) -> Callable[..., Any]:
        """What makes the client."""
        return maker_of(self._library)

    def _client(self) -> Any:
        fault, limits = self.cell.fault, self.limits
        hooks = {"request": self._note_attempt, "retry": self._note_retry}
        token: Any = self.state.cell
        client = self.maker(
            api_key=(lambda: "key") if fault.asks_again else "",
            base_url=self.proxy.url,
            timeout=limits.timeout,
            deadline=limits.deadline,
            max_retries=fault.max_retries,
            retry_writes=self.cell.retry_writes,
            access_token=(lambda: token) if fault.asks_again else token,
            tenant=TENANT,
            headers={CELL_HEADER: self.state.cell},
            # One connection for requests; an async client uses half of them for streams.
            pool_size=1 if self._library == "requests" else 2,
            verify=self.world.bundle if fault.tls else True,
            event_hooks=hooks,
        )
        client._api._policy = _SteadyPolicy(
            fault.max_retries,
            retry_writes=self.cell.retry_writes,
            backoff_base=_BACKOFF,
        )
        return client

    def _note_attempt(self, event: Any) -> None:
        self._attempts += 1

    def _note_retry(self, event: Any) -> None:
        self._slept += event.delay
        self.proxy.noticed()

    def _play(self, client: Any) -> str:
        fault, expected = self.cell.fault, expect(self.cell)
        times = None if self.cell.lasting else fault.lasts
        self.proxy.fault(fault, times)
        started = time.monotonic()
        try:
            result = self.cell.case.call(client, self.state)
        except AISpineError as error:
            took = time.monotonic() - started
            letter = self._judge_error(error, expected)
        except Exception as error:  # whatever it is, the matrix must tell of it
            took = time.monotonic() - started
            letter = "?"
            self._wrong(f"raised {type(error).__name__}: {error}")
        else:
            took = time.monotonic() - started
            letter = self._judge_result(result, expected)
        self._check_time(took)
        return letter

    def _wrong(self, words: str, what: str = _WRONG) -> None:
        self.violations.append(Violation(what, words))

    # What came

    def _judge_result(self, result: Any, expected: Expected) -> str:
        right = bool(self.cell.case.check(self.world, self.state, result))
        if RIGHT in expected.outcomes:
            if not right:
                self._wrong(f"gave {result!r:.200}, which is not what the server holds")
            return "."
        if ODD_ANSWER not in expected.outcomes:
            self._wrong(f"gave {result!r:.200}; expected: {sorted(expected.outcomes)}")
        return "e"

    def _judge_error(self, error: AISpineError, expected: Expected) -> str:
        told = f"{type(error).__name__}: {error}"
        if "\n" in str(error):
            self._wrong(f"an error of more than one line: {told}")
        if str(pickle.loads(pickle.dumps(error))) != str(error):
            self._wrong(f"an error that does not survive pickling: {told}")
        ran_out = letter_of(error) == "t" and not isinstance(error, NetworkError)
        if OUT_OF_TIME in expected.outcomes and (
            ran_out or ERROR not in expected.outcomes
        ):
            if not ran_out:
                self._wrong(f"a wait ended with {told}")
        elif ERROR not in expected.outcomes:
            self._wrong(f"raised {told}; expected: {sorted(expected.outcomes)}")
        elif not is_of_its_kind(error, self.cell):
            self._wrong(f"raised an error of another kind: {told}")
        elif isinstance(error, (NetworkError, APIError)):
            self._judge_call(error, expected)
        return letter_of(error)

    def _judge_call(self, error: Any, expected: Expected) -> None:
        """Check the attributes of an error against its call."""
        least, most = expected.attempts or (1, 1)
        if not least <= len(error.attempts) <= most:
            self._wrong(f"made {len(error.attempts)} attempts, not {least} to {most}")
        if expected.maybe_executed not in (error.maybe_executed, None):
            self._wrong(f"maybe_executed is {error.maybe_executed}: {error}")
        if (
            error.maybe_executed
            and error.method == "POST"
            and not error.idempotency_key
        ):
            self._wrong("an error of a POST without its idempotency key")
        wish = self.cell.fault.wish
        slept = [attempt.delay for attempt in error.attempts[:-1]]
        if wish is not None and any(abs(delay - wish) > 0.01 for delay in slept):
            self._wrong(f"slept {slept} where the server asked for {wish} s")
        if self.cell.fault.hopeless and error.retry_after != 1e9:
            self._wrong(f"retry_after is {error.retry_after}")

    def _check_time(self, took: float) -> None:
        limits, case = self.limits, self.cell.case
        right = limits.deadline * len(case.steps)
        if case.waits:
            right = limits.wait + (limits.deadline if case.posts else 0.0)
        else:
            right = min(right, self._attempts * limits.timeout + self._slept)
        if took > right + OVERRUN:
            self._wrong(f"took {took:.2f} s, not {right:.2f} s", _OVERRUNS)

    # What arrived

    def _check_arrivals(self) -> None:
        arrivals = self.world.arrivals.of(self.state.cell)
        may_repeat = self.cell.case.reads
        posts = [a for a in arrivals if a.method == "POST" and not may_repeat]
        if len(posts) > 1 and not self.cell.retry_writes:
            self._wrong(f"{len(posts)} POSTs arrived", _DUPLICATES)
        if len({post.key for post in posts}) > 1 or not all(p.key for p in posts):
            self._wrong(f"keys {[post.key for post in posts]} arrived", _DUPLICATES)
        made = self.world.executions(self.state)
        if len(made) > 1:
            self._wrong(f"{len(made)} executions were made", _DUPLICATES)

    # What is left

    def _check_afterwards(self, client: Any) -> None:
        self.proxy.clear()
        patient = client.with_options(timeout=self.patient, deadline=self.patient)
        try:
            if patient.health_check().status != "healthy":
                self._wrong("the next call was given another's answer")
        except AISpineError as error:
            self._wrong(f"the next call failed: {error}", _LEAKS)

    def _check_closed(self) -> None:
        if not self.proxy.wait_until_idle():
            left = self.proxy.open_connections
            self._wrong(f"{left} connections stayed open", _SOCKETS)
        self.proxy.close()
        if self.proxy.threads_left:
            self._wrong("threads of the proxy are left", _THREADS)


def cells(cases: Iterable[Case], faults: Iterable[Fault]) -> Iterator[Cell]:
    """Return all pairs that are possible; the faults vary slowest."""
    chosen = list(cases)
    for fault in faults:
        for case in chosen:
            if fault.large and not case.large:
                continue
            for retry_writes in (False, True) if case.posts else (False,):
                for lasting in (False, True):
                    yield Cell(case, fault, lasting, retry_writes)


def play(
    world: World,
    cell: Cell,
    *,
    patience: float = 1.0,
    away: float = 2.0,
    library: str = "requests",
    kind: Type[Run] = Run,
) -> Result:
    """Play one cell."""
    run = kind(world, cell, patience, away, library)
    if cell.fault.heavy:
        with world.one_at_a_time:
            return run.play()
    return run.play()


def play_all(
    chosen: List[Cell],
    threads: int = 8,
    done: Callable[[Result], None] = lambda result: None,
    library: str = "requests",
    kind: Type[Run] = Run,
) -> Tuple[List[Result], List[Violation]]:
    """Play cells in parallel, and return the result of each, and the violations of all together."""
    if library != "requests":
        shared_loop()  # its thread stays
    before = set(threading.enumerate())
    with World() as world:
        with ThreadPoolExecutor(threads) as pool:
            results = []
            played = pool.map(
                lambda cell: play(world, cell, library=library, kind=kind), chosen
            )
            for result in played:
                results.append(result)
                done(result)
        visits = world.elsewhere.visits
    found = [Violation(_LEAKS, f"another origin was visited {visits} times")] * bool(
        visits
    )
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    if left:
        found.append(Violation(_THREADS, f"threads are left: {left}"))
    tasks = shared_loop().tasks() if library != "requests" else ()
    found += [Violation(_TASKS, f"a task is left: {task}") for task in tasks]
    return results, found


def everything(
    names: Optional[str] = None, cases: Iterable[Case] = CASES
) -> List[Cell]:
    """Return all cells, or those of the faults whose names hold a text."""
    return list(cells(cases, [f for f in FAULTS if not names or names in f.name]))
