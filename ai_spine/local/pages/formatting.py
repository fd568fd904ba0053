"""How the page shows text, times and time lines safely. Pure."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple
from urllib.parse import quote

from markupsafe import Markup

from ai_spine.flows.json_reading import parse_json
from ai_spine.models import Execution, Flow, NodeResult
from ai_spine.utils import one_line

LONGEST_SHOWN = (
    100_000  # characters of JSON; nobody reads more, and browsers become slow
)
LONGEST_OF_NODE = 2_000  # the same, where there may be a thousand of them
STRIP_WIDTH, STRIP_HEIGHT, _MOST_BARS = 120.0, 24.0, 12
EXAMPLE_FIELD = "example_input"
SIGNS = {
    "completed": "✓",
    "failed": "✗",
    "running": "▸",
    "pending": "○",
    "cancelled": "■",
    "skipped": "–",
}
_CONTROL = {code: 0x2400 + code for code in range(0x20) if code not in (0x9, 0xA)}
_CONTROL[0x7F] = 0x2421
_CONTROL.update(dict.fromkeys(range(0x80, 0xA0), 0xFFFD))
# JSON has an escape for what a page cannot contain and for what reverses the text after it, so
# that an input stays what it is.
_ESCAPED = (range(0x7F, 0xA0), range(0x202A, 0x202F), range(0x2066, 0x206A))
_ESCAPES = {
    c: f"\\u{c:04x}" for codes in (*_ESCAPED, range(0xD800, 0xE000)) for c in codes
}


class Bar(NamedTuple):
    """One node in a small time line, in units of its drawing."""

    status: str
    x: float
    y: float
    width: float
    height: float


class Row(NamedTuple):
    """An execution in a list."""

    execution: Execution
    took: str
    bars: List[Bar]
    summary: str
    """The time line in words."""


def visible(value: Any) -> Any:
    """Return a text with visible control characters, which have no effect.

    Example:
        >>> visible(chr(27) + "[2J")
        '␛[2J'
    """
    if isinstance(value, str) and not isinstance(value, Markup):
        return value.translate(_CONTROL)
    return "" if value is None else value


def as_json(value: Any, limit: Optional[int] = LONGEST_SHOWN) -> str:
    """Return a value as readable JSON, cut after so many characters."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if limit is not None and len(text) > limit:
        rest = f"\n… and {len(text) - limit:,} characters more"
        return text[:limit].translate(_ESCAPES) + rest
    return text.translate(_ESCAPES)


def link(path: str, **values: Any) -> str:
    """Return a path of the page with its query; values that are `None` are left out.

    Example:
        >>> link("/page/flow", id="a/b&c")
        '/page/flow?id=a%2Fb%26c'
    """
    pairs = [
        f"{name.rstrip('_')}={quote(str(value), safe='', errors='replace')}"
        for name, value in values.items()
        if value is not None
    ]
    return f"{path}?{'&'.join(pairs)}" if pairs else path


def seconds_in_words(seconds: Optional[float]) -> str:
    """Return a time as people say it.

    Example:
        >>> seconds_in_words(0.0123), seconds_in_words(2.5), seconds_in_words(3725)
        ('12 ms', '2.5 s', '1 h 2 min')
    """
    if seconds is None:
        return ""
    if seconds < 0.995:
        return f"{max(0.0, seconds) * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{round(seconds, 1):g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def moment_in_words(moment: Any) -> str:
    """Return a moment to the second; what is none, as it is."""
    if not isinstance(moment, datetime):
        return str(moment or "")
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def moment_for_machines(moment: Any) -> str:
    """Return a moment as the attribute of a `time` element."""
    return moment.isoformat() if isinstance(moment, datetime) else ""


def time_taken(what: Any, now: Optional[datetime] = None) -> Optional[float]:
    """Return how many seconds an execution or a node has taken, so far or in all."""
    if what.duration is not None:
        return float(what.duration.total_seconds())
    begun = what.started_at or what.created_at
    if what.completed_at is not None or not isinstance(begun, datetime):
        return None
    return ((now or datetime.now(timezone.utc)) - begun).total_seconds()


def row_of(execution: Execution, results: Sequence[NodeResult]) -> Row:
    """Return an execution as a list shows it."""
    took = seconds_in_words(time_taken(execution))
    ran = [result for result in results if result.status != "skipped"]
    summary = ", ".join(
        f"{result.node_id}: {result.status}, {seconds_in_words(time_taken(result))}"
        for result in ran[:_MOST_BARS]
    )
    if len(ran) > _MOST_BARS:
        summary += f", and {len(ran) - _MOST_BARS} more"
    return Row(execution, took, _bars(ran[:_MOST_BARS]), summary)


