"""What `batch` prints while it runs, and at its end."""

import sys
from typing import Any, Dict, List, Optional

import click

from ai_spine.batch.items import UNKNOWN, BatchItem, BatchProgress
from ai_spine.cli.output.printing import open_rows, say
from ai_spine.cli.output.tables import shortened, text_width
from ai_spine.cli.output.terminal import harmless, is_terminal, size_of
from ai_spine.cli.session import session
from ai_spine.exceptions import NotFoundError

_REDRAW_AFTER = 0.1  # seconds
_MOST_REASONS = 3
_COLUMNS = ("index", "status", "execution_id", "output", "error")
_FIELDS = (
    *("index", "status", "input", "output", "error", "execution_id"),
    *("created_at", "completed_at", "attempt", "idempotency_key"),
)


class Report:
    """Reports a batch: results on stdout unless a file takes them, everything else on stderr.

    Args:
        total: How many inputs there are; `None` where that is not known.
        path: The file that takes the results.
        resumes: Whether an earlier run may have done some of them.
    """

    def __init__(
        self, total: Optional[int], path: Optional[str], resumes: bool
    ) -> None:
        self.failed = 0
        """How many inputs have no output."""
        self.doubts = 0
        """How many inputs may or may not have run."""
        self.lacks_flow = False
        """Whether the server has said that the flow does not exist."""
        self._total, self._path, self._resumes = total, path, resumes
        self._counts: Dict[str, int] = {}
        self._reasons = Reasons()
        self._has_terminal = is_terminal(sys.stderr)
        options = session().options
        self._query = options.get("query")
        fields = None if self._query else _FIELDS
        self._rows: Any = open_rows(options.get("output") or "jsonl", _COLUMNS, fields)
        self._shown = 0.0
        self._width = 0

    def take(self, item: BatchItem) -> None:
        """Count an item, and print it if no file has it."""
        if self._path is None:
            self._clear()
            data = item.to_dict()
            self._rows.put(data if self._query is None else self._query(data))
        self._counts[item.status] = self._counts.get(item.status, 0) + 1
        self.failed += not item.succeeded
        self.doubts += item.maybe_executed
        seen = item.execution
        is_nowhere = seen is not None and not seen.was_started
        if is_nowhere or isinstance(item.error, NotFoundError):
            self.lacks_flow = True
        self._reasons.note(item)

    @property
    def done(self) -> int:
        """How many inputs have come to an end."""
        return sum(self._counts.values())

    def show(self, progress: BatchProgress) -> None:
        """Draw how far it is, on a terminal, a few times a second."""
        if self._has_terminal and progress.elapsed - self._shown >= _REDRAW_AFTER:
            self._shown = progress.elapsed
            self._clear()
            line = describe(progress._replace(total=self._total))
            # A line that is longer than the terminal would be wrapped, and could not be cleared.
            line = shortened(line, max(size_of(sys.stderr).columns - 1, 1), "")
            self._width = text_width(line)
            click.echo(line, err=True, nl=False)

    def end(self) -> None:
        """Print the summary of a run that came to its end."""
        self._clear()
        if self._path is None:
            self._rows.end()
        done = self.done
        totals = f": {self._totals()}" if done else ": there is nothing to execute"
        if self._total is not None and done < self._total:  # --stop-on-error
            left = self._total - done
            self._say(
                f"{done} of {plural(self._total)} done{totals}; {left} not started"
            )
        else:
            self._say(f"{plural(done)}{totals}")

    def cut_short(self, running: int = 0) -> None:
        """Print the summary of a run that was broken off, if it was begun.

        Args:
            running: How many executions go on unobserved.
        """
        self._clear()
        done = self.done
        if not (done or running):
            return
        if self._path is None:
            self._rows.end()
        totals = [f": {self._totals()}"] if done else []
        left = [f"{running} still running"] if running else []
        if self._total is None:
            head = f"{plural(done)} done"
        else:
            head = f"{done} of {plural(self._total)} done"
            others = self._total - done - running
            word = "reached" if self._resumes else "started"
            left += [f"{others} not {word}"] if others > 0 else []
        self._say(
            "; ".join(["".join([head, *totals]), *filter(None, [", ".join(left)])])
        )

    def not_printed(self) -> None:
        """Print the summary of a run that ended because nobody reads its output."""
        self._clear()
        done = self.done
        of = "" if self._total is None else f" of {self._total}"
        totals = f": {self._totals()}" if done else ""
        say(
            f"{done}{of} inputs were printed{totals}; then stdout could not be written: "
            "what was in flight has ended, the others were not started"
        )

    def _totals(self) -> str:
        counts = sorted(self._counts.items())
        return ", ".join(f"{count} {status}" for status, count in counts)

    def _say(self, summary: str) -> None:
        has_results = self._path is not None and set(self._counts) - {UNKNOWN}
        say(summary + (f"; {self._path} has the results" if has_results else ""))
        for line in self._reasons.lines():
            say(line)
        unknown = self._counts.get(UNKNOWN, 0)
        if unknown and self._path is not None:
            what = "1 execution" if unknown == 1 else f"{unknown} executions"
            say(f"{what} may or may not have run. {self._advice()}")

    def _advice(self) -> str:
        """Return what to do about executions that may or may not have run."""
        if not self._resumes:
            return "Run again with --resume to check."
        return (
            "Look for them with `ai-spine executions list`; --retry-uncertain sends them again "
            "with the same keys, which is safe if the server honours Idempotency-Key."
        )

    def _clear(self) -> None:
        if self._width:
            click.echo("\r" + " " * self._width + "\r", err=True, nl=False)
            self._width = 0


