"""What of a specification becomes a class or an alias of its own, and how names find it."""

import json
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Mapping, Optional, Set, Tuple

from ai_spine.sdk_sync.generators.python.keywords import subschemas
from ai_spine.sdk_sync.generators.python.names import Names, class_name
from ai_spine.sdk_sync.ir import IRField, IRModel, IRSpec
from ai_spine.sdk_sync.ir.references import escaped, name_referred_to
from ai_spine.sdk_sync.ir.spec import field_of

_OUTPUTS = ("output_schema", "response_schema")
# Keywords that say where a schema is from, not what fits it.
_LABELS = ("title", "$schema", "description")


@dataclass
class Unit:
    """A schema that has a name of its own.

    Attributes:
        pointer: Its JSON Pointer.
        wanted: The name that it should have.
        part: What it says.
        scope: The model whose definitions its references find first.
        model: The model, if it is one; `None` for a definition.
        name: The name of its class or alias.
        keeps_unknown: Whether it is part of a response, which keeps what it does not know.
    """

    pointer: str
    wanted: str
    part: IRField
    scope: IRModel
    model: Optional[IRModel]
    name: str = ""
    keeps_unknown: bool = False


class Units:
    """All schemas of a specification that have names of their own.

    Args:
        spec: The specification, sorted.
        names: Where names come from.
    """

    def __init__(self, spec: IRSpec, names: Names) -> None:
        self.all: List[Unit] = []
        self.warnings: List[str] = []
        self._by_content: Dict[str, Unit] = {}
        self._wanted: Set[str] = set()
        self._models: Dict[str, Unit] = {}
        self._definitions: Dict[Tuple[int, str], Unit] = {}
        outputs = [self._add_model(*each) for each in spec.all_models()]
        for unit in list(self.all):
            self._add_definitions(unit)
        for unit in self.all:
            unit.name = names.take(class_name(unit.wanted), unit.pointer)
            if unit.name != class_name(unit.wanted):
                self._warn_of_name(unit)
        self._mark_responses([unit for unit in outputs if unit is not None])

    def of_model(self, model: IRModel) -> Optional[Unit]:
        """Return the unit of a model that says the same."""
        return self._by_content.get(content_of(model.sorted()))

    def find(self, name: str, scope: IRModel) -> Optional[Unit]:
        """Return what a reference in a model leads to."""
        return self._definitions.get((id(scope), name)) or self._models.get(name)

    def _add_model(self, pointer: str, model: IRModel) -> Optional[Unit]:
        """Add a model unless there is the same one; return it if it is a response."""
        content = content_of(model)
        unit = self._by_content.get(content)
        kind = pointer.rsplit("/", 1)[-1]
        is_component = pointer.startswith("/models/")
        if unit is None:
            unit = Unit(pointer, model.name, field_of(model), model, model)
            if not is_component and class_name(model.name) in self._wanted:
                owner = pointer.split("/")[2].replace("~1", "/").replace("~0", "~")
                unit.wanted = f"{owner} {kind.split('_')[0]}"
            self._add(content, unit)
        if is_component:
            self._models[model.name] = unit
        return unit if kind in _OUTPUTS and not is_component else None

    def _add(self, content: str, unit: Unit) -> Unit:
        self._by_content[content] = unit
        self._wanted.add(class_name(unit.wanted))
        self.all.append(unit)
        return unit

    def _add_definitions(self, owner: Unit) -> None:
        """Add the definitions of a model, each once however many models have the same."""
        scope = owner.scope
        repeated = self._repeated_in(scope)
        for name, part in scope.definitions.items():
            if name in repeated:
                self._definitions[id(scope), name] = self._models[name]
                continue
            content = f"{name} {_closure(part, scope)}"
            unit = self._by_content.get(content)
            if unit is None:
                pointer = f"{owner.pointer}/$defs/{escaped(name)}"
                is_named = class_name(name) in self._wanted
                wanted = f"{owner.wanted} {name}" if is_named else name
                unit = self._add(content, Unit(pointer, wanted, part, scope, None))
            self._definitions[id(scope), name] = unit

    def _repeated_in(self, scope: IRModel) -> Set[str]:
        """Return the definitions that only repeat models, as in a schema that stands alone."""
        found = {
            name
            for name, part in scope.definitions.items()
            if name in self._models and _is_same(part, self._models[name])
        }
        while True:
            others = {
                name
                for name in found
                for each in references_of(scope.definitions[name])
                if each in scope.definitions and each not in found
            }
            if not others:
                return found
            found -= others

    def _warn_of_name(self, unit: Unit) -> None:
        self.warnings.append(
            f"{unit.pointer}: its class is {unit.name}, because another schema has the name"
            f" {class_name(unit.wanted)}."
        )

    def _mark_responses(self, pending: List[Unit]) -> None:
        while pending:
            unit = pending.pop()
            if unit.keeps_unknown:
                continue
            unit.keeps_unknown = True
            for name in references_of(unit.part):
                found = self.find(name, unit.scope)
                if found is not None:
                    pending.append(found)


def content_of(model: IRModel) -> str:
    """Return what a model says, whatever its times, as a text."""
    same = replace(model, created_at=None, updated_at=None)
    return _text(same.to_json_schema())


def references_of(part: IRField) -> List[str]:
    """Return the names of the models that a field refers to, those in its constraints as well.

    Example:
        >>> references_of(IRField("pet", "A", constraints={"allOf": [{"$ref": "#/$defs/B"}]}))
        ['A', 'B']
    """
    return names_in(part.to_json_schema())


def names_in(schema: Any) -> List[str]:
    """Return the names of the models that a schema refers to, each once."""
    found = (name_referred_to(each.get("$ref")) for each in subschemas(schema))
    return list(dict.fromkeys(name for name in found if name is not None))


def _is_same(part: IRField, unit: Unit) -> bool:
    return not unit.scope.definitions and _unlabelled(part) == _unlabelled(unit.part)


def _closure(part: IRField, scope: IRModel) -> str:
    """Return what a definition says, with the definitions that it refers to."""
    found: Dict[str, Any] = {}
    pending = [part]
    while pending:
        each = pending.pop()
        if each.name not in found:
            found[each.name] = each.to_json_schema()
            names = references_of(each)
            pending += [scope.definitions[n] for n in names if n in scope.definitions]
    return _text(found)


def _unlabelled(part: IRField) -> Mapping[str, Any]:
    schema = part.to_json_schema()
    return {
        name: value
        for name, value in schema.items()
        if name not in _LABELS and not name.startswith("x-")
    }


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)
