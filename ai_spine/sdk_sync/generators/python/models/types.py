"""Plans types of endpoints: what a schema is in Python, where it is sent or received."""

import json
from dataclasses import replace
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ai_spine.sdk_sync.errors import ImportError
from ai_spine.sdk_sync.generators.python.models.enum_names import name_for_property
from ai_spine.sdk_sync.generators.python.models.flattening import Schemas
from ai_spine.sdk_sync.generators.python.models.roots import REQUEST
from ai_spine.sdk_sync.generators.python.models.tags import Tags
from ai_spine.sdk_sync.generators.python.models.usage import Usage
from ai_spine.sdk_sync.generators.python.names import Names, class_name
from ai_spine.sdk_sync.generators.python.plan_parts import TypePlan
from ai_spine.sdk_sync.ir import IRField, IRType
from ai_spine.sdk_sync.ir.reading import field_from_schema
from ai_spine.utils import is_unicode, one_line

ANY = TypePlan("Any")
TEXT = TypePlan("str")
_SCALARS = {
    IRType.INTEGER: TypePlan("int"),
    IRType.NUMBER: TypePlan("float"),
    IRType.BOOLEAN: TypePlan("bool"),
    IRType.NULL: TypePlan("None", nullable=True),
}
_FORMATS = {"date-time": "datetime", "date": "date", "uuid": "UUID"}


class Place(NamedTuple):
    """Where a schema is, and how a class for it is named.

    Attributes:
        at: Its JSON Pointer.
        hint: The words for a class.
        shape: Whether it is of what is sent, received, or both.
        is_form: Whether it is part of a multipart form.
        property: The name of the property that it is the schema of, if it is one.
    """

    at: str
    hint: str
    shape: str
    is_form: bool = False
    property: str = ""

    def inner(self, step: str, word: str) -> "Place":
        """Return the place of a part of the schema."""
        at, hint = f"{self.at}/{step}", f"{self.hint} {word}"
        return self._replace(at=at, hint=hint, property="")


class Nested(NamedTuple):
    """A schema without a name in the specification, which gets a class, an enum or an alias."""

    name: str
    part: IRField
    place: Place


