"""How notebooks show models: as HTML without scripts that needs no style.

It is imported when a notebook asks. Colours are the page's own, so that it reads in light and in
dark; a word shows each status.
"""

import dataclasses
from datetime import datetime, timedelta
from html import escape
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from ai_spine.batch.items import BatchItem, BatchResult
from ai_spine.flows.drawing import flow_as_svg, timeline_as_svg
from ai_spine.flows.drawing.elements import clean
from ai_spine.flows.drawing.theme import look_of
from ai_spine.flows.drawing.timeline import seconds_in_words
from ai_spine.models import Agent, Execution, Flow, NodeResult
from ai_spine.models.base import Model, Page
from ai_spine.utils import one_line

_MOST_ROWS = 100
_MOST_FAILURES = 20
_LONGEST = 200  # characters of a value
_LEFT = 'style="text-align:left;vertical-align:top;padding:2px 8px"'
# The fields in a card and in a row of each model; others show the fields of their repr.
_CARDS: Dict[type, Tuple[str, ...]] = {
    Execution: (
        *("execution_id", "flow_id", "status", "error", "created_at"),
        *("started_at", "completed_at", "duration", "input_data", "output_data"),
    ),
    NodeResult: (
        *("node_id", "agent_id", "status", "error_message", "started_at"),
        *("completed_at", "duration", "input_data", "output_data"),
    ),
    Agent: (
        *("agent_id", "name", "agent_type", "description", "capabilities"),
        *("endpoint", "is_active"),
    ),
}
_ROWS: Dict[type, Tuple[str, ...]] = {
    Execution: ("execution_id", "flow_id", "status", "created_at", "duration", "error"),
    NodeResult: (
        *("node_id", "agent_id", "status", "started_at", "duration"),
        *("error_message", "output_data"),
    ),
    Flow: ("flow_id", "name", "version", "nodes"),
    Agent: ("agent_id", "name", "agent_type", "capabilities", "is_active"),
    BatchItem: ("index", "status", "input", "error"),
}
_NOUNS = {NodeResult: "node result", BatchItem: "failed input"}


class Html(str):
    """HTML that a notebook renders."""

    def _repr_html_(self) -> str:
        return self


class Names(NamedTuple):
    """The singular and the plural of a noun."""

    one: str
    more: str

    def counted(self, count: int) -> str:
        """Return the count with its noun."""
        return f"{count} {self.one if count == 1 else self.more}"


def names_of(model: Optional[type]) -> Names:
    """Return the noun of a model."""
    if model is None:
        return Names("item", "items")
    name = model.__name__
    spaced = "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()
    noun = _NOUNS.get(model, spaced)
    return Names(noun, noun if noun.endswith("s") else f"{noun}s")


def model_as_html(model: Model) -> str:
    """Return a card of a model: a flow's picture, or a table of its fields.

    Example:
        >>> "<svg " in model_as_html(client.get_flow("sentiment-analysis"))
        True
    """
    if isinstance(model, Flow):
        return _figure(str(model.name or model.flow_id or ""), flow_as_svg(model))
    names = _CARDS.get(type(model)) or _shown(type(model))
    pairs = [(name, getattr(model, name)) for name in names]
    rows = [
        f'<tr><th scope="row" {_LEFT}>{_words(name)}</th><td {_LEFT}>{_cell(name, value)}</td></tr>'
        for name, value in pairs
        if _is_known(value)
    ]
    one = names_of(type(model)).one
    return _table(one[:1].upper() + one[1:], "", rows)


def page_as_html(page: Page[Any]) -> str:
    """Return a list of models as a table.

    Example:
        >>> page_as_html(client.list_flows()).count("<tr>")
        3
    """
    model = type(page[0]) if page else page.model
    return rows_as_html(page, model, names_of(model).counted(len(page)))


