"""Thousands of executions over a bad connection: none lost, none duplicated, none unknown.

`python -m tests.faults.soak [--executions N] [--seed N] [--by-hand] [--over LIBRARY]`

By hand, the client repeats no write that may have run: the caller does, with the key of the error.
"""

import argparse
import collections
import logging
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Counter, Dict, List, NamedTuple, Optional

from ai_spine import AISpineError, APIError, Execution, NetworkError
from ai_spine.local import LocalServer, agent
from ai_spine.policy.retry import RetryPolicy
from tests.clients import LIBRARIES, maker_of
from tests.faults import plays
from tests.faults.proxy import Exchange, FaultProxy

THREADS = 16
_RETRIES = 30
_TRIES_BY_HAND = 50
_TIMEOUT = 1.0  # seconds; what stalls for longer is given up
_LONGEST_STALL = 1.5
_BACKOFF = 0.01  # seconds
_MOST_REQUESTS = 6  # of one connection, before the proxy ends it
_FLOW = {
    "flow_id": "soak",
    "nodes": [{"id": "node", "agent_id": "square"}],
    "entry_point": "node",
    "exit_points": ["node"],
}


class Report(NamedTuple):
    """The result of a soak."""

    executions: int
    lost: int
    """Inputs without an execution, or whose caller was given an error."""
    duplicated: int
    """Inputs with more than one execution."""
    unknown: int
    """Executions that the server has, and the caller was not given."""
    failures: Dict[str, int]
    connections: int
    requests: int
    seconds: float
    seed: int

    def __str__(self) -> str:
        kinds = ", ".join(f"{name} {n}" for name, n in sorted(self.failures.items()))
        return (
            f"executions {self.executions}, lost {self.lost}, duplicated"
            f" {self.duplicated}, unknown {self.unknown}\n"
            f"injected: {kinds}\n"
            f"connections {self.connections}, requests {self.requests},"
            f" {self.seconds:.0f} seconds, seed {self.seed}"
        )

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.duplicated or self.unknown)


class BadWeather:
    """A script for a proxy: one connection in five fails, all end after a few requests.

    Each connection has its own fate, drawn when it is accepted.
    """

    down = returns = False
    at_accept = True

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.lock = threading.Lock()
        self.failures: Counter[str] = collections.Counter()

    def play(self, exchange: Exchange) -> None:
        """Serve one connection to its end."""
        with self.lock:
            fails = self._random.random() < 0.2
            count = self._random.randint(1, _MOST_REQUESTS)
            name = self._random.choice(sorted(_FAILURES))
            amount = self._random.random()
        if fails and name == "reset on accept":
            self._fail(exchange, name, amount)
        for number in range(count):
            exchange.next()
            if fails and number == count - 1:
                self._fail(exchange, name, amount)
            exchange.send(exchange.forward().raw)
        exchange.end()

    def _fail(self, exchange: Exchange, name: str, amount: float) -> None:
        self.note(name)
        _FAILURES[name](exchange, amount)
        exchange.reset()

    def note(self, name: str) -> None:
        with self.lock:
            self.failures[name] += 1


def _cut_answer(exchange: Exchange, amount: float) -> None:
    raw = exchange.forward().raw
    exchange.send(raw[: int(len(raw) * amount)])
    if amount < 0.5:
        exchange.end()


def _stall(exchange: Exchange, amount: float) -> None:
    raw = exchange.forward().raw
    exchange.pause(amount * _LONGEST_STALL)
    exchange.send(raw)
    exchange.end()


_FAILURES: Dict[str, Any] = {
    "reset on accept": lambda exchange, amount: None,
    "reset in the request": lambda exchange, amount: exchange.read_some(
        int(amount * 300)
    ),
    "reset before forwarding": lambda exchange, amount: exchange.read(),
    "reset after forwarding": lambda exchange, amount: exchange.forward(),
    "closed after forwarding": lambda exchange, amount: plays.after_the_deed(
        plays.close
    )(exchange),
    "cut in the answer": _cut_answer,
    "stalled": _stall,
}


