"""Times are read when they are first asked for, and models are dataclasses like any other."""

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError
from datetime import datetime, timezone
from typing import Any, Callable, Dict, Optional, Protocol, runtime_checkable

import pytest

from ai_spine.models import Execution
from ai_spine.models.base import Model
from ai_spine.utils import parse_timestamp

TIMES = ["created_at", "started_at", "updated_at", "completed_at"]
TEXT = "2026-11-20T10:50:4{}+00:00"
WIRE = {
    "execution_id": "e",
    "status": "completed",
    **{name: TEXT.format(number) for number, name in enumerate(TIMES)},
}
MOMENTS = {
    name: datetime(2026, 11, 20, 10, 50, 40 + number, tzinfo=timezone.utc)
    for number, name in enumerate(TIMES)
}


@runtime_checkable
class _HasId(Protocol):
    execution_id: str


@runtime_checkable
class _HasEnd(Protocol):
    completed_at: datetime


def _read() -> Execution:
    return Execution.from_wire(dict(WIRE))


def _built() -> Execution:
    """Return the same execution, all of which was read before it was made."""
    built = Execution("e", status=_read().status, **MOMENTS)
    object.__setattr__(built, "_wire", dict(WIRE))
    return built


def _is_late(execution: Execution) -> bool:
    return not set(TIMES) & set(vars(execution))


