"""`batch`."""

import os
import sys
from typing import Any, Dict, Optional, Tuple

import click

from ai_spine.batch import UNKNOWN, BatchItem, BatchProgress
from ai_spine.checkpoint import journal_of
from ai_spine.cli.context import SECONDS, command, fail, session
from ai_spine.cli.exit_codes import EXECUTION_FAILED, INTERRUPTED
from ai_spine.cli.inputs import FORMATS, count_inputs, read_inputs, source_of
from ai_spine.cli.output import open_rows, say
from ai_spine.cli.tables import shortened, text_width
from ai_spine.cli.terminal import is_terminal, size_of
from ai_spine.client import AISpine
from ai_spine.constants import (
    DEFAULT_CONCURRENCY,
    DEFAULT_POOL_SIZE,
    DEFAULT_WAIT_TIMEOUT,
)

_REDRAW_AFTER = 0.1  # seconds
_COLUMNS = ("index", "status", "execution_id", "output", "error")
_FIELDS = (
    *("index", "status", "input", "output", "error", "execution_id"),
    *("created_at", "completed_at", "attempt", "idempotency_key"),
)


@command("batch")
@click.argument("flow_id")
@click.argument("inputs", metavar="INPUTS.jsonl|.csv|-")
@click.option("-o", "results", metavar="FILE", help="Where results go, as JSON lines.")
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=DEFAULT_CONCURRENCY,
    show_default=True,
    metavar="N",
    help="How many executions may be in flight.",
)
@click.option("--resume", is_flag=True, help="Go on with the run that wrote the file.")
@click.option("--retry-failed", is_flag=True, help="Resume; execute failed ones again.")
@click.option(
    "--retry-uncertain",
    is_flag=True,
    help="Resume; send again what may have been started, with the key that it had.",
)
@click.option(
    "--retry-writes",
    is_flag=True,
    help="The server honours Idempotency-Key: send again what may have been started.",
)
@click.option(
    "--input-column",
    "columns",
    multiple=True,
    metavar="NAME",
    help="A column or field to take [all].",
)
@click.option("--as-text", is_flag=True, help="Take CSV values as text, not as JSON.")
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), help="What INPUTS are."
)
@click.option("--stop-on-error", is_flag=True, help="Start nothing after a failure.")
@click.option(
    "--wait-timeout",
    "timeout",
    type=SECONDS,
    metavar="SECONDS",
    default=DEFAULT_WAIT_TIMEOUT,
    show_default=True,
    help="How long each execution may take.",
)
def batch(
    flow_id: str,
    inputs: str,
    results: Optional[str],
    resume: bool,
    retry_writes: bool,
    columns: Tuple[str, ...],
    as_text: bool,
    format_: Optional[str],
    **options: Any,
) -> None:
    """Execute a flow for each line of a file; without -o, results go to stdout.

    There they are JSON lines, if no --output says otherwise; --query picks of each.

    \b
    ai-spine batch credit_analysis applicants.csv -o results.jsonl
    ai-spine batch credit_analysis applicants.csv -o results.jsonl --resume
    ai-spine batch credit_analysis applicants.csv --output csv > results.csv
    """
    _check_printing(results)
    retries = options["retry_failed"] or options["retry_uncertain"]
    _check_results(results, resume or retries)
    source = source_of(inputs, format_, columns, as_text)
    report = _Report(count_inputs(source), results)
    client = _client(options["concurrency"], retry_writes)
    options.update(checkpoint=results, on_result=report.take, progress=report.show)
    try:
        client.execute_batch(flow_id, read_inputs(source), **options)
    except KeyboardInterrupt:
        report.end()
        go_on = "" if results is None else "; the same command with --resume goes on"
        fail(f"the batch was stopped{go_on}", INTERRUPTED)
    finally:
        report.end()
    if report.failed:
        raise click.exceptions.Exit(EXECUTION_FAILED)


COMMANDS = (batch,)


def _check_printing(results: Optional[str]) -> None:
    """Refuses options for what is printed, where nothing is."""
    options = session().options
    if results is not None and "query" in options:
        raise click.UsageError("--query picks of what is printed; with -o, nothing is")
    if results is not None and options.get("output") in ("csv", "yaml"):
        form = options["output"]
        raise click.UsageError(f"-o writes JSON lines; --output {form} is for stdout")


def _check_results(results: Optional[str], resume: bool) -> None:
    if resume and results is None:
        raise click.UsageError("to resume, name the file of results with -o")
    if resume or results is None:
        return
    if os.path.exists(results):
        raise click.UsageError(
            f"{results} exists: go on with it with --resume, or name another file"
        )
    journal = journal_of(results)
    if os.path.exists(journal_of(os.path.realpath(results))):
        raise click.UsageError(
            f"{journal} is left of a run that is not finished: go on with it with --resume, "
            "remove it, or name another file"
        )


def _client(concurrency: int, retry_writes: bool) -> AISpine:
    honours_keys = retry_writes or bool(session().options.get("local"))
    pool_size = max(min(concurrency, 64), DEFAULT_POOL_SIZE)
    return session().client(pool_size=pool_size).with_options(retry_writes=honours_keys)


class _Report:
    """What is told of a batch: lines on stdout where no file takes them, the rest on stderr."""

    def __init__(self, total: Optional[int], path: Optional[str]) -> None:
        self.failed = 0
        self._total = total
        self._path = path
        self._counts: Dict[str, int] = {}
        self._has_terminal = is_terminal(sys.stderr)
        options = session().options
        self._query = options.get("query")
        fields = None if self._query else _FIELDS
        self._rows: Any = open_rows(options.get("output") or "jsonl", _COLUMNS, fields)
        self._shown = 0.0
        self._width = 0
        self._has_ended = False

    def take(self, item: BatchItem) -> None:
        """Counts an item, and prints it if no file has it."""
        self._counts[item.status] = self._counts.get(item.status, 0) + 1
        self.failed += not item.succeeded
        if self._path is None:
            self._clear()
            told = item.to_dict()
            self._rows.put(told if self._query is None else self._query(told))

    def show(self, progress: BatchProgress) -> None:
        """Draws how far it is, on a terminal, a few times a second."""
        if self._has_terminal and progress.elapsed - self._shown >= _REDRAW_AFTER:
            self._shown = progress.elapsed
            self._clear()
            line = describe(progress._replace(total=self._total))
            # A line that is longer than the terminal would be wrapped, and could not be cleared.
            line = shortened(line, max(size_of(sys.stderr).columns - 1, 1), "")
            self._width = text_width(line)
            click.echo(line, err=True, nl=False)

    def end(self) -> None:
        """Takes the drawing away, and sums up; a second call changes nothing."""
        if self._has_ended:
            return
        self._has_ended = True
        self._clear()
        if self._path is None:
            self._rows.end()
        counts = sorted(self._counts.items())
        told = ", ".join(f"{count} {status}" for status, count in counts) or "none"
        where = "" if self._path is None else f"; {self._path} has the results"
        say(f"{sum(self._counts.values())} inputs: {told}{where}")
        if self._counts.get(UNKNOWN) and self._path is not None:
            say("what became of some is unknown: --resume asks about them")

    def _clear(self) -> None:
        if self._width:
            click.echo("\r" + " " * self._width + "\r", err=True, nl=False)
            self._width = 0


def describe(progress: BatchProgress) -> str:
    """Says how far a batch is.

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