class TypePlanner:
    """Plans the types of schemas.

    Args:
        schemas: The schemas with names.
        usage: Where those are used.
        names: Where the names of classes for other schemas come from.
        named: The names in Python of schemas, by their names and their shapes.

    Attributes:
        nested: The schemas that types refer to and that still need a class.
        families: The unions of a schema and those that are made of it, by their names, likewise.
        warnings: What could not be typed.
    """

    def __init__(
        self,
        schemas: Schemas,
        usage: Usage,
        names: Names,
        named: Mapping[Tuple[str, str], str],
    ) -> None:
        self.nested: List[Nested] = []
        self.families: Dict[str, TypePlan] = {}
        self.warnings: List[str] = []
        self.likes: Dict[str, str] = {}
        self._schemas, self._usage = schemas, usage
        self._names, self._named = names, named
        self._tags = Tags(schemas, usage)
        self._components = {python: name for (name, _), python in named.items()}
        self._added: Dict[Tuple[str, str, bool], Dict[str, str]] = {}
        self._enums: Dict[str, Tuple[str, List[str]]] = {}
        self._family_names: Dict[Tuple[str, bool], str] = {}

    def type_of(self, part: IRField, place: Place) -> TypePlan:
        """Return the type of a schema, with null if null fits it."""
        simple = self._schemas.simple(part)
        if "x-unclear" in simple.constraints:
            self.warn(place, "it has no single type, so that it is Any in Python.")
        found = self._type(simple, place)
        if simple.nullable and found.kind != "Any":
            return replace(found, nullable=True)
        return found

    def warn(self, place: Place, words: str) -> None:
        """Add a warning about a place."""
        self.warnings.append(f"{one_line(place.at, 300)}: {words}")

    def name_of(self, name: str, shape: str) -> str:
        """Return the name in Python of a schema, where it is sent or received."""
        if self._usage.is_split(name):
            return self._named[name, REQUEST if shape == REQUEST else "response"]
        return self._named[name, self._usage.shapes_of(name)[0]]

    def accepts_null(self, name: str, seen: Tuple[str, ...] = ()) -> bool:
        """Return whether null fits a schema with a name."""
        if name in seen or name not in self._schemas.raw:
            return False
        part = self._schemas.named(name)
        values = part.constraints.get("enum")
        if part.nullable or (isinstance(values, list) and None in values):
            return True
        if part.type is IRType.REF:
            return self.accepts_null(str(part.ref_name), (*seen, name))
        if "null" in part.constraints.get("type", ()):
            return True
        members = part.union_types or ()
        return part.type is IRType.NULL or any(
            m.nullable
            or m.type is IRType.NULL
            or (m.ref_name and self.accepts_null(m.ref_name, (*seen, name)))
            for m in members
        )

    def _type(self, part: IRField, place: Place) -> TypePlan:
        if "const" in part.constraints:
            return self._constant([part.constraints["const"]], part, place)
        if isinstance(part.constraints.get("enum"), list):
            return self._enumerated(part, part.constraints["enum"], place)
        if part.type in _SCALARS:
            return _SCALARS[part.type]
        return _TYPES[part.type](self, part, place)

    def _text(self, part: IRField, place: Place) -> TypePlan:
        said = part.constraints.get("format")
        binary = part.constraints.get("contentMediaType") and not part.constraints.get(
            "contentEncoding"
        )
        if place.is_form and (said == "binary" or binary):
            return TypePlan("file")
        kind = _FORMATS.get(said) if isinstance(said, str) else None
        if kind == "UUID" and place.shape == REQUEST:
            return TypePlan("union", (TypePlan(kind), TEXT))
        return TEXT if kind is None else TypePlan(kind)

    def _list(self, part: IRField, place: Place) -> TypePlan:
        inside = place.inner("items", "item")
        first = part.constraints.get("prefixItems")
        if not isinstance(first, list) or not first:
            items = part.items or IRField("item", IRType.ANY)
            return TypePlan("list", (self.type_of(items, inside),))
        kinds = [self._of_schema(each, inside) for each in first]
        rest = part.items or IRField("item", IRType.ANY)
        if rest.constraints.get("not") != {}:  # `items: false`
            kinds.append(self.type_of(rest, inside))
        return TypePlan("list", (joined(kinds),))

    def _object(self, part: IRField, place: Place) -> TypePlan:
        if part.properties:
            return self.add(part, place)
        patterns = part.constraints.get("patternProperties")
        others = part.constraints.get("additionalProperties")
        inside = place.inner("additionalProperties", "value")
        kinds = []
        for each in patterns.values() if isinstance(patterns, Mapping) else ():
            kinds.append(self._of_schema(each, inside))
        if others is not False:  # whatever no pattern fits
            kinds.append(self._of_schema(others, inside))
        return TypePlan("dict", (joined(kinds) if kinds else ANY,))

    def _of_schema(self, schema: Any, place: Place) -> TypePlan:
        """Return the type of a schema that is among the constraints of another."""
        if not isinstance(schema, (Mapping, bool)):
            return ANY
        try:
            return self.type_of(field_from_schema("value", schema).sorted(), place)
        except ImportError as error:
            self.warn(place, f"it is Any in Python: {error}.")
            return ANY

    def _reference(self, part: IRField, place: Place) -> TypePlan:
        name = str(part.ref_name)
        if name not in self._schemas.raw:
            shown = one_line(repr(name), 100)
            self.warn(place, f"it is Any in Python, because there is no model {shown}.")
            return ANY
        nullable = self.accepts_null(name)
        python = self._family(name, place) or self.name_of(name, place.shape)
        if place.shape == REQUEST and self.is_enum(self._schemas.named(name)):
            python = self._like(python)
        return TypePlan("name", name=python, nullable=nullable)

    def _like(self, enum: str) -> str:
        """Return the name of what is taken for a member of an enum: its texts as well."""
        if enum not in self.likes:
            self.likes[enum] = self._names.take(f"{enum}Like", f"/likes/{enum}")
        return self.likes[enum]

    def _family(self, name: str, place: Place) -> Optional[str]:
        """Return the name of the union of a schema and those that are made of it, if it has any."""
        tag = self._tags.of_family(name)
        if tag is None:
            return None
        is_sent = place.shape == REQUEST
        key = name, is_sent and self._usage.is_split(name)
        if key not in self._family_names:
            own = self.name_of(name, place.shape)
            self._family_names[key] = self._names.take(f"Any{own}", f"/families/{own}")
            members = [name, *self._usage.descendants(name)]
            kinds = {
                each: TypePlan("name", name=self.name_of(each, place.shape))
                for each in members
            }
            tagged = tuple((value, kinds[each].name) for value, each in tag.values)
            others = () if is_sent and self._is_only_sent(name) else (_UNKNOWN,)
            plan = TypePlan("union", (*kinds.values(), *others))
            plan = replace(plan, tag=tag.property, tagged=tagged)
            self.families[self._family_names[key]] = plan
        return self._family_names[key]

    def _is_only_sent(self, name: str) -> bool:
        return self._usage.is_split(name) or self._usage.shapes_of(name) == [REQUEST]

    def _union(self, part: IRField, place: Place) -> TypePlan:
        if part.union_types is None:
            kinds = [self.type_of(_of_kind(part, each), place) for each in _types(part)]
            return joined(kinds)
        keyword = "oneOf" if part.exclusive else "anyOf"
        members = [each for each in part.union_types if each.type is not IRType.NULL]
        kinds = [
            self.type_of(each, place.inner(f"{keyword}/{n}", f"option {n + 1}"))
            for n, each in enumerate(members)
        ]
        if len(members) < len(part.union_types):
            kinds.append(_SCALARS[IRType.NULL])
        tag = self._tags.of_union(part, members)
        plan = joined(kinds)
        if tag is None or plan.kind != "union":
            return plan
        named = {n: kinds[n].name for n in range(len(members)) if kinds[n].name}
        tagged = tuple((v, named[n]) for v, n in tag.values if n in named)
        if not tagged:
            return plan
        others = () if place.shape == REQUEST else (_UNKNOWN,)
        args = (*plan.args, *(each for each in others if each not in plan.args))
        return replace(plan, args=args, tag=tag.property, tagged=tagged)

    def _enumerated(self, part: IRField, values: List[Any], place: Place) -> TypePlan:
        texts = texts_of(part)
        if not texts:
            return self._constant(values, part, place)
        nullable = None in values
        shared = self._shared_enum(part, texts, place) if len(texts) > 1 else ""
        if shared:
            return TypePlan("name", name=shared, nullable=nullable)
        plan = TypePlan("literal", values=tuple(texts), nullable=nullable)
        if place.shape == REQUEST or len(texts) == 1:
            return plan
        known = replace(plan, nullable=False)
        return TypePlan("union", (known, TEXT), nullable=nullable)

    def _shared_enum(self, part: IRField, texts: List[str], place: Place) -> str:
        """Return the name of the enum of a property that is known by it; none if it is not."""
        owner = place.hint[: -len(place.property) - 1]
        wanted = name_for_property(class_name(owner), place.property)
        if not place.property or not wanted:
            return ""
        if wanted not in self._enums:
            python = self._components.get(wanted)
            if python is None:
                at = Place(f"/enums/{wanted}", wanted, place.shape)
                self._enums[wanted] = self.add(part, at).name, texts
            else:
                self._enums[wanted] = wanted, texts_of(self._schemas.named(python))
        name, known = self._enums[wanted]
        if known != texts:
            return ""
        return self._like(name) if place.shape == REQUEST else name

    def _constant(self, values: List[Any], part: IRField, place: Place) -> TypePlan:
        """Return the type of values that are not only texts."""
        others = [each for each in values if each is not None]
        nullable = len(others) < len(values)
        if not others:
            return _SCALARS[IRType.NULL]
        is_closed = place.shape == REQUEST or len(others) == 1
        if is_closed and all(map(_is_literal, others)):
            known = {(type(each), each): each for each in others}
            return TypePlan("literal", values=tuple(known.values()), nullable=nullable)
        plain = _SCALARS.get(part.type) or (TEXT if part.type is IRType.STRING else ANY)
        return replace(plain, nullable=nullable) if plain is not ANY else ANY

    def add(self, part: IRField, place: Place) -> TypePlan:
        """Return the name of a class for a schema that has no name of its own."""
        schema = json.dumps(part.to_json_schema(), sort_keys=True)
        same = self._added.setdefault((schema, place.shape, place.is_form), {})
        for at, name in same.items():
            if place.at.startswith(f"{at}/"):  # each within the other would have no end
                return TypePlan("name", name=name)
        name = same[place.at] = self._names.take(class_name(place.hint), place.at)
        self.nested.append(Nested(name, part, place))
        return TypePlan("name", name=name)

    @staticmethod
    def is_enum(part: IRField) -> bool:
        """Return whether a schema with a name is a class of texts."""
        return bool(texts_of(part)) and "const" not in part.constraints

    def _anything(self, part: IRField, place: Place) -> TypePlan:
        return self._list(part, place) if part.items is not None else ANY


