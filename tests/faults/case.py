"""`Case`: one method of the client, to be played under every fault."""

from dataclasses import dataclass
from typing import Any, Callable, Tuple

from tests.faults.world import World

Step = Tuple[str, str]  # an HTTP method, and how the answer is read


def _nothing(world: World, state: Any) -> None:
    pass


@dataclass(frozen=True)
class Case:
    """One method of the client."""

    name: str
    steps: Tuple[Step, ...]
    """The requests that it makes, at least."""
    call: Callable[[Any, Any], Any]
    """Calls it, given the client and the cell's state."""
    check: Callable[[World, Any, Any], Any]
    """Tells whether its result is right, by the server's own memory."""
    prepare: Callable[[World, Any], None] = _nothing
    large: bool = False
    """Whether its body can be made large."""
    waits: bool = False
    """Whether it looks again and again by itself."""
    reads: bool = False
    """Whether it changes nothing, although it is a POST."""
    deletes: bool = False
    """Whether it tells a 404 as `False`."""

    @property
    def posts(self) -> bool:
        return self.steps[0][0] == "POST" and not self.reads