def _bars(results: Sequence[NodeResult]) -> List[Bar]:
    spans = [(result, *_span(result)) for result in results]
    timed = [(r, begun, ended) for r, begun, ended in spans if begun and ended]
    if not timed:
        return []
    first = min(begun for _, begun, _ in timed)
    whole = max(ended for _, _, ended in timed) - first
    unit = STRIP_WIDTH / max(whole.total_seconds(), 1e-6)
    height = STRIP_HEIGHT / len(timed)
    bars = []
    for number, (result, begun, ended) in enumerate(timed):
        width = max(2.0, (ended - begun).total_seconds() * unit)
        x = min((begun - first).total_seconds() * unit, STRIP_WIDTH - width)
        place = (round(max(0.0, x), 1), round(number * height + height * 0.1, 1))
        size = (round(min(width, STRIP_WIDTH), 1), round(height * 0.8, 1))
        bars.append(Bar(str(result.status), *place, *size))
    return bars


def _span(result: NodeResult) -> Tuple[Any, Any]:
    begun, ended = result.started_at or result.created_at, result.completed_at
    if ended is None and isinstance(begun, datetime):
        ended = max(datetime.now(timezone.utc), begun + timedelta(microseconds=1))
    return begun, ended


def states_of(
    execution: Execution, flow: Flow, results: Sequence[NodeResult]
) -> Dict[str, str]:
    """Return the status of each node; while an execution runs, other nodes are pending."""
    begun = {result.node_id: str(result.status) for result in results}
    if execution.is_done:
        return begun
    return {**{node.id: "pending" for node in flow.nodes}, **begun}


def logs_by_node(lines: Sequence[Mapping[str, str]]) -> Dict[str, str]:
    """Return what each node has printed and logged; records have their level before them."""
    texts: Dict[str, List[str]] = {}
    for line in lines:
        is_printed = line["level"] == "stdout"
        text = line["text"] if is_printed else f"{line['level']}: {line['text']}"
        texts.setdefault(line["node_id"], []).append(text)
    return {node_id: "\n".join(text) for node_id, text in texts.items()}


def progress_in_words(
    execution: Execution, flow: Optional[Flow], results: Sequence[NodeResult]
) -> str:
    """Return the state of an execution in one sentence."""
    took = seconds_in_words(time_taken(execution))
    if execution.is_done:
        return f"{str(execution.status).capitalize()} after {took}."
    over = sum(str(result.status) not in ("running", "pending") for result in results)
    running = [result.node_id for result in results if result.status == "running"]
    of_all = f" of {len(flow.nodes)}" if flow is not None else ""
    at = f" Running now: {', '.join(running[:5])}." if running else ""
    noun = "node" if of_all.endswith(" 1") or (not of_all and over == 1) else "nodes"
    verb = "is" if over == 1 or noun == "node" else "are"
    return (
        f"{str(execution.status).capitalize()}: {over}{of_all} {noun} {verb} done.{at}"
    )


def example_for(
    flow: Flow, latest: Sequence[Mapping[str, Any]]
) -> Tuple[Dict[str, Any], str]:
    """Return an input to begin with, and where it is from.

    Args:
        flow: The flow; its metadata may have an `example_input`.
        latest: The flow's latest executions that completed.
    """
    metadata = flow.metadata if isinstance(flow.metadata, dict) else {}
    example = metadata.get(EXAMPLE_FIELD)
    if isinstance(example, dict):
        return example, "This is the flow's own example."
    if latest:
        return dict(latest[0]["input_data"]), "This is the input of the last run."
    return {}, (
        f"The flow has no example of its input: its metadata can have one as {EXAMPLE_FIELD}."
    )


def read_input(text: str) -> Dict[str, Any]:
    """Return the input that somebody has entered.

    Raises:
        ValueError: It is not a JSON object; the message says where the error is.
    """
    if not text.strip():
        raise ValueError("The input is empty. Write a JSON object; {} is the least.")
    try:
        given = parse_json(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"This is not JSON: {error.msg}, in {place}.") from None
    except ValueError as error:
        raise ValueError(f"This is not JSON: {error}.") from None
    if not isinstance(given, dict):
        raise ValueError('The input must be a JSON object, such as {"name": "Ana"}.')
    return given


def read_offset(text: Optional[str]) -> int:
    """Return how many executions a page leaves out.

    Raises:
        ValueError: It is not a valid page number.
    """
    if not text:
        return 0
    if text.isascii() and text.isdigit() and len(text) < 16:
        return int(text)
    shown = one_line(repr(text), 80)
    raise ValueError(f"A page begins at a whole number from 0, not at {shown}.")


def mark_of(execution: Execution, results: List[NodeResult]) -> str:
    """Return a text that changes whenever an execution does."""
    last = max((str(result.updated_at) for result in results), default="")
    return f"{execution.status} {len(results)} {last}"
