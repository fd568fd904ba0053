"""The tables of a run, as the guide shows them."""

import re
import statistics
from pathlib import Path
from typing import List, Sequence, Tuple

from benchmarks.harness import Line, Report, Row, machine

_BEGIN, _END = "<!-- tables: begin -->", "<!-- tables: end -->"


def check(path: str) -> None:
    """Refuse a file without marks for the tables.

    Raises:
        ValueError: It has none.
        OSError: It cannot be read.
    """
    _split(Path(path).read_text(encoding="utf-8"), path)


def write(path: str, runs: Sequence[Sequence[Report]]) -> None:
    """Write the tables between the two marks of a file; those of other benchmarks stay."""
    head, old, tail = _split(Path(path).read_text(encoding="utf-8"), path)
    _, *parts = re.split(r"^### ", old, flags=re.MULTILINE)
    sections = {part.split()[0]: f"### {part.strip()}" for part in parts}
    sections.update((group[0].name, _section(group)) for group in zip(*runs))
    tables = "\n\n".join(sections.values())
    whole = f"{head}{_BEGIN}\n\nOn {machine()}.\n\n{tables}\n\n{_END}{tail}"
    Path(path).write_text(whole, encoding="utf-8")


def _split(text: str, path: str) -> Tuple[str, str, str]:
    head, begins, rest = text.partition(_BEGIN)
    old, ends, tail = rest.partition(_END)
    if not (begins and ends):
        raise ValueError(f"{path} must have the lines {_BEGIN} and {_END}")
    return head, old, tail


def _section(reports: Sequence[Report]) -> str:
    first = reports[0]
    parts = [f"### {first.name}", f"{first.about[0].upper()}{first.about[1:]}."]
    parts.append(_lines([report.lines for report in reports]))
    parts.append(_rows([report.rows for report in reports]))
    parts += [f"{words[0].upper()}{words[1:]}." for words in first.left_out]
    return "\n\n".join(part for part in parts if part)


def _lines(runs: Sequence[List[Line]]) -> str:
    many = len(runs) > 1
    names = [f" run {number + 1} |" for number in range(len(runs))] if many else [" |"]
    table = [f"| |{''.join(names)} target | |", "|---" * (len(runs) + 3) + "|"]
    for same in zip(*runs):
        cells = "".join(f" {line.shown} |" for line in same)
        table.append(f"| {same[0].what} |{cells} {same[0].target} | {_verdict(same)} |")
    return "\n".join(table)


def _verdict(same: Sequence[Line]) -> str:
    """Return the worst verdict of all runs."""
    held = [line.holds for line in same]
    if False in held:
        return "**missed**"
    return "holds" if True in held else "-"


def _rows(runs: Sequence[List[Row]]) -> str:
    """Return the figures for comparison, as medians over the runs."""
    if not runs[0]:
        return ""
    table = ["| | median |", "|---|---:|"]
    for same in zip(*runs):
        value = statistics.median(row.value for row in same)
        table.append(f"| `{same[0].what}` | {same[0]._replace(value=value).shown} |")
    return "\n".join(table)
