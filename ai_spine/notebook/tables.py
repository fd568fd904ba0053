"""Models as pandas tables; pandas is imported when it is needed."""

import dataclasses
from datetime import timedelta
from enum import Enum
from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
    Iterable,
    List,
    Mapping,
    Optional,
    Tuple,
    Type,
)

from ai_spine.batch.items import BatchItem, BatchResult
from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.models import Execution, NodeResult
from ai_spine.models.base import Model
from ai_spine.utils import parse_timestamp

if TYPE_CHECKING:
    import pandas

_ITEM = (
    *("index", "status", "input", "output", "error", "execution_id", "created_at"),
    *("completed_at", "duration", "attempt", "idempotency_key"),
)
_NESTED = {"input": "input", "input_data": "input"}
_NESTED.update(output="output", output_data="output")
_Row = Dict[str, Any]


def to_dataframe(
    items: Iterable[Any], *, flatten: bool = False, model: Optional[type] = None
) -> "pandas.DataFrame":
    """Return models as a `pandas.DataFrame`: a row for each, a column for each attribute.

    Moments are UTC datetimes, durations are timedeltas, statuses are text; what a server sends in
    their place that is no moment is `NaT`.

    Args:
        items: Executions, node results, the items of a batch, or any other models.
        flatten: Whether inputs and outputs become columns of their own, one for each of their
            values: `input.amount`, `output.decision.monthly_payment`. Of values with the same
            path, the second has `.2` behind it.
        model: The columns of which model an empty iterable is given; `Execution` without one. What
            the client gives as a list knows it by itself.

    Raises:
        ValidationError: Some item is no model.
        ConfigurationError: pandas is not installed.

    Example:
        >>> result = client.execute_batch("sentiment-analysis", [{"text": "Fine."}])
        >>> frame = to_dataframe(result, flatten=True)
        >>> frame[["status", "input.text", "output.sentiment.label"]].values.tolist()
        [['completed', 'Fine.', 'positive']]
    """
    library = _import_pandas()
    held = _checked(items)
    kinds = list(dict.fromkeys(map(type, held)))
    kinds = kinds or [model or getattr(items, "model", None) or _kind_of(items)]
    columns = {name: how for kind in kinds for name, how in _columns(kind).items()}
    rows = [_values(item, columns) for item in held]
    if flatten:
        rows = [_flattened(row) for row in rows]
        columns = {k: how for k, how in columns.items() if k not in _NESTED}
        columns.update((k, None) for row in rows for k in row if k not in columns)
    data = {
        name: _series(library, [row.get(name) for row in rows], how)
        for name, how in columns.items()
    }
    frame: "pandas.DataFrame" = library.DataFrame(data, columns=list(columns))
    return frame


def _import_pandas() -> Any:
    try:
        import pandas
    except ImportError:
        raise ConfigurationError(
            "to_dataframe needs pandas: pip install 'ai-spine-sdk[pandas]'"
        ) from None
    return pandas


def _checked(items: Any) -> List[Any]:
    if isinstance(items, (str, bytes, Mapping)) or not hasattr(items, "__iter__"):
        raise ValidationError("items must be an iterable of models, such as a list")
    held = list(items)
    for position, item in enumerate(held):
        if not isinstance(item, (Model, BatchItem)):
            kind = type(item).__name__
            raise ValidationError(
                f"items[{position}] is not a model, but of type {kind}"
            )
    return held


def _kind_of(items: Any) -> type:
    return BatchItem if isinstance(items, BatchResult) else Execution


def _columns(kind: Type[Any]) -> Dict[str, Optional[str]]:
    """Return the columns of a model, and the type of each: moments, durations or anything."""
    if kind is BatchItem:
        columns = dict.fromkeys(_ITEM)
        columns.update(created_at="moment", completed_at="moment", duration="duration")
        return columns
    if not (isinstance(kind, type) and issubclass(kind, Model)):
        raise ValidationError("model must be a class of models, such as Execution")
    columns = {
        field.name: "moment" if field.metadata.get("read") is parse_timestamp else None
        for field in dataclasses.fields(kind)
    }
    if issubclass(kind, (Execution, NodeResult)):
        columns["duration"] = "duration"
    return columns


def _values(item: Any, columns: Iterable[str]) -> _Row:
    if isinstance(item, BatchItem):
        seen = item.execution
        holders = {name: item if hasattr(item, name) else seen for name in _ITEM}
        row = {name: getattr(holder, name, None) for name, holder in holders.items()}
        return {**row, "error": None if item.error is None else str(item.error)}
    return {name: _plain(getattr(item, name, None)) for name in columns}


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _series(library: Any, values: List[Any], how: Optional[str]) -> Any:
    if how == "moment":
        moments = [v if hasattr(v, "astimezone") else None for v in values]
        return library.to_datetime(
            library.Series(moments, dtype=object), utc=True, errors="coerce"
        )
    if how == "duration":
        lengths = [v if isinstance(v, timedelta) else None for v in values]
        return library.to_timedelta(
            library.Series(lengths, dtype=object), errors="coerce"
        )
    # A list in a cell is one value, which pandas must not expand.
    if any(isinstance(value, (list, tuple, Mapping)) for value in values):
        return library.Series(values, dtype=object)
    return library.Series(values, dtype=None if values else object)


def _flattened(row: _Row) -> _Row:
    """Put the values of inputs and outputs into columns named by their paths."""
    flat: _Row = {}
    for name, value in row.items():
        if name not in _NESTED:
            flat[name] = value
        elif value is not None:
            for path, leaf in _leaves(_NESTED[name], value):
                flat[_free(path, flat)] = leaf
    return flat


def _free(path: str, taken: Mapping[str, Any]) -> str:
    """Return a path that is not taken yet: `{"a.b": 1, "a": {"b": 2}}` has one path twice."""
    free, number = path, 2
    while free in taken:
        free, number = f"{path}.{number}", number + 1
    return free


def _leaves(path: str, value: Any) -> List[Tuple[str, Any]]:
    """Return the values in nested mappings with their paths, in order and without recursion."""
    leaves: List[Tuple[str, Any]] = []
    todo = [(path, value)]
    while todo:
        where, found = todo.pop()
        if isinstance(found, Mapping) and (found or where == path):
            inner = [(f"{where}.{name}", child) for name, child in found.items()]
            todo += reversed(inner)
        else:
            leaves.append((where, found))
    return leaves
