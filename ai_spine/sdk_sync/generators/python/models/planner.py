"""Plans all classes, enums and aliases of a specification."""

from dataclasses import replace
from typing import Dict, Iterable, List, Mapping, Sequence, Tuple

from ai_spine.sdk_sync.generators.python.class_plans import named_fields
from ai_spine.sdk_sync.generators.python.models.cutting import without_circles
from ai_spine.sdk_sync.generators.python.models.enum_names import named_members
from ai_spine.sdk_sync.generators.python.models.flattening import Schemas
from ai_spine.sdk_sync.generators.python.models.roots import REQUEST, RESPONSE, Root
from ai_spine.sdk_sync.generators.python.models.types import (
    Place,
    TypePlanner,
    texts_of,
)
from ai_spine.sdk_sync.generators.python.models.usage import Usage
from ai_spine.sdk_sync.generators.python.names import (
    NOT_CLASSES,
    Names,
    class_name,
    snake_name,
)
from ai_spine.sdk_sync.generators.python.plan_parts import (
    ClassPlan,
    FieldPlan,
    TypePlan,
)
from ai_spine.sdk_sync.ir import IRField, IRSpec, IRType
from ai_spine.sdk_sync.ir.references import escaped
from ai_spine.utils import is_unicode

# What modules of models import besides.
_IMPORTED = ("FileInput", "OpenEnum", "TYPE_CHECKING", "TaggedBy", "TypeAlias", "UUID")
_MODULES = ("datetime",)  # which annotations name


