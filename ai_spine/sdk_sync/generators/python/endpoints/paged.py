"""The operations that have pages, and the type of their items."""

from typing import Any, NamedTuple, Optional, Sequence

from ai_spine.sdk_sync.generators.python.models import ModelsPlan
from ai_spine.sdk_sync.generators.python.plan_parts import TypePlan


class Paged(NamedTuple):
    """How an operation is paged."""

    name: str
    """The name of the method that walks the pages."""
    pages: Any
    """Its `Pages`."""
    item: Optional[TypePlan]
    """The type of an item, if it is known."""


def item_type(
    page: TypePlan, keys: Sequence[str], models: ModelsPlan
) -> Optional[TypePlan]:
    """Return the type of the items of a page; `None` if it is not known.

    Args:
        page: The type of a page.
        keys: The keys that lead to the items.
        models: The models.
    """
    kind: Optional[TypePlan] = _resolved(page, models)
    for key in keys:
        if kind is None or kind.kind != "name":
            return None
        fields = {each.wire: each.type for each in models.classes[kind.name].fields}
        kind = _resolved(fields[key], models) if key in fields else None
    return kind.args[0] if kind is not None and kind.kind == "list" else None


def _resolved(kind: TypePlan, models: ModelsPlan) -> TypePlan:
    """Return a type without the names of aliases."""
    for _ in range(10):
        found = models.classes.get(kind.name) if kind.kind == "name" else None
        if found is None or found.alias is None:
            break
        kind = found.alias
    return kind
