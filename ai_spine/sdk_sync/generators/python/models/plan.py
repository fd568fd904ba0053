"""The plan of the models of endpoints: classes, enums and aliases, and the modules they are in."""

import re
from dataclasses import dataclass
from typing import Dict, Iterable, List, Mapping, Sequence

from ai_spine.sdk_sync.errors import CodegenError
from ai_spine.sdk_sync.generators.python.models.planner import Planner
from ai_spine.sdk_sync.generators.python.models.roots import Root
from ai_spine.sdk_sync.generators.python.names import Names, module_name
from ai_spine.sdk_sync.generators.python.plan_parts import ClassPlan, TypePlan
from ai_spine.sdk_sync.ir import IRSpec


@dataclass(frozen=True)
class ModelsPlan:
    """What the modules of models have, in no library's words.

    Attributes:
        classes: The classes, enums and aliases, by their names in Python.
        modules: The names of their modules, by their names; a module may have two.
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
    configured: Mapping[str, str] = {},
    roots: Sequence[Root] = (),
    reserved: Iterable[str] = (),
) -> ModelsPlan:
    """Return the plan of the models of a specification; the order of keys does not change it.

    Args:
        spec: The specification.
        given: The names of an earlier plan, which are kept.
        configured: Names of schemas that a user wants, by the same pointers.
        roots: The schemas of its parameters, bodies and responses.
        reserved: Names that no class may have, because other modules import them.

    Raises:
        CodegenError: The schemas lead from one to the next in a chain that is too long.

    Example:
        >>> from ai_spine.sdk_sync.ir import IRField, IRModel, SchemaVersion
        >>> spec = IRSpec(SchemaVersion(1), models={"a user": IRModel("a user")})
        >>> root = Root("/users/response", "user", IRField("", "a user"), "response")
        >>> plan = plan_models(spec, roots=[root])
        >>> plan.type_at("/users/response").name, plan.modules
        ('AUser', {'AUser': 'a_user'})
    """
    planner = Planner(spec, given, configured, roots, reserved)
    try:
        planner.run()
    except RecursionError:
        words = (
            "the schemas lead from one to the next too many times: shorten the chain"
        )
        raise CodegenError(words) from None
    modules = _modules_of(planner.classes, given)
    for name in planner.classes:
        if modules[name] != _module_of(name):
            planner.names[f"/modules/{name}"] = modules[name]
    return ModelsPlan(
        classes=planner.classes,
        modules={**modules, **{n: modules[e] for e, n in planner.likes.items()}},
        warnings=planner.warnings,
        names=planner.names,
        types=planner.types,
    )


def _module_of(name: str) -> str:
    return module_name(re.sub("([A-Z])([A-Z][a-z])", r"\1_\2", name))


def _modules_of(
    classes: Mapping[str, ClassPlan], given: Mapping[str, str]
) -> Dict[str, str]:
    keys = {name: f"/modules/{name}" for name in classes}
    earlier = {key: given[key] for key in keys.values() if key in given}
    names = Names(earlier, ignore_case=True)
    # A class that is new takes no module from one that was there.
    new = {name for name, plan in classes.items() if given.get(plan.pointer) != name}
    ordered = sorted(keys, key=lambda each: (each in new, each))
    found = {name: names.take(_module_of(name), keys[name]) for name in ordered}
    return dict(sorted(found.items()))