class Reasons:
    """The first different reasons for which inputs have no output, and how many have each.

    Example:
        >>> from ai_spine import ValidationError
        >>> reasons = Reasons()
        >>> for index in range(3):
        ...     reasons.note(BatchItem(index, {}, None, ValidationError("it is no mapping")))
        >>> reasons.lines()
        ['input 0 and 2 more: it is no mapping']
    """

    def __init__(self) -> None:
        self._first: Dict[str, int] = {}
        self._counts: Dict[str, int] = {}
        self._others = 0

    def note(self, item: BatchItem) -> None:
        """Note why an item has no output."""
        if item.error is None:
            return
        reason = reason_of(item)
        if reason not in self._counts and len(self._counts) == _MOST_REASONS:
            self._others += 1
            return
        self._counts[reason] = self._counts.get(reason, 0) + 1
        self._first[reason] = min(self._first.get(reason, item.index), item.index)

    def lines(self) -> List[str]:
        """Return a line for each reason."""
        lines = []
        for reason, count in self._counts.items():
            more = f" and {count - 1} more" if count > 1 else ""
            lines.append(f"input {self._first[reason]}{more}: {reason}")
        if self._others:
            lines.append(f"{self._others} more for other reasons")
        return lines


def reason_of(item: BatchItem) -> str:
    """Return why an item has no output, without what differs from one execution to the next."""
    error = item.error
    status = getattr(error, "status_code", None)
    reason = harmless(getattr(error, "message", "") or type(error).__name__)
    if item.execution is not None:
        reason = reason.replace(
            f"execution {item.execution.execution_id} ", "execution "
        )
    return f"{status}: {reason}" if status else reason


def plural(count: int) -> str:
    """Return a count of inputs in words.

    Example:
        >>> plural(1), plural(2)
        ('1 input', '2 inputs')
    """
    return f"{count} input{'' if count == 1 else 's'}"


def describe(progress: BatchProgress) -> str:
    """Say how far a batch is.

    Example:
        >>> describe(BatchProgress(done=50, failed=2, total=200, elapsed=10.0))
        '50 of 200 (25 %), 5.0 per second, 2 failed, 30 s left'
    """
    done = f"{progress.done}"
    if progress.total:
        done += f" of {progress.total} ({100 * progress.done / progress.total:.0f} %)"
    parts = [done, f"{progress.rate:.1f} per second"]
    if progress.failed:
        parts.append(f"{progress.failed} failed")
    if progress.left is not None:
        parts.append(f"{progress.left:.0f} s left")
    return ", ".join(parts)