class Soak:
    """One soak: a server, a proxy in bad weather, and one client for many threads."""

    def __init__(
        self, executions: int, seed: int, *, by_hand: bool, library: str = "requests"
    ) -> None:
        self._executions, self._seed, self._by_hand = executions, seed, by_hand
        self._library = library
        self._weather = BadWeather(seed)
        self._refusals = random.Random(seed + 1)
        self._given: Dict[int, Optional[str]] = {}
        self.errors: List[str] = []
        self.repeated_by_hand = 0

    def run(self) -> Report:
        """Run it, and return the result."""
        started = time.monotonic()
        with LocalServer([_FLOW], [agent("square")(_square)]) as server:
            with FaultProxy(server.url) as proxy, self._client(proxy.url) as client:
                proxy.fault(self._weather, times=None)
                over = threading.Event()
                closing = threading.Thread(target=self._refuse, args=(proxy, over))
                closing.start()
                with ThreadPoolExecutor(THREADS) as pool:
                    numbers = range(self._executions)
                    ids = pool.map(lambda n: self._execute(client, n), numbers)
                    self._given = dict(enumerate(ids))
                over.set()
                closing.join()
            seconds = time.monotonic() - started
            return self._report(server, proxy, seconds)

    def _client(self, url: str) -> Any:
        client = maker_of(self._library)(
            api_key="",
            base_url=url,
            timeout=_TIMEOUT,
            max_retries=_RETRIES,
            retry_writes=not self._by_hand,
            pool_size=THREADS,
        )
        client._api._policy = RetryPolicy(
            _RETRIES, retry_writes=not self._by_hand, backoff_base=_BACKOFF
        )
        return client

    def _refuse(self, proxy: FaultProxy, over: threading.Event) -> None:
        """Close the port every now and then, for a moment."""
        while not over.wait(self._refusals.uniform(0.2, 0.8)):
            proxy.refuse()
            self._weather.note("port closed")
            over.wait(self._refusals.uniform(0.01, 0.05))
            proxy.listen()

    def _execute(self, client: Any, number: int) -> Optional[str]:
        execute = self._by_hand_and_wait if self._by_hand else _execute_and_wait
        try:
            done = execute(client, number)
        except AISpineError as error:
            self.errors.append(f"{number}: {type(error).__name__}: {error}")
            return None
        if done.output_data != {"node": {"square": number * number}}:
            self.errors.append(f"{number}: output {done.output_data}")
        return str(done.execution_id)

    def _by_hand_and_wait(self, client: Any, number: int) -> Execution:
        key = None
        for _ in range(_TRIES_BY_HAND):
            try:
                started = client.execute_flow(
                    "soak", {"n": number}, idempotency_key=key
                )
                return client.wait_for_execution(started.execution_id, 60, 0.1)
            except (NetworkError, APIError) as error:
                if not error.maybe_executed:
                    raise
                key = error.idempotency_key
                with self._weather.lock:
                    self.repeated_by_hand += 1
        raise AISpineError(f"gave up after {_TRIES_BY_HAND} tries by hand")

    def _report(self, server: LocalServer, proxy: FaultProxy, seconds: float) -> Report:
        """Compare what callers received with what the server has."""
        made = collections.defaultdict(set)
        limit = 100 * self._executions
        for execution in server._site.store.executions("soak", limit=limit):
            made[execution["input_data"]["n"]].add(execution["execution_id"])
        numbers = range(self._executions)
        lost = sum(1 for n in numbers if self._given[n] not in made[n])
        return Report(
            self._executions,
            lost,
            sum(1 for ids in made.values() if len(ids) > 1),
            sum(len(ids - {self._given.get(n)}) for n, ids in made.items()),
            dict(self._weather.failures),
            proxy.connections,
            proxy.requests,
            seconds,
            self._seed,
        )


def _execute_and_wait(client: Any, number: int) -> Execution:
    return client.execute_and_wait("soak", {"n": number}, timeout=60, interval=0.1)


def _square(input: Dict[str, Any], config: Dict[str, Any]) -> Dict[str, Any]:
    return {"square": input["n"] ** 2}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak")
    parser.add_argument("--executions", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--by-hand", action="store_true")
    parser.add_argument(
        "--over", choices=LIBRARIES, help="the only library to send with"
    )
    given = parser.parse_args()
    logging.getLogger("ai_spine").setLevel(logging.CRITICAL)  # of polls that fail
    libraries = [given.over] if given.over else LIBRARIES
    clean = [_soak(given, library) for library in libraries]
    return 0 if all(clean) else 1


def _soak(given: argparse.Namespace, library: str) -> bool:
    """Soak a client over a library, and return whether nothing was lost or duplicated."""
    soak = Soak(given.executions, given.seed, by_hand=given.by_hand, library=library)
    report = soak.run()
    print(f"over {library}: {report}", flush=True)
    if given.by_hand:
        print(f"repeated by hand {soak.repeated_by_hand}")
    for words in soak.errors:
        print(words)
    return report.is_clean and not soak.errors


if __name__ == "__main__":
    sys.exit(main())
