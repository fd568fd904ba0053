"""Tables as text: lists whose columns shrink to fit, and pairs whose values are wrapped. Pure."""

import unicodedata
from typing import Callable, Iterator, List, Optional, Sequence, Tuple

GAP = "  "
_LEAST = 6  # columns of the screen that a column of a table needs to be readable
_LEAST_VALUE = 12  # columns that the value beside a name needs
Paint = Callable[[int, str], str]


def text_width(text: str) -> int:
    """Return the columns that a text takes on a screen.

    Example:
        >>> text_width("ab"), text_width("日本"), text_width("e\\u0301")
        (2, 4, 1)
    """
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if character < "\u0300":
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shortened(text: str, width: int, ellipsis: str = "…") -> str:
    """Return a text that takes at most `width` columns; what is cut off shows as an ellipsis.

    Example:
        >>> shortened("decision", 6), shortened("日本語", 4), shortened("日a", 2)
        ('decis…', '日…', '…')
    """
    if text_width(text) <= width:
        return text
    room = max(width - len(ellipsis), 0)
    start = next(_pieces(text, room), "")
    # A wide character makes a piece even where it has no room.
    return (start if text_width(start) <= room else "") + ellipsis[:width]


def _pieces(text: str, width: int) -> Iterator[str]:
    """Cut a text into pieces of at most `width` columns, none of which is empty."""
    start = taken = 0
    for position, character in enumerate(text):
        wide = _width(character)
        if taken + wide > width and (position > start or width <= 0):
            yield text[start:position]
            start, taken = position, 0
        taken += wide
    yield text[start:]


def wrapped(text: str, width: int) -> List[str]:
    """Return the lines of a text that take at most `width` columns each, cut at spaces if possible.

    Example:
        >>> wrapped("the risk is low", 8)
        ['the risk', 'is low']
    """
    lines: List[str] = []
    line, taken = "", 0
    for word in text.split(" "):
        wide = text_width(word)
        if line and taken + 1 + wide <= width:
            line, taken = f"{line} {word}", taken + 1 + wide
            continue
        if line:
            lines.append(line)
        *whole, line = _pieces(word, width)
        lines += whole
        taken = text_width(line)
    return [*lines, line]


def table_lines(
    rows: Sequence[Sequence[str]],
    width: Optional[int] = None,
    *,
    ellipsis: str = "…",
    whole: bool = False,
    paint: Paint = lambda column, text: text,
) -> List[str]:
    """Return the lines of a table.

    Args:
        rows: The cells; the first row has the headings.
        width: The columns of the screen that there are; `None` shortens nothing. Where columns
            would be too narrow to read, each row becomes a paragraph.
        ellipsis: Replaces what is cut off.
        whole: Whether nothing may be cut off: rows that are too wide become paragraphs.
        paint: Takes a column and a cell that has its final length, and may colour it.

    Example:
        >>> table_lines([["ID", "NAME"], ["a", "Annie Lee"]], 12)
        ['ID  NAME', 'a   Annie L…']
    """
    widths = [max(map(text_width, column)) for column in zip(*rows)]
    if width is not None:
        fitted = _fitted(widths, width)
        if fitted is None or (whole and fitted != widths):
            return list(_paragraphs(rows, width, paint))
        widths = fitted
    return [_line(row, widths, ellipsis, paint) for row in rows]


def _line(
    row: Sequence[str], widths: Sequence[int], ellipsis: str, paint: Paint
) -> str:
    cells = []
    for column, (cell, width) in enumerate(zip(row, widths)):
        text = shortened(cell, width, ellipsis)
        padding = " " * (width - text_width(text)) if column < len(widths) - 1 else ""
        cells.append(paint(column, text) + padding)
    return GAP.join(cells).rstrip()


def _fitted(widths: Sequence[int], limit: int) -> Optional[List[int]]:
    """Shrink columns until they fit, the widest first; `None` says that they would be useless."""
    room = limit - len(GAP) * (len(widths) - 1)
    if sum(widths) <= room:
        return list(widths)
    if sum(min(width, _LEAST) for width in widths) > room:
        return None
    first, rest = widths[0], widths[1:]
    # The first column is usually an id, which is useless unless it is complete.
    if first <= limit // 2 and sum(min(w, _LEAST) for w in rest) <= room - first:
        return [first, *_shared(rest, room - first)]
    return _shared(widths, room)


def _shared(widths: Sequence[int], room: int) -> List[int]:
    """Give narrow columns the width they need, and the others equal shares of the rest."""
    given = [0] * len(widths)
    by_width = sorted(range(len(widths)), key=lambda column: widths[column])
    for done, column in enumerate(by_width):
        given[column] = min(widths[column], room // (len(widths) - done))
        room -= given[column]
    return given


def _paragraphs(
    rows: Sequence[Sequence[str]], width: int, paint: Paint
) -> Iterator[str]:
    headings, *others = rows
    if not others:
        yield from wrapped(" ".join(headings), width)
    for number, row in enumerate(others):
        if number:
            yield ""
        yield from pair_lines(list(zip(headings, row)), width, paint=paint)


def pair_lines(
    pairs: Sequence[Tuple[str, str]],
    width: Optional[int] = None,
    *,
    paint: Paint = lambda pair, text: text,
) -> List[str]:
    """Return the lines of names and their values.

    Args:
        pairs: The names and values.
        width: The columns of the screen that there are: longer values are wrapped, not cut off.
        paint: Takes the number of a pair and a line of its value, and may colour it.

    Example:
        >>> pair_lines([("a", "1"), ("reasons", "the debt is small")], 23)
        ['a        1', 'reasons  the debt is', '         small']
    """
    longest = max((text_width(name) for name, _ in pairs), default=0)
    indent = longest + len(GAP)
    if width is not None and width - indent < _LEAST_VALUE:
        return _stacked(pairs, width, paint)
    lines = []
    for number, (name, value) in enumerate(pairs):
        parts = [value] if width is None else wrapped(value, width - indent)
        head = name + " " * (indent - text_width(name))
        for part in parts:
            lines.append((head + paint(number, part)).rstrip())
            head = " " * indent
    return lines


def _stacked(pairs: Sequence[Tuple[str, str]], width: int, paint: Paint) -> List[str]:
    """Put each name above its value, where they do not fit beside each other."""
    lines = []
    indent = GAP if width > 2 * len(GAP) else ""
    for number, (name, value) in enumerate(pairs):
        if text_width(name) + len(GAP) + text_width(value) <= width:
            lines.append(f"{name}{GAP}{paint(number, value)}".rstrip())
            continue
        lines += wrapped(name, width)
        parts = wrapped(value, max(width - len(indent), 1))
        lines += [indent + paint(number, part) for part in parts]
    return lines