_UNKNOWN = TypePlan("dict", (ANY,))
_TYPES: Mapping[IRType, Callable[[TypePlanner, IRField, Place], TypePlan]] = {
    IRType.STRING: TypePlanner._text,
    IRType.ARRAY: TypePlanner._list,
    IRType.OBJECT: TypePlanner._object,
    IRType.REF: TypePlanner._reference,
    IRType.UNION: TypePlanner._union,
    IRType.ANY: TypePlanner._anything,
}


def joined(members: List[TypePlan]) -> TypePlan:
    """Return the union of types: each once, and null apart."""
    found: Dict[str, TypePlan] = {}
    nullable = any(each.nullable for each in members)
    for each in members:
        inner = each.args if each.kind == "union" and not each.tag else (each,)
        for one in inner:
            if one.kind != "None":
                plain = replace(one, nullable=False)
                found.setdefault(repr(plain), plain)
    if not found:
        return _SCALARS[IRType.NULL]
    if ANY in found.values():
        return ANY
    if len(found) == 1:
        return replace(next(iter(found.values())), nullable=nullable)
    return TypePlan("union", tuple(found.values()), nullable=nullable)


def texts_of(part: IRField) -> List[str]:
    """Return the values of an enum of texts, each once; none if it is none."""
    values = part.constraints.get("enum")
    if not isinstance(values, list) or part.type not in (IRType.STRING, IRType.ANY):
        return []
    others = [each for each in values if each is not None]
    if part.type is IRType.STRING:  # others never fit
        others = [each for each in others if isinstance(each, str)]
    is_text = all(isinstance(each, str) and is_unicode(each) for each in others)
    return list(dict.fromkeys(others)) if is_text else []


def _types(part: IRField) -> List[str]:
    found = part.constraints.get("type")
    return [str(each) for each in found] if isinstance(found, list) else []


def _of_kind(part: IRField, kind: str) -> IRField:
    """Return the member of a union of types that is of one of them."""
    rules = {n: v for n, v in part.constraints.items() if n != "type"}
    return IRField(
        part.name,
        IRType(kind),
        constraints=rules,
        items=part.items if kind == "array" else None,
        properties=part.properties if kind == "object" else None,
    )


def _is_literal(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and is_unicode(value))
