"""Models are dataclasses like any other, although their methods are generated late."""

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
import threading
from dataclasses import FrozenInstanceError
from typing import Any, Callable, Iterator, List, Optional, Type, get_type_hints
from unittest import mock

import pytest

from ai_spine.models.base import Model, attribute, hidden, required
from ai_spine.models.lazy_dataclass import lazy_dataclass

Make = Callable[[], Type[Any]]


def late() -> Type[Any]:
    """Return a class of which nothing is generated yet."""

    @lazy_dataclass(frozen=True, eq=False, repr=False)
    class Thing(Model):
        """A thing."""

        id: str = required("thing_id")
        name: Optional[str] = attribute()
        note: Optional[str] = hidden()

    return Thing


def late_child() -> Type[Any]:
    @lazy_dataclass(frozen=True, eq=False, repr=False)
    class Child(late()):  # type: ignore[misc]
        """A thing with a size."""

        size: Optional[int] = attribute()

    return Child


def at_once() -> Type[Any]:
    read_by_name = {"others": (), "read": None}

    @dataclasses.dataclass(frozen=True, eq=False, repr=False)
    class Thing(Model):
        """A thing."""

        id: str = dataclasses.field(metadata={"others": ("thing_id",)})
        name: Optional[str] = dataclasses.field(default=None, metadata=read_by_name)
        note: Optional[str] = dataclasses.field(
            default=None, repr=False, metadata=read_by_name
        )

    return Thing


def _subclass() -> Type[Any]:
    class Undecorated(late()):  # type: ignore[misc]
        """A thing of a user."""

    return Undecorated


LOOKS = {
    "constructs": lambda cls: cls("i", note="n").note,
    "has fields": lambda cls: [
        (field.name, field.type, field.default, field.repr, dict(field.metadata))
        for field in dataclasses.fields(cls)
    ],
    "is a dataclass": dataclasses.is_dataclass,
    "has a signature": inspect.signature,
    "has parameters": lambda cls: repr(cls.__dataclass_params__),
    "has defaults": lambda cls: (cls.name, cls.note, hasattr(cls, "id")),
    "has type hints": lambda cls: get_type_hints(cls.__init__),
    "replaces": lambda cls: dataclasses.replace(cls("i"), name="n").name,
    "becomes a dict": lambda cls: dataclasses.asdict(cls("i", "n")),
    "refuses an unknown argument": lambda cls: _error(lambda: cls("i", color="red")),
    "requires what has no default": lambda cls: _error(cls),
    "cannot be changed": lambda cls: _error(lambda: setattr(cls("i"), "name", "n")),
    "cannot get a new attribute": lambda cls: _error(lambda: setattr(cls("i"), "x", 1)),
    "cannot lose a field": lambda cls: _error(lambda: delattr(cls("i"), "name")),
    "is extended": lambda cls: dataclasses.make_dataclass(
        "Wider", [("more", int, 3)], bases=(cls,), frozen=True
    )("i", "n").more,
}
if sys.version_info >= (3, 10):
    LOOKS["matches by position"] = lambda cls: cls.__match_args__
if sys.version_info >= (3, 13):
    LOOKS["replaces by copy"] = lambda cls: copy.replace(cls("i"), name="n").name


def _error(call: Callable[[], Any]) -> str:
    with pytest.raises((FrozenInstanceError, TypeError)) as caught:
        call()
    return f"{caught.type.__name__}: {caught.value}".replace("at_once", "late")


@pytest.mark.parametrize("look", LOOKS.values(), ids=list(LOOKS))
def test_whatever_is_asked_first_is_as_at_a_dataclass(look: Any) -> None:
    assert look(late()) == look(at_once())


@pytest.mark.parametrize("make", [late_child, _subclass])
@pytest.mark.parametrize("look", LOOKS.values(), ids=list(LOOKS))
def test_a_subclass_can_be_asked_first(look: Any, make: Make) -> None:
    if look is LOOKS["cannot get a new attribute"] and make is _subclass:
        pytest.skip("one that is no dataclass itself may have others")
    first, again = make(), make()
    look(first)
    dataclasses.fields(again.__mro__[1]), dataclasses.fields(again)
    if look is not LOOKS["has a signature"]:
        assert look(first) == look(again)
    assert inspect.signature(first) == inspect.signature(again)


def test_other_options_are_refused() -> None:
    with pytest.raises(TypeError, match="must have the options {'frozen': True"):
        lazy_dataclass(frozen=True, eq=True)


def test_fields_of_a_subclass_follow_those_of_its_base() -> None:
    names = [field.name for field in dataclasses.fields(late_child())]
    assert names == ["id", "name", "note", "size"]


def test_a_subclass_that_is_no_dataclass_may_have_other_attributes() -> None:
    thing = _subclass()("i")
    thing.other = 3
    assert thing.other == 3
    del thing.other
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        thing.name = "n"
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
        del thing.name


def test_what_another_process_pickled_is_read_before_anything_is_generated() -> None:
    from ai_spine import Execution

    pickled = pickle.dumps(
        Execution.from_wire({"execution_id": "e", "status": "failed"})
    )
    code = (
        "import pickle, sys; one = pickle.loads(sys.stdin.buffer.read()); "
        "print(one.status, one, one == pickle.loads(pickle.dumps(one)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickled, stdout=subprocess.PIPE, check=True
    )
    shown = b"failed Execution(execution_id='e', status='failed') True"
    assert done.stdout.strip() == shown


def test_importing_the_client_and_reading_responses_generate_nothing() -> None:
    code = (
        "import ai_spine.client; from ai_spine.models import base, lazy_dataclass; "
        "[cls.from_wire({}).to_dict() for cls in base.Model.__subclasses__()]; "
        "waits = lambda cls: isinstance(vars(cls)['__init__'], lazy_dataclass._Generated); "
        "print([cls for cls in base.Model.__subclasses__() if not waits(cls)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, check=True
    )
    assert done.stdout.strip() == b"[]"


@pytest.fixture
def eager_switching() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("eager_switching")
def test_many_threads_may_ask_first() -> None:
    for _ in range(20):
        cls, wait = late(), threading.Barrier(8)
        seen: List[Any] = []

        def ask(cls: Any = cls, wait: Any = wait, seen: Any = seen) -> None:
            wait.wait()
            seen.append((cls("i", "n").name, cls.from_wire({"thing_id": "i"}).id))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == [("n", "i")] * 8


def test_what_is_put_in_the_place_of_a_method_stays_when_others_are_generated() -> None:
    cls, calls = late(), []
    with mock.patch.object(cls, "__init__", lambda self, *given: calls.append(given)):
        dataclasses.fields(cls)
        cls("i")
    assert calls == [("i",)] and cls("i").id == "i"
