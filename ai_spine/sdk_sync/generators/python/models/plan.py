"""The plan of the models of endpoints: classes, enums and aliases, and the modules they are in."""

from dataclasses import dataclass
from typing import Dict, Iterable, List, Mapping, Sequence

from ai_spine.sdk_sync.generators.python.models.roots import Root
from ai_spine.sdk_sync.generators.python.plan_parts import ClassPlan, TypePlan
from ai_spine.sdk_sync.ir import IRSpec


@dataclass(frozen=True)
class ModelsPlan:
    """What the modules of models have, in no library's words.

    Attributes:
        classes: The classes, enums and aliases, by their names in Python.
        modules: The names of their modules, by their names.
        warnings: What could not be typed or has another name: a sentence each, with the JSON
            Pointer of the place.
        names: The names given, by JSON Pointer, for a lock file.
        types: The types of the roots, by their pointers.
    """

    classes: Dict[str, ClassPlan]
    modules: Dict[str, str]
    warnings: List[str]
    names: Dict[str, str]
    types: Dict[str, TypePlan]

    def type_at(self, pointer: str) -> TypePlan:
        """Return the type of a root.

        Raises:
            KeyError: There is no root of this pointer.
        """
        return self.types[pointer]


def plan_models(
    spec: IRSpec,
    given: Mapping[str, str] = {},
    *,
    roots: Sequence[Root] = (),
    reserved: Iterable[str] = (),
) -> ModelsPlan:
    """Return the plan of the models of a specification; the order of keys does not change it.

    Args:
        spec: The specification.
        given: The names of an earlier plan, or those that are configured, which are kept.
        roots: The schemas of its parameters, bodies and responses.
        reserved: Names that no class may have, because other modules import them.
    """
    raise NotImplementedError