LOOKS: Dict[str, Callable[[Any], Any]] = {
    "getattr": lambda it: [getattr(it, name) for name in TIMES],
    "hasattr": lambda it: [hasattr(it, name) for name in (*TIMES, "other")],
    "getattr_static": lambda it: inspect.getattr_static(it, "execution_id"),
    "dir": dir,
    "fields": lambda it: [(f.name, f.default) for f in dataclasses.fields(it)],
    "asdict": dataclasses.asdict,
    "astuple": dataclasses.astuple,
    "replace": lambda it: vars(dataclasses.replace(it, flow_id="f")),
    "copy": lambda it: vars(copy.copy(it)),
    "deepcopy": lambda it: vars(copy.deepcopy(it)),
    "filled": lambda it: it.filled(flow_id="f", completed_at=None).to_dict(),
    "to_dict": lambda it: it.to_dict(),
    "to_json": lambda it: it.to_json(),
    "items": lambda it: list(it.items()),
    "repr": repr,
    "equality": lambda it: (it == _built(), it == WIRE, it != WIRE, it == 1),
    "hash": lambda it: _error(lambda: hash(it)),
    "duration": lambda it: it.duration,
    "assignment": lambda it: _error(lambda: setattr(it, "completed_at", None)),
    "deletion": lambda it: _error(lambda: delattr(it, "completed_at")),
    "an attribute of the class": lambda it: [getattr(type(it), n) for n in TIMES],
    **{
        f"pickle {protocol}": lambda it, protocol=protocol: vars(
            pickle.loads(pickle.dumps(it, protocol))
        )
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}
if sys.version_info >= (3, 13):
    LOOKS["copy.replace"] = lambda it: vars(copy.replace(it, flow_id="f"))


def _error(call: Callable[[], Any]) -> str:
    with pytest.raises((FrozenInstanceError, TypeError)) as caught:
        call()
    return repr(caught.value)


def test_a_model_that_was_read_has_no_times_yet() -> None:
    assert _is_late(_read()) and not _is_late(_built())


@pytest.mark.parametrize("look", LOOKS.values(), ids=list(LOOKS))
def test_late_times_make_no_difference_to(look: Callable[[Any], Any]) -> None:
    execution = _read()
    assert look(execution) == look(_built())
    assert vars(copy.copy(execution)) == vars(_built())


def test_times_that_were_read_are_kept() -> None:
    execution = _read()
    assert execution.started_at is execution.started_at
    assert vars(execution)["started_at"] == MOMENTS["started_at"]


@pytest.mark.parametrize("protocol", [_HasId, _HasEnd])
def test_a_model_has_the_attributes_of_a_protocol(protocol: Any) -> None:
    assert isinstance(_read(), protocol)


@pytest.mark.parametrize("value", ["tomorrow", "", 5, True, [], None, 1795171842])
def test_a_late_time_may_be_anything(value: Any) -> None:
    wire = {"id": "e", "finished_at": value, "createdAt": value}
    execution = Execution.from_wire(wire)
    assert execution.completed_at == execution.created_at == parse_timestamp(value)
    assert execution.started_at is None


def test_another_process_reads_the_times_of_what_was_pickled_late() -> None:
    code = (
        "import pickle, sys; one = pickle.loads(sys.stdin.buffer.read()); "
        "print(one.completed_at, sorted(vars(one))[:2])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps(_read()),
        stdout=subprocess.PIPE,
        check=True,
    )
    shown = b"2026-11-20 10:50:43+00:00 ['_wire', 'completed_at']"
    assert done.stdout.strip() == shown


@pytest.mark.parametrize("name", TIMES)
def test_a_time_that_was_set_before_others_were_read_stays(name: str) -> None:
    late = _read()
    object.__setattr__(late, name, "mine")
    assert [getattr(late, each) for each in TIMES] == [
        "mine" if each == name else MOMENTS[each] for each in TIMES
    ]


def _time(*others: str) -> Any:
    metadata = {"others": others, "read": parse_timestamp}
    return dataclasses.field(default=None, metadata=metadata)


def test_a_dataclass_of_a_user_may_extend_a_model() -> None:
    @dataclasses.dataclass(frozen=True)
    class Mine(Execution):
        seen_at: Optional[datetime] = _time()
        started_at: Optional[datetime] = _time("begun")
        note: str = "none"

    mine = Mine.from_wire({**WIRE, "seen_at": WIRE["created_at"], "begun": "never"})
    assert mine.seen_at == mine.created_at == MOMENTS["created_at"]
    assert mine.started_at == MOMENTS["started_at"]
    assert Mine.from_wire({"begun": "never"}).started_at == "never"
    assert dataclasses.replace(mine, note="n").seen_at == mine.seen_at
    assert Mine("e", seen_at=MOMENTS["created_at"]).seen_at == mine.seen_at
    assert (Mine.seen_at, Mine.started_at, Mine.completed_at) == (None, None, None)


def test_what_a_subclass_defines_in_the_place_of_a_time_comes_first() -> None:
    class Mine(Execution):
        @property
        def completed_at(self) -> str:  # type: ignore[override]
            return "never"

        started_at = 5  # type: ignore[assignment]

    mine = Mine.from_wire(WIRE)
    assert mine.completed_at == "never" and Mine.started_at == 5
    assert mine.started_at == MOMENTS["started_at"]
    assert vars(mine)["completed_at"] == MOMENTS["completed_at"]


def test_a_time_that_is_required_has_no_default() -> None:
    @dataclasses.dataclass(frozen=True, eq=False, repr=False)
    class Event(Model):
        at: datetime = dataclasses.field(metadata={"read": parse_timestamp})

    assert Event.from_wire({"at": WIRE["created_at"]}).at == MOMENTS["created_at"]
    assert not hasattr(Event, "at")


if sys.version_info >= (3, 10):

    def test_a_pattern_matches_a_late_time() -> None:
        space = {"one": _read(), "Execution": Execution}
        exec(
            "match one:\n    case Execution('e', completed_at=found): pass",
            space,
        )
        assert space["found"] == MOMENTS["completed_at"]


class _Interrupted(Dict[str, Any]):
    """JSON that lets a second reader in while a first one reads a time."""

    second: Optional[Callable[[], None]] = None

    def get(self, key: str, default: Any = None) -> Any:
        second, self.second = self.second, None
        if second is not None:
            second()
        return super().get(key, default)


def test_two_threads_that_read_a_time_at_once_see_the_same() -> None:
    wire = _Interrupted(WIRE)
    late, seen = Execution.from_wire(wire), []
    wire.second = lambda: seen.append(late.completed_at)
    assert [late.completed_at] == seen == [MOMENTS["completed_at"]]