class Planner:
    """Plans the models of a specification.

    Args:
        spec: The specification.
        given: Names given earlier, by JSON Pointer.
        configured: Names of schemas that a user wants, by JSON Pointer.
        roots: What endpoints send and receive.
        reserved: Names that no class may have.

    Attributes:
        classes: The classes, enums and aliases, by their names.
        names: The names given, by JSON Pointer.
        types: The types of the roots, by their pointers.
    """

    def __init__(
        self,
        spec: IRSpec,
        given: Mapping[str, str],
        configured: Mapping[str, str],
        roots: Sequence[Root],
        reserved: Iterable[str],
    ) -> None:
        self.classes: Dict[str, ClassPlan] = {}
        self.names: Dict[str, str] = {}
        self.types: Dict[str, TypePlan] = {}
        self._spec, self._given = spec.sorted(), {**given, **configured}
        self._configured = configured
        self._roots = sorted(roots, key=lambda each: each.pointer)
        self._schemas = Schemas(self._spec)
        self._usage = Usage(self._schemas, self._roots)
        self._names = Names(self._given, reserved=[*NOT_CLASSES, *_IMPORTED, *reserved])
        self._warnings: List[str] = []
        self._named = self._name_schemas()
        self._types = TypePlanner(self._schemas, self._usage, self._names, self._named)

    @property
    def warnings(self) -> List[str]:
        """What could not be typed or has another name."""
        return self._warnings + self._types.warnings

    @property
    def likes(self) -> Dict[str, str]:
        """What is taken for a member of an enum, by the name of the enum."""
        return self._types.likes

    def run(self) -> None:
        """Plan all there is."""
        for (name, shape), python in self._named.items():
            is_form = shape == REQUEST and self._usage.is_in_form(name)
            place = Place(self._pointer(name, shape), python, shape, is_form)
            self._add(python, self._schemas.named(name), place)
        for root in self._roots:
            self.types[root.pointer] = self._root(root)
        self._add_nested()
        for name, plan in sorted(self._types.families.items()):
            words = f"A {plan.args[0].name}, or what is made of it."
            own = f"/families/{plan.args[0].name}"
            self._put(ClassPlan(name, own, words, alias=plan))
        for enum, like in self._types.likes.items():
            self._remember(f"/likes/{enum}", like, f"{enum}Like")
        self.classes = without_circles(self.classes, self._types.warnings)
        self._name_fields()

    def _name_schemas(self) -> Dict[Tuple[str, str], str]:
        """Return the names of classes, which schemas with names have before all others."""
        found: Dict[Tuple[str, str], str] = {}
        others: Dict[str, Tuple[str, str]] = {}
        shapes = {name: self._usage.shapes_of(name) for name in self._schemas.raw}
        for name in sorted(shapes):
            pointer = self._pointer(name, RESPONSE)
            wanted = self._configured.get(pointer, class_name(name))
            python = self._names.take(wanted, pointer)
            found[name, shapes[name][0]] = python
            if python != wanted:
                others[pointer] = (python, wanted)
        for name in sorted(shapes):
            for shape in shapes[name][1:]:
                wanted = f"{found[name, shapes[name][0]]}Input"
                pointer = self._pointer(name, shape, is_second=True)
                found[name, shape] = self._names.take(wanted, pointer)
        self._warn_of_others(others)
        return dict(sorted(found.items()))

    def _warn_of_others(self, others: Mapping[str, Tuple[str, str]]) -> None:
        """Warn of classes that could not have their names; a user may have named others."""
        for pointer, (python, wanted) in others.items():
            if not self._names.is_free(wanted):
                self._warnings.append(
                    f"{pointer}: its class is {python}, because another has the name {wanted}."
                )

    def _pointer(self, name: str, shape: str, is_second: bool = False) -> str:
        is_second = is_second or (shape == REQUEST and self._usage.is_split(name))
        return f"/models/{escaped(name)}{'/request' if is_second else ''}"

    def _root(self, root: Root) -> TypePlan:
        place = Place(root.pointer, root.hint, root.direction, root.is_form)
        found = self._types.type_of(root.field.sorted(), place)
        if not any(each.tag for each in found.walk()):
            return found
        name = self._names.take(class_name(root.hint), root.pointer)
        plan = ClassPlan(name, root.pointer, root.field.description, alias=found)
        self._put(plan)
        return TypePlan("name", name=name, nullable=found.nullable)

    def _add_nested(self) -> None:
        done = 0
        while done < len(self._types.nested):
            each = self._types.nested[done]
            done += 1
            self._add(each.name, replace(each.part, nullable=False), each.place)

    def _add(self, python: str, part: IRField, place: Place) -> None:
        """Add what a schema becomes: an enum, a class or an alias."""
        plan = ClassPlan(python, place.at, part.description)
        if self._types.is_enum(part):
            members, names = named_members(texts_of(part), place.at, self._given)
            self.names.update(names)
            plan = replace(plan, members=members)
        elif part.type is IRType.OBJECT and part.properties and not part.nullable:
            plan = self._object(plan, part, place)
        else:
            if part.type is IRType.OBJECT and part.properties:
                place = place.inner("properties", "object")
            plan = replace(plan, alias=self._types.type_of(part, place))
        self._put(plan)

    def _put(self, plan: ClassPlan) -> None:
        self.classes[plan.name] = plan
        self.names[plan.pointer] = plan.name

    def _object(self, plan: ClassPlan, part: IRField, place: Place) -> ClassPlan:
        """Return a class of the properties that are sent, or received."""
        flag = {REQUEST: "readOnly", RESPONSE: "writeOnly"}.get(place.shape, "")
        others = part.constraints.get("additionalProperties")
        fields: List[FieldPlan] = []
        for wire, inner in (part.properties or {}).items():
            inside = place.inner(f"properties/{escaped(wire)}", wire)
            if not is_unicode(wire):
                words = "it has no field, because its name is no Unicode text."
                self._types.warn(inside, words)
            elif inner.constraints.get(flag) is not True:
                fields.append(self._field(inner, inside._replace(property=wire)))
        fields += self._undeclared(part, place)
        keeps = place.shape != REQUEST or others is True or isinstance(others, Mapping)
        return replace(plan, fields=fields, keeps_unknown=keeps)

    def _undeclared(self, part: IRField, place: Place) -> List[FieldPlan]:
        """Return fields for what is required but not described; few servers insist on it."""
        if part.constraints.get("additionalProperties", True) is not True:
            return []
        names = part.constraints.get("required", ())
        known = part.properties or {}
        left = {e for e in names if isinstance(e, str) and is_unicode(e)}
        return [
            self._field(IRField(each, IRType.ANY), place.inner("required", each))
            for each in sorted(left - known.keys())
        ]

    def _field(self, part: IRField, place: Place) -> FieldPlan:
        name = snake_name(part.name)
        return FieldPlan(
            f"{name}_" if name in _MODULES else name,
            part.name,
            self._types.type_of(part, place),
            required=part.required,
            description=part.description,
            default=part.default,
        )

    def _name_fields(self) -> None:
        """Give the fields of each class names of their own."""
        lower = [each for each in self.classes if each == each.lower()]
        for name, plan in self.classes.items():
            wanted = {each.wire: each.name for each in plan.fields}
            plan, remembered = named_fields(plan, lower, self._given)
            self.classes[name] = plan
            for each in plan.fields:
                pointer = f"{plan.pointer}/properties/{escaped(each.wire)}/name"
                if pointer in remembered:
                    self._remember(pointer, each.name, wanted[each.wire])

    def _remember(self, pointer: str, name: str, wanted: str) -> None:
        if name != wanted:
            self.names[pointer] = name
