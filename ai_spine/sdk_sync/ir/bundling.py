"""Puts a model and all that it refers to into one JSON Schema."""

from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from ai_spine.sdk_sync.ir.fields import JSONSchema
from ai_spine.sdk_sync.ir.models import IRModel
from ai_spine.sdk_sync.ir.references import name_referred_to, reference_to

_SCHEMAS_BY_NAME = (
    "properties",
    "patternProperties",
    "dependentSchemas",
    "$defs",
    "definitions",
)
_DATA = ("const", "enum", "default", "examples", "example", "required")


def bundled(
    model: IRModel, models: Mapping[str, IRModel]
) -> Tuple[JSONSchema, List[str]]:
    """Return a model as a JSON Schema that has in `$defs` all that it refers to.

    Args:
        model: The model.
        models: The models that it may refer to.

    Returns:
        The schema, and each reference that leads to nothing in it: the name of a model, or what
        the reference says if it leads to another document.

    Example:
        >>> from ai_spine.sdk_sync.ir import IRField, IRType
        >>> pet = IRModel("Pet", fields=[IRField("owner", IRType.REF, ref_name="User")])
        >>> bundled(pet, {})[1]
        ['User']
    """
    bundle = _Bundle(model, models)
    return bundle.schema(), bundle.missing


class _Bundle:
    """Names each definition: two models may define different things alike."""

    def __init__(self, model: IRModel, models: Mapping[str, IRModel]) -> None:
        self.missing: List[str] = []
        self._model, self._models = model, models
        self._keys: Dict[Tuple[int, str], str] = {}
        self._definitions: Dict[str, JSONSchema] = {}
        self._pending: List[Tuple[str, JSONSchema, IRModel]] = []

    def schema(self) -> JSONSchema:
        """Return the model with all that it refers to, and that what is referred to refers to."""
        schema = self._model.to_json_schema()
        for name in schema.pop("$defs", {}):
            self._key_of(name, self._model)
        root: JSONSchema = self._moved(schema, self._model)
        while self._pending:
            key, part, owner = self._pending.pop(0)
            self._definitions[key] = self._moved(part, owner)
        return {**root, "$defs": self._definitions} if self._definitions else root

    def _moved(self, schema: JSONSchema, owner: IRModel) -> Any:
        return with_references(schema, lambda each: self._target(each, owner))

    def _target(self, reference: str, owner: IRModel) -> str:
        """Return where a reference of a model leads to in the bundle."""
        name = name_referred_to(reference)
        if name is not None:
            key = self._key_of(name, owner)
            return reference if key is None else reference_to(key)
        if not reference.startswith("#"):
            self._miss(reference)
        elif owner is not self._model and reference[1:2] in ("", "/"):
            return reference_to(self._keys[id(owner), ""]) + reference[1:]
        return reference

    def _key_of(self, name: str, owner: IRModel) -> Optional[str]:
        if name in owner.definitions:
            return self._add(owner, name)
        if name in self._models:
            return self._add(self._models[name], "")
        self._miss(name)
        return None

    def _add(self, owner: IRModel, name: str) -> str:
        """Add a definition of a model, or without a name the model itself; return its key."""
        known = self._keys.get((id(owner), name))
        if known is not None:
            return known
        wanted = key = name or owner.name
        number = 1
        while key in self._definitions:
            number += 1
            key = f"{wanted} ({number})"
        schema = (owner.definitions[name] if name else owner).to_json_schema()
        schema.pop("$defs", None)
        schema.pop("$id", None)  # references in it would start there
        self._keys[id(owner), name] = key
        self._definitions[key] = {}
        self._pending.append((key, schema, owner))
        return key

    def _miss(self, reference: str) -> None:
        if reference not in self.missing:
            self.missing.append(reference)


def with_references(schema: Any, change: Callable[[str], str]) -> Any:
    """Return a schema with each of its references changed; values of enums are no references.

    Example:
        >>> with_references({"items": {"$ref": "#/a"}, "const": {"$ref": "#/a"}}, lambda _: "#/b")
        {'items': {'$ref': '#/b'}, 'const': {'$ref': '#/a'}}
    """
    if isinstance(schema, list):
        return [with_references(each, change) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    changed: Dict[str, Any] = {}
    for name, value in schema.items():
        if name == "$ref" and isinstance(value, str):
            value = change(value)
        elif name in _SCHEMAS_BY_NAME and isinstance(value, Mapping):
            value = {n: with_references(each, change) for n, each in value.items()}
        elif name not in _DATA and not name.startswith("x-"):
            value = with_references(value, change)
        changed[name] = value
    return changed
