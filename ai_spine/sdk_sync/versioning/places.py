"""Where in a schema, and where in the data, a comparison is."""

from dataclasses import dataclass, replace
from typing import Any, Iterable, Tuple

from ai_spine.sdk_sync.ir.references import escaped

Step = Any  # the name of a property, or a mapping: see `ITEM` and `Place.value`
ITEM = {"each": "item"}


@dataclass(frozen=True)
class Place:
    """Where in a schema, and where in the data, a comparison is.

    Attributes:
        name: The dotted path of the field.
        old_pointer: The JSON Pointer in the old schema.
        new_pointer: The JSON Pointer in the new schema.
        shape: The shape that the steps begin at; empty for the model itself.
        steps: What leads through data of the old version to the values.
        is_certain: Whether all values there are meant; not those of one member of a union.
    """

    name: str = ""
    old_pointer: str = ""
    new_pointer: str = ""
    shape: str = ""
    steps: Tuple[Step, ...] = ()
    is_certain: bool = True

    def property(self, old: str, new: str) -> "Place":
        """Return the place of a property, which may have been renamed."""
        moved = self._below(
            f"/properties/{escaped(old)}", f"/properties/{escaped(new)}"
        )
        name = f"{self.name}.{new}" if self.name else new
        return replace(moved, name=name, steps=(*self.steps, old))

    def item(self) -> "Place":
        """Return the place of each item of an array."""
        moved = self._below("/items", "/items")
        return replace(moved, name=f"{self.name}[]", steps=(*self.steps, ITEM))

    def value(self, known: Iterable[str], is_certain: bool) -> "Place":
        """Return the place of each value of an object under a name that no field has."""
        moved = self._below("/additionalProperties", "/additionalProperties")
        step = {"each": "value", "except": list(known)}
        return replace(
            moved,
            name=f"{self.name}.*" if self.name else "*",
            steps=(*self.steps, step),
            is_certain=self.is_certain and is_certain,
        )

    def part(self, old: str, new: str, *, is_certain: bool = False) -> "Place":
        """Return the place of a part of the schema that the same values have to fit."""
        return replace(self._below(old, new), is_certain=self.is_certain and is_certain)

    def entering(self, shape: str) -> "Place":
        """Return the place of a shape: steps within it begin there."""
        return replace(self, shape=shape, steps=(), is_certain=True)

    def named(self, name: str) -> "Place":
        """Return the place with another dotted path."""
        return replace(self, name=name)

    def at(self, old: str, new: str) -> "Place":
        """Return the place with other JSON Pointers."""
        return replace(self, old_pointer=old, new_pointer=new)

    def _below(self, old: str, new: str) -> "Place":
        return self.at(self.old_pointer + old, self.new_pointer + new)
