"""Executions on a time line, as SVG: one bar for each node."""

from datetime import datetime, timedelta, timezone
from typing import Any, Iterable, List, NamedTuple, Optional

from ai_spine.flows.drawing.elements import clean, number, picture, text, width_of
from ai_spine.flows.drawing.theme import look_of, shorten, printable
from ai_spine.models import Execution, NodeResult
from ai_spine.models.statuses import TERMINAL_STATUSES, ExecutionStatus

_LABEL, _STATE = 24, 22  # columns
_MARGIN, _ROW, _TOP, _BAR = 12, 26, 30, 16
_LENGTH = 360
_SMALL = 11
_MOST_DESCRIBED = 50
_BEGUN = TERMINAL_STATUSES | {ExecutionStatus.RUNNING}


class _Row(NamedTuple):
    """One bar."""

    name: str
    state: Optional[str]
    start: Optional[datetime]
    end: Optional[datetime]
    """Where it is not known, the bar has no end yet."""
    duration: Optional[timedelta]


def timeline_as_svg(execution: Execution, results: Iterable[NodeResult]) -> str:
    """Draw when each node of an execution ran, as an SVG picture for light and dark pages.

    Nodes that never ran, or whose times the server does not report, have a line without a bar. What
    runs is drawn up to the last moment that is known.

    Args:
        execution: The execution.
        results: The results of its nodes, as `get_execution_results` returns them.

    Example:
        >>> execution = client.execute_and_wait("sentiment-analysis", {"text": "Fine."})
        >>> results = client.get_execution_results(execution.execution_id)
        >>> timeline_as_svg(execution, results).count("<rect ")
        2
    """
    rows = [_row(result.node_id, result, result.duration) for result in results]
    rows.sort(key=lambda row: (row.start is None, row.start or _moment(0)))
    whole = _row("", execution, execution.duration)
    moments = [m for row in [whole, *rows] for m in (row.start, row.end) if m]
    first, last = min(moments, default=_moment(0)), max(moments, default=_moment(0))
    labels = [shorten(row.name, _LABEL) for row in rows]
    left = 2 * _MARGIN + max(map(width_of, labels), default=0)
    width = left + _LENGTH + _MARGIN + width_of("x" * _STATE, _SMALL) + _MARGIN
    height = _TOP + max(len(rows), 1) * _ROW + _MARGIN
    parts = _axis(left, height - _MARGIN, last - first)
    for position, (row, label) in enumerate(zip(rows, labels)):
        y = _TOP + position * _ROW
        parts.append(_drawn(row, label, left, y, first, last))
    if not rows:
        parts.append(text(left + _LENGTH / 2, _TOP + 18, "no node has begun"))
    title = f"Time line of execution {printable(str(execution.execution_id))}"
    return picture(width, height, title, _described(rows), parts, "timeline")


def _row(name: Any, held: Any, duration: Any) -> _Row:
    """Read the times of a result or an execution, which may be incomplete."""
    state = None if held.status is None else str(held.status)
    start = _aware(held.started_at)
    end = _aware(held.completed_at)
    length = duration if isinstance(duration, timedelta) else None
    try:
        if start is None and end is not None and length:
            start = end - length
        if start is None and state in _BEGUN:
            start = _aware(held.created_at)
        if end is None and start is not None and length is not None:
            end = start + length
    except OverflowError:
        end = None
    if not length and start is not None and end is not None:
        length = end - start  # it knows no parts of a millisecond
    if start is not None and end is not None and end < start:
        end = start  # two clocks that differ
    return _Row(
        name if isinstance(name, str) else repr(name), state, start, end, length
    )


def _aware(moment: Any) -> Optional[datetime]:
    if not isinstance(moment, datetime):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def _axis(left: float, bottom: float, whole: timedelta) -> List[str]:
    """Draw the ends of the time line, with the seconds that they stand for."""
    parts = []
    words = ["0 s", seconds_in_words(whole)] if whole else ["0 s"]
    for place, label in zip((left, left + _LENGTH), words):
        parts.append(
            f'<path d="M{number(place)} {_TOP - 6}V{number(bottom)}" fill="none" '
            'stroke="currentColor" stroke-opacity="0.35"/>'
        )
        parts.append(text(place, _TOP - 12, label, size=_SMALL))
    return parts


def _drawn(
    row: _Row, label: str, left: float, y: float, first: datetime, last: datetime
) -> str:
    whole = (last - first) or timedelta(microseconds=1)
    parts = [
        f"<title>{clean(row.name)} – {clean(_describe_row(row))}</title>",
        text(left - _MARGIN, y + 17, label, anchor="end"),
    ]
    if row.start is not None:
        start = left + _LENGTH * ((row.start - first) / whole)
        end = left + _LENGTH * (((row.end or last) - first) / whole)
        parts.append(_bar(row, start, max(end - start, 3), y + (_ROW - _BAR) / 2))
    words = shorten(_describe_row(row), _STATE)
    parts.append(
        text(left + _LENGTH + _MARGIN, y + 17, words, anchor="start", size=_SMALL)
    )
    return f"<g>{''.join(parts)}</g>"


def _bar(row: _Row, x: float, width: float, y: float) -> str:
    """Draw a bar; one that has not ended is open: only its outline, dashed."""
    place = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{_BAR}" rx="2"'
    if row.end is None:
        return (
            f'<rect {place} fill="none" stroke="currentColor" '
            'stroke-width="1.5" stroke-dasharray="5 4"/>'
        )
    return f'<rect {place} fill="{_FILLS.get(row.state or "", "#5c6470")}"/>'


# Each stands out from white and from black.
_FILLS = {
    str(ExecutionStatus.COMPLETED): "#1d7a46",
    str(ExecutionStatus.FAILED): "#c8372d",
    str(ExecutionStatus.RUNNING): "#1a6bc4",
    str(ExecutionStatus.CANCELLED): "#a85f00",
}


def seconds_in_words(duration: timedelta) -> str:
    """Return a duration in the unit that suits it.

    Example:
        >>> [seconds_in_words(timedelta(seconds=s)) for s in (0.0012, 0.012, 1.5, 100, 8000)]
        ['1.2 ms', '12 ms', '1.50 s', '1 min 40 s', '2 h 13 min']
    """
    total = duration.total_seconds()
    if not total:
        return "< 1 ms"
    if abs(total) < 1:
        return f"{total * 1000:.{1 if abs(total) < 0.01 else 0}f} ms"
    if abs(total) < 60:
        return f"{total:.2f} s"
    minutes, seconds = divmod(round(total), 60)
    if abs(minutes) < 60:
        return f"{minutes} min {seconds} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _describe_row(row: _Row) -> str:
    state = (
        f"{look_of(row.state).sign} {printable(row.state)}" if row.state else "unknown"
    )
    return (
        state if row.duration is None else f"{state}, {seconds_in_words(row.duration)}"
    )


def _described(rows: List[_Row]) -> str:
    words = [
        f"{shorten(row.name, _LABEL)}: {_describe_row(row)}"
        for row in rows[:_MOST_DESCRIBED]
    ]
    if len(rows) > _MOST_DESCRIBED:
        words.append(f"and {len(rows) - _MOST_DESCRIBED} more")
    return f"{'; '.join(words) or 'No node has begun'}."
