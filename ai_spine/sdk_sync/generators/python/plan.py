"""The plan of a module of models: which classes it has, how they are named, what they check."""

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping

from ai_spine.sdk_sync.errors import CodegenError
from ai_spine.sdk_sync.generators.python.aliases import sorted_plans
from ai_spine.sdk_sync.generators.python.class_plans import ClassPlanner, named_fields
from ai_spine.sdk_sync.generators.python.names import NOT_CLASSES, Names
from ai_spine.sdk_sync.generators.python.plan_parts import ClassPlan
from ai_spine.sdk_sync.generators.python.type_plans import TypePlanner
from ai_spine.sdk_sync.generators.python.units import Units
from ai_spine.sdk_sync.ir import IRModel, IRSpec, SchemaVersion
from ai_spine.utils import one_line

_FIRST_FILE = "models.py"


@dataclass(frozen=True)
class Plan:
    """What a module of models has, in no library's words.

    Attributes:
        version: The version of the specification.
        classes: The classes, then the aliases; an alias comes after those that it names.
        schemas: The schemas that keywords refer to, by the names of their classes.
        warnings: What could not be typed, is not enforced, or has another name: a sentence each,
            with the JSON Pointer of the place.
        names: The names given, by JSON Pointer, for a lock file.
    """

    version: SchemaVersion
    classes: List[ClassPlan]
    schemas: Dict[str, Any]
    warnings: List[str]
    names: Dict[str, str]
    units: Units = field(repr=False, compare=False)

    def class_of(self, model: IRModel) -> str:
        """Return the name of the class or the alias of a model.

        Raises:
            CodegenError: The plan has no such model.
        """
        unit = self.units.of_model(model)
        if unit is None:
            name = one_line(repr(model.name), 100)
            raise CodegenError(f"the plan has no model {name}", source_file=_FIRST_FILE)
        return unit.name

    def class_plan(self, name: str) -> ClassPlan:
        """Return the plan of the class or the alias of this name.

        Raises:
            KeyError: There is none.
        """
        for each in self.classes:
            if each.name == name:
                return each
        raise KeyError(name)


def plan_models(spec: IRSpec, given: Mapping[str, str] = {}) -> Plan:
    """Return the plan of the models of a specification; the order of keys does not change it.

    Args:
        spec: The specification.
        given: The names of an earlier plan, which are kept.

    Raises:
        CodegenError: The schemas lead from one to the next in a chain that is too long.

    Example:
        >>> plan = plan_models(IRSpec(SchemaVersion(1), models={"a user": IRModel("a user")}))
        >>> plan.class_of(IRModel("a user")), plan.names
        ('AUser', {'/models/a user': 'AUser'})
    """
    try:
        return _planned(spec.sorted(), given)
    except RecursionError:
        words = (
            "the schemas lead from one to the next too many times: shorten the chain"
        )
        raise CodegenError(words) from None


def _planned(spec: IRSpec, given: Mapping[str, str]) -> Plan:
    names = Names(given, reserved=NOT_CLASSES)
    units = Units(spec, names)
    types = TypePlanner(units, names)
    classes = ClassPlanner(types)
    plans = [classes.of_unit(unit) for unit in units.all]
    while types.nested:
        nested = types.nested.pop(0)
        owner = nested.place.unit.scope
        plan = ClassPlan(
            nested.name,
            nested.place.at,
            nested.part.description,
            owner.version,
            owner.namespace,
        )
        plans.append(classes.of_object(plan, nested.part, nested.place))
    given_now = {plan.pointer: plan.name for plan in plans}
    taken = set(given_now.values())
    named = []
    for plan in sorted_plans(plans, types):
        plan, fields = named_fields(plan, taken, given)
        named.append(plan)
        given_now.update(fields)
    warnings = units.warnings + types.warnings
    return Plan(spec.version, named, types.table.schemas, warnings, given_now, units)