def rows_as_html(items: Iterable[Any], model: Optional[type], caption: str) -> str:
    """Return items as a table with a row for each, up to a hundred."""
    held = list(items)
    columns = () if model is None else _ROWS.get(model) or _shown(model)
    columns = tuple(
        name
        for name in columns
        if any(_is_known(getattr(item, name, None)) for item in held)
    )
    if len(held) > _MOST_ROWS:
        caption += f", the first {_MOST_ROWS} of them"
    head = "".join(f'<th scope="col" {_LEFT}>{_words(name)}</th>' for name in columns)
    rows = [_row(item, columns) for item in held[:_MOST_ROWS]]
    return _table(caption, f"<thead><tr>{head}</tr></thead>" if held else "", rows)


def batch_as_html(result: BatchResult) -> str:
    """Return the counts of a batch, and a table of the first inputs that failed."""
    failed = result.failures(_MOST_FAILURES)
    count = len(result) - result.succeeded
    words = f"Batch: {result.succeeded} of {len(result)} succeeded, {count} failed"
    words += "" if result.is_complete else "; it is not complete"
    if not failed:
        return _table(words, "", [])
    if count > len(failed):
        words += f", of which these are the first {len(failed)}"
    return rows_as_html(failed, BatchItem, words)


def overview_as_html(
    execution: Execution, results: Sequence[NodeResult], flow: Optional[Flow]
) -> Html:
    """Return an execution with its nodes: a card, a graph, a time line and a table."""
    parts = [model_as_html(execution)]
    if flow is not None:
        states = {str(result.node_id): result.status for result in results}
        name = str(flow.name or flow.flow_id)
        parts.append(_figure(name, flow_as_svg(flow, states=states)))
    parts.append(_figure("Time line", timeline_as_svg(execution, results)))
    if results:
        caption = names_of(NodeResult).counted(len(results))
        parts.append(rows_as_html(results, NodeResult, caption))
    return Html("".join(parts))


def _shown(model: type) -> Tuple[str, ...]:
    fields = dataclasses.fields(model)
    return tuple(field.name for field in fields if field.repr)


def _figure(caption: str, svg: str) -> str:
    style = 'style="margin:0 0 1em;overflow-x:auto" tabindex="0"'
    head = f"<figcaption><strong>{_text(caption)}</strong></figcaption>"
    return f"<figure {style}>{head}{svg}</figure>"


def _table(caption: str, head: str, rows: List[str]) -> str:
    if not rows:
        return f"<p><strong>{_text(caption)}</strong></p>"
    style = 'style="text-align:left;color:inherit"'
    title = f"<caption {style}><strong>{_text(caption)}</strong></caption>"
    body = f"<tbody>{''.join(rows)}</tbody>"
    return f'<table style="margin:0 0 1em">{title}{head}{body}</table>'


def _row(item: Any, columns: Sequence[str]) -> str:
    cells = [_cell(name, getattr(item, name, None)) for name in columns]
    first = f'<th scope="row" {_LEFT}>{cells[0]}</th>' if cells else ""
    rest = "".join(f"<td {_LEFT}>{cell}</td>" for cell in cells[1:])
    return f"<tr>{first}{rest}</tr>"


def _is_known(value: Any) -> bool:
    return value is not None and value != "" and value != {} and value != []


def _words(name: str) -> str:
    words = {"execution_id": "execution", "node_id": "node", "flow_id": "flow"}
    words.update(agent_id="agent", input_data="input", output_data="output")
    words.update(error_message="error", created_at="created", started_at="started")
    words.update(completed_at="completed", is_active="active", agent_type="type")
    return words.get(name, name.replace("_", " "))


def _cell(name: str, value: Any) -> str:
    if name == "status" and value is not None:
        words = _text(f"{look_of(str(value)).sign} {value}")
        return f'<span style="white-space:nowrap">{words}</span>'
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, timedelta):
        return seconds_in_words(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return _text(", ".join(value))
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], Model):
        return str(len(value))
    if isinstance(value, (dict, list)):
        return f"<code>{_text(repr(value))}</code>"
    return "" if value is None else _text(str(value))


def _moment(moment: datetime) -> str:
    text = moment.isoformat(sep=" ", timespec="milliseconds").replace("+00:00", " UTC")
    return f'<time datetime="{escape(moment.isoformat())}">{escape(text)}</time>'


def _text(words: str) -> str:
    """Return a text for HTML, isolated in its direction and of limited length."""
    return f"<bdi>{clean(one_line(words, _LONGEST))}</bdi>"
