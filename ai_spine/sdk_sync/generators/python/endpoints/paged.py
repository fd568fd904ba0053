"""The operations that have pages, and the type of their items."""

from collections.abc import Iterator, Mapping
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.generators.python.endpoints.config import (
    TABLE,
    Config,
    first_of,
    names_of,
    pointer_of,
)
from ai_spine.sdk_sync.generators.python.endpoints.contents import JSON, Content
from ai_spine.sdk_sync.generators.python.endpoints.naming import (
    derived_name,
    taken_names,
)
from ai_spine.sdk_sync.generators.python.endpoints.operations import (
    OperationPlan,
    OperationsPlan,
    Reply,
)
from ai_spine.sdk_sync.generators.python.endpoints.paging import recognise
from ai_spine.sdk_sync.generators.python.models import ModelsPlan
from ai_spine.sdk_sync.generators.python.plan_parts import TypePlan
from ai_spine.sdk_sync.ir import IRSpec
from ai_spine.sdk_sync.runtime.pages import Pages
from ai_spine.utils import one_line

EXTENSION = "x-pagination"
_KINDS = ("cursor", "offset", "page", "link", "url")
_PLACES = ("items", "next", "more", "item_key", "total", "total_pages", "number")
_ALIASES = 10  # that lead from one to the next


class Paged(NamedTuple):
    """How an operation is paged."""

    name: str
    """The name of the method that walks the pages."""
    pages: Pages
    """What it is paged by."""
    item: Optional[TypePlan]
    """The type of an item, if it is known."""


def find_pages(
    spec: IRSpec, operations: OperationsPlan, models: ModelsPlan, config: Config
) -> Dict[str, Paged]:
    """Return the operations that have pages, by their keys.

    Args:
        spec: The specification.
        operations: The operations.
        models: The models.
        config: What says how operations are paged; others are recognised.

    Raises:
        ConfigError: The configuration of one is wrong.
    """
    definitions = _Definitions(spec)
    found = {}
    for group in operations.groups:
        methods = [each.name for each in group.operations]
        methods += [each.stream_name for each in group.operations if each.stream_name]
        names = taken_names(methods)
        for plan in group.operations:
            page = _page_of(plan)
            if page is None:
                continue
            said = operations.warnings
            pages = _pages(plan, page[1], page[0], definitions, config, said)
            if pages is not None:
                item = item_type(models.type_at(page[1].pointer), pages.items, models)
                wanted = f"iter_{_without_list(plan.name)}"
                found[plan.key] = Paged(derived_name(names, wanted), pages, item)
    return found


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
        found = None if kind is None else models.classes.get(kind.name)
        fields = {} if found is None else {e.wire: e.type for e in found.fields}
        kind = _resolved(fields[key], models) if key in fields else None
    return kind.args[0] if kind is not None and kind.kind == "list" else None


def configured(given: Any, where: str) -> Pages:
    """Return how pages are found, as a configuration or a document says it.

    Args:
        given: The table.
        where: What has it, for messages.

    Raises:
        ConfigError: It is wrong.

    Example:
        >>> configured({"kind": "cursor", "items": "data.runs", "next": "next"}, "here").items
        ('data', 'runs')
    """
    if not isinstance(given, Mapping) or given.get("kind") not in _KINDS:
        raise ConfigError(f"{where} needs a kind: {', '.join(_KINDS)}")
    values: Dict[str, Any] = {}
    for key, value in given.items():
        if key not in Pages._fields or key == "item":
            shown = one_line(repr(key), 60)
            known = ", ".join(each for each in Pages._fields if each != "item")
            raise ConfigError(f"{where} has no setting {shown}: it has {known}")
        values[key] = _value(key, value, where)
    return Pages(**values)


def _value(key: str, value: Any, where: str) -> Any:
    if key in _PLACES:
        if isinstance(value, str):
            return tuple(part for part in value.split(".") if part)
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        raise ConfigError(f"{key} of {where} is a text of keys with dots between them")
    wanted = {"first": int, "in_body": bool}.get(key, str)
    if type(value) is not wanted:
        raise ConfigError(f"{key} of {where} must be of type {wanted.__name__}")
    return value


class _Definitions(Mapping[str, Any]):
    """The schemas of a specification, each made when it is first needed."""

    def __init__(self, spec: IRSpec) -> None:
        self._models = spec.models
        self._made: Dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._models[name].to_json_schema()
        return self._made[name]

    def __iter__(self) -> "Iterator[str]":
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)


def _page_of(plan: OperationPlan) -> Optional[Tuple[Reply, Content]]:
    """Return the one response that may be a page."""
    found: List[Tuple[Reply, Content]] = [
        (reply, each) for reply in plan.successes for each in reply.contents
    ]
    found = [each for each in found if each[1].schema is not None]
    if len(found) != 1 or found[0][1].kind != JSON or plan.stream_name:
        return None
    return found[0]


def _pages(
    plan: OperationPlan,
    content: Content,
    reply: Reply,
    definitions: Mapping[str, Any],
    config: Config,
    warnings: List[str],
) -> Optional[Pages]:
    endpoint = plan.endpoint
    given = first_of(config.pagination, names_of(plan.key, endpoint))
    if given is not None:
        where = f"pagination of {one_line(plan.key, 100)} in [{TABLE}]"
        return None if given is False else configured(given, where)
    own = endpoint.metadata.get(EXTENSION)
    try:
        if own is not None:
            return None if own is False else configured(own, EXTENSION)
    except ConfigError as error:  # one slip of a document spoils its own place
        warnings.append(f"{pointer_of(endpoint)}: {error.message}: it is left out.")
    if endpoint.method != "GET" or content.schema is None:
        return None
    parameters = {
        each.parameter.name: each.parameter.schema.to_json_schema()
        for each in plan.arguments
        if each.parameter.location == "query"
    }
    headers = [
        name
        for response in endpoint.responses
        if response.status == reply.status
        for name in response.headers
    ]
    schema = content.schema.to_json_schema()
    return recognise(parameters, schema, definitions, headers)


def _without_list(name: str) -> str:
    return name[len("list_") :] if name.startswith("list_") else name


def _resolved(kind: TypePlan, models: ModelsPlan) -> TypePlan:
    """Return a type without the names of aliases."""
    for _ in range(_ALIASES):
        found = models.classes.get(kind.name) if kind.kind == "name" else None
        if found is None or found.alias is None:
            break
        kind = found.alias
    return kind
