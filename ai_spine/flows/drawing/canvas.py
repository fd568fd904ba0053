"""A grid of characters to draw boxes and lines on."""

from typing import Dict, List, NamedTuple, Tuple

from ai_spine.flows.drawing.theme import MISSING, columns, pad

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_LINES = " │││─┘┐┤─└┌├─┴┬┼"  # by the directions that a line leaves in
_PLAIN = " |||-+++-+++-+++"


class _Frame(NamedTuple):
    """The characters of a box: its corners, its sides, and where a line leaves it."""

    corners: str
    across: str
    side: str
    other_side: str
    leaves: str


_FRAMES = {
    "input": _Frame("╭╮╰╯", "─", "│", "│", "┬"),
    "processor": _Frame("┌┐└┘", "─", "│", "│", "┬"),
    "output": _Frame("╔╗╚╝", "═", "║", "║", "╤"),
    "conditional": _Frame("╱╲╲╱", "─", "<", ">", "┬"),
    MISSING: _Frame("┌┐└┘", "╌", "┆", "┆", "┬"),
}
_PLAIN_FRAMES = {
    "input": _Frame(".." + "''", "-", "(", ")", "+"),
    "processor": _Frame("++++", "-", "|", "|", "+"),
    "output": _Frame("++++", "=", "#", "#", "+"),
    "conditional": _Frame("/\\\\/", "-", "<", ">", "+"),
    MISSING: _Frame("++++", ".", ":", ":", "+"),
}


class Canvas:
    """A grid that grows as it is drawn on.

    Args:
        ascii_only: Whether lines are drawn in ASCII.
    """

    def __init__(self, ascii_only: bool) -> None:
        self._plain = ascii_only
        self._cells: Dict[Tuple[int, int], str] = {}
        # What leaves each place, for each line; lines that cross stay apart.
        self._ways: Dict[Tuple[int, int], Dict[int, int]] = {}

    def box(
        self, row: int, left: int, width: int, kind: str, texts: List[str], tall: int
    ) -> None:
        """Draw a box with its texts in the middle."""
        frame = (_PLAIN_FRAMES if self._plain else _FRAMES)[kind]
        corners, across = frame.corners, frame.across * (width - 2)
        self._write(row, left, corners[0] + across + corners[1])
        lines = [*texts, *[""] * (tall - 2 - len(texts))]
        for number, text in enumerate(lines, start=1):
            inner = frame.side + pad(text, width - 2) + frame.other_side
            self._write(row + number, left, inner)
        self._write(row + tall - 1, left, corners[2] + across + corners[3])

    def leave(self, row: int, column: int, kind: str) -> None:
        """Mark where a line leaves a box."""
        frame = (_PLAIN_FRAMES if self._plain else _FRAMES)[kind]
        self._cells[row, column] = frame.leaves

    def arrow(self, row: int, column: int) -> None:
        """Draw the tip of an arrow that points down."""
        self._cells[row, column] = "v" if self._plain else "▼"

    def down(self, net: int, column: int, first: int, last: int) -> None:
        """Draw a line down through these rows."""
        for row in range(first, last + 1):
            self._pass(net, row, column, _UP | _DOWN)

    def bend(self, net: int, row: int, start: int, ends: List[int]) -> None:
        """Draw a line sideways in a row, from where it comes from above to where it goes on."""
        left, right = min([start, *ends]), max([start, *ends])
        for column in range(left, right + 1):
            way = (_LEFT if column > left else 0) | (_RIGHT if column < right else 0)
            way |= _UP if column == start else 0
            way |= _DOWN if column in ends else 0
            self._pass(net, row, column, way)

    def lines(self) -> List[str]:
        """Return what was drawn, without spaces at the ends of lines."""
        for place, ways in self._ways.items():
            # Where lines cross, the one that goes down is drawn whole.
            way = ways[max(ways, key=lambda net: ways[net] & (_UP | _DOWN))]
            self._cells.setdefault(place, (_PLAIN if self._plain else _LINES)[way])
        rows: Dict[int, Dict[int, str]] = {}
        for (row, column), character in self._cells.items():
            rows.setdefault(row, {})[column] = character
        return [_joined(rows[row]) for row in sorted(rows)]

    def _pass(self, net: int, row: int, column: int, way: int) -> None:
        ways = self._ways.setdefault((row, column), {})
        ways[net] = ways.get(net, 0) | way

    def _write(self, row: int, column: int, text: str) -> None:
        for character in text:
            size = columns(character)
            if not size:  # it belongs to the one before
                self._cells[row, column - 1] += character
                continue
            self._cells[row, column] = character
            if size == 2:
                self._cells[row, column + 1] = ""
            column += size


def _joined(cells: Dict[int, str]) -> str:
    return "".join(cells.get(n, " ") for n in range(max(cells) + 1)).rstrip()
