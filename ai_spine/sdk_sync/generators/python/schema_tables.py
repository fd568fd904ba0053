"""The schemas that keywords refer to, gathered in one table that generated code has."""

from typing import Any, Dict, List, Mapping, Optional

from ai_spine.policy.misfits import EndlessSchemaError, check_end, validator_class
from ai_spine.sdk_sync.generators.python.keywords import (
    Keywords,
    flaw_in,
    in_order,
    rewritten,
    subschemas,
)
from ai_spine.sdk_sync.generators.python.units import Unit, Units, names_in
from ai_spine.sdk_sync.ir import IRModel
from ai_spine.sdk_sync.ir.references import name_referred_to


class SchemaTable:
    """Schemas by the names of their classes; each is there with all that it refers to.

    Args:
        units: All schemas with names.

    Attributes:
        schemas: Those that are needed.
    """

    def __init__(self, units: Units) -> None:
        self.schemas: Dict[str, Any] = {}
        self._units = units
        self._flaws: Dict[str, Optional[str]] = {}
        self._next: Dict[str, List[Unit]] = {}

    def add(self, keywords: Keywords, scope: IRModel) -> Keywords:
        """Return keywords that refer to the table, and add to it what they refer to.

        Raises:
            ValueError: They are no schema, or refer to what there is not, or without end.
        """
        keywords = in_order(keywords)
        flaw = flaw_in(keywords) or self._dangling(keywords, scope)
        if flaw is not None:
            raise ValueError(flaw)
        for unit in self._reached(keywords, scope):
            if unit.name not in self._flaws:
                self._flaws[unit.name] = self._add_unit(unit)
            flaw = self._flaws[unit.name]
            if flaw is not None:
                raise ValueError(f"it refers to {unit.pointer}: {flaw}")
        new: Keywords = rewritten(keywords, self._names(keywords, scope))
        try:
            check_end({**new, "$defs": self.schemas})
        except EndlessSchemaError as error:
            raise ValueError(f"it {error}") from None
        return new

    def add_named(self, name: str) -> None:
        """Add the schema of a class or an alias, with all that it refers to."""
        unit = next(each for each in self._units.all if each.name == name)
        for each in [unit, *self._reached(unit.part.to_json_schema(), unit.scope)]:
            if each.name not in self._flaws:
                self._flaws[each.name] = self._add_unit(each)

    def fits(self, value: Any, keywords: Keywords, scope: IRModel) -> bool:
        """Return whether a value fits keywords.

        Raises:
            ValueError: They are no schema, or refer to what there is not.
        """
        return bool(self.fitting([value], keywords, scope))

    def fitting(
        self, values: List[Any], keywords: Keywords, scope: IRModel
    ) -> List[Any]:
        """Return the values that fit keywords.

        Raises:
            ValueError: They are no schema, or refer to what there is not.
        """
        schema = self.add(keywords, scope)
        if names_in(schema):
            schema = {**schema, "$defs": self.schemas}
        try:
            is_valid = validator_class()(schema).is_valid
            return [value for value in values if is_valid(value)]
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        except OverflowError:
            raise ValueError("a number is too large") from None

    def _add_unit(self, unit: Unit) -> Optional[str]:
        schema = in_order(unit.part.to_json_schema())
        names = self._names(schema, unit.scope)
        self.schemas[unit.name] = rewritten(schema, names)
        return flaw_in(schema) or self._dangling(schema, unit.scope)

    def _reached(self, keywords: Keywords, scope: IRModel) -> List[Unit]:
        found: Dict[str, Unit] = {}
        pending = self._directly(keywords, scope)
        while pending:
            unit = pending.pop()
            if unit.name not in found:
                found[unit.name] = unit
                pending += self._named_by(unit)
        return list(found.values())

    def _named_by(self, unit: Unit) -> List[Unit]:
        if unit.name not in self._next:
            schema = unit.part.to_json_schema()
            self._next[unit.name] = self._directly(schema, unit.scope)
        return self._next[unit.name]

    def _directly(self, schema: Mapping[str, Any], scope: IRModel) -> List[Unit]:
        found = (self._units.find(name, scope) for name in names_in(schema))
        return [unit for unit in found if unit is not None]

    def _names(self, schema: Mapping[str, Any], scope: IRModel) -> Dict[str, str]:
        found = {name: self._units.find(name, scope) for name in names_in(schema)}
        return {name: unit.name for name, unit in found.items() if unit is not None}

    def _dangling(self, schema: Mapping[str, Any], scope: IRModel) -> Optional[str]:
        for each in subschemas(schema):
            reference = each.get("$ref")
            name = name_referred_to(reference)
            if isinstance(reference, str):
                if name is None or self._units.find(name, scope) is None:
                    return f"{reference!r} leads nowhere"
        return None
