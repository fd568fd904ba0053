"""The expected result of an operation under a fault, from the guides' tables, not from the SDK."""

from typing import Any, FrozenSet, NamedTuple, Optional, Tuple

from ai_spine import (
    AISpineError,
    APIError,
    NetworkError,
    NotFoundError,
    RequestTimeoutError,
    TimeoutError,
)
from ai_spine.exceptions import ServerError
from ai_spine.policy.error_bodies import _CLASS_BY_STATUS
from ai_spine.policy.retry import FailureKind
from tests.faults.cases import Case
from tests.faults.catalog import ANSWER, API, EITHER, ODD, TIMEOUT, UNDERSTOOD, Fault

_ERRORS = "ai_spine.exceptions"
RIGHT, ODD_ANSWER, ERROR, OUT_OF_TIME = "right", "odd answer", "error", "out of time"
_NOT_STREAMING = (404, 405, 406, 501)
_BEHIND_THE_LAST_EVENT = ("chunked without end", "length too large")
_UNREAD = ("endless body",)  # its headers say that it is no stream
# Faults of which a library does not read as much as `requests` does.
_STRICT = {
    "aiohttp": ("extra bytes", "extra answer", "length too small"),
}
# Operations that send no key.
_WITHOUT_KEY = ("check_user_api_key", "generate_user_api_key", "revoke_user_api_key")
_MAYBE = (FailureKind.UNCERTAIN, FailureKind.UNREADABLE)


class Cell(NamedTuple):
    """One operation, one fault, and how they meet."""

    case: Case
    fault: Fault
    lasting: bool
    """Whether it befalls all requests, and not the first alone."""
    retry_writes: bool
    library: str = "requests"
    """What the client sends with."""

    @property
    def is_strict(self) -> bool:
        """Whether the library refuses what `requests` reads: the fate is `ODD`, then."""
        return self.fault.name in _STRICT.get(self.library, ())


class Expected(NamedTuple):
    """The acceptable results of a cell."""

    outcomes: FrozenSet[str]
    maybe_executed: Optional[bool] = False
    """What the error tells of it; `None` where either is true."""
    attempts: Optional[Tuple[int, int]] = None
    """The least and the most attempts that the error tells."""


def expect(cell: Cell) -> Expected:
    """Simulate the requests of an operation."""
    case, fault = cell.case, cell.fault
    understood = False
    for number, (method, reader) in enumerate(case.steps):
        befallen = number == 0 or (cell.lasting and not fault.returns)
        fate = fault.fate_of(method, reader, lasting=cell.lasting)
        if cell.is_strict:
            fate = ODD
        if not befallen or fate == ANSWER:
            continue
        if reader == "events" and fault.name == "drip the body":
            return Expected(frozenset({RIGHT, OUT_OF_TIME}))  # who drips is not silent
        if reader == "events" and _does_no_harm(cell):
            continue
        if fault.asks_again and case.name not in _WITHOUT_KEY:
            if cell.lasting:
                return Expected(frozenset({ERROR}), False, (2, 2))
            continue
        looks = case.waits and method == "GET"
        if looks and _looks_again(fault, fate):
            if cell.lasting or fault.hopeless:
                return Expected(frozenset({OUT_OF_TIME}))
            continue
        if fate == UNDERSTOOD:
            understood = True
            continue
        if fate == ODD:
            odd = {RIGHT, ERROR}
            if case.waits and cell.lasting:
                odd.add(OUT_OF_TIME)  # a library that refuses it polls until then
            changes = method != "GET" and not case.reads
            return Expected(frozenset(odd), changes, (1, 9))
        if fault.early and method == "POST" and not _may_repeat(cell):
            either = {ERROR} if cell.lasting else {RIGHT, ERROR}
            return Expected(frozenset(either), None, (1, fault.max_retries + 1))
        if _is_repeated(cell, method, fate) and not cell.lasting:
            continue
        return _failing(cell, method, fate)
    return Expected(frozenset({ODD_ANSWER if understood else RIGHT}))


def _does_no_harm(cell: Cell) -> bool:
    """Return whether a stream reaches the last event nevertheless, or the client polls instead."""
    if cell.fault.name in _BEHIND_THE_LAST_EVENT:
        return True
    tells_of_none = cell.fault.status in _NOT_STREAMING or cell.fault.name in _UNREAD
    # A wait looks whatever has become of its stream.
    return not cell.lasting and (cell.case.name != "stream_execution" or tells_of_none)


def _is_repeated(cell: Cell, method: str, fate: Any) -> bool:
    if cell.fault.hopeless:
        return False
    if fate in (FailureKind.NOT_SENT, FailureKind.NOT_DONE):
        return True
    may_repeat = method != "POST" or _may_repeat(cell)
    return fate is FailureKind.UNCERTAIN and may_repeat


def _may_repeat(cell: Cell) -> bool:
    """Return whether a POST of this cell may be sent again."""
    return cell.retry_writes or cell.case.reads


def _looks_again(fault: Fault, fate: Any) -> bool:
    """Return whether a wait continues after a poll that failed like this."""
    odd = fault.told == API and 200 <= (fault.status or 0) < 300
    passing = fate in (
        FailureKind.NOT_SENT,
        FailureKind.NOT_DONE,
        FailureKind.UNCERTAIN,
        UNDERSTOOD,
    )
    return passing or (fate is FailureKind.UNREADABLE and odd)


def _failing(cell: Cell, method: str, fate: Any) -> Expected:
    repeated = _is_repeated(cell, method, fate)
    attempts = (2, cell.fault.max_retries + 1) if repeated else (1, 1)
    changes = method != "GET" and not cell.case.reads
    maybe: Optional[bool] = changes and fate in _MAYBE
    if cell.fault.early and maybe:
        maybe = None  # it may come while the client still connects
    if cell.case.deletes and cell.fault.status == 404:
        return Expected(frozenset({ODD_ANSWER}))
    return Expected(frozenset({ERROR}), maybe, attempts)


def is_of_its_kind(error: AISpineError, cell: Cell) -> bool:
    """Return whether an error has the class and the status that the fault requires."""
    fault = cell.fault
    if cell.is_strict or fault.fate == ODD:
        return isinstance(error, (NetworkError, APIError))
    if fault.told == API:
        wanted = _CLASS_BY_STATUS.get(
            fault.status or 0, ServerError if (fault.status or 0) >= 500 else APIError
        )
        return _class_of(error) is wanted and error.status_code == fault.status
    if fault.told == TIMEOUT:
        return type(error) is RequestTimeoutError
    if fault.told == EITHER or fault.returns or fault.max_retries > 9:
        return isinstance(error, NetworkError)
    return type(error) is NetworkError


def _class_of(error: AISpineError) -> type:
    """Return the class of an error in the SDK, which those of generated clients extend."""
    classes = (each for each in type(error).__mro__ if each.__module__ == _ERRORS)
    return next(classes)


def letter_of(error: AISpineError) -> str:
    """Return the table's letter for an error."""
    if isinstance(error, TimeoutError):
        return "t"
    if isinstance(error, NetworkError):
        return "n"
    return "a" if isinstance(error, (APIError, NotFoundError)) else "?"
