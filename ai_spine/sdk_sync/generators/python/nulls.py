"""Whether null is among the values of a schema, which is decided before code is generated."""

from typing import Dict, Optional

from ai_spine.sdk_sync.generators.python.keywords import rules_of
from ai_spine.sdk_sync.generators.python.schema_tables import SchemaTable
from ai_spine.sdk_sync.generators.python.units import Units
from ai_spine.sdk_sync.ir import IRField, IRModel, IRType


def accepts_null(
    part: IRField,
    scope: IRModel,
    units: Units,
    table: SchemaTable,
    known: Optional[Dict[str, bool]] = None,
) -> bool:
    """Return whether null fits a field.

    Args:
        part: The field.
        scope: The model that has the references in it.
        units: What its references lead to.
        table: What checks keywords.
        known: What is known of schemas with names; one that leads back to itself accepts nothing.
    """
    known = {} if known is None else known
    rules = rules_of(part.constraints, "None")
    if rules:
        try:
            if not table.fits(None, rules, scope):
                return False
        except ValueError:  # it is not enforced either
            pass
    if part.nullable or part.type in (IRType.ANY, IRType.NULL):
        return True
    if part.type is IRType.REF:
        unit = units.find(str(part.ref_name), scope)
        if unit is None:
            return True
        if unit.name not in known:
            known[unit.name] = False
            found = accepts_null(unit.part, unit.scope, units, table, known)
            known[unit.name] = found
        return known[unit.name]
    if part.union_types is not None:
        fitting = [
            accepts_null(each, scope, units, table, known) for each in part.union_types
        ]
        return sum(fitting) == 1 if part.exclusive else any(fitting)
    return "null" in part.constraints.get("type", ())
