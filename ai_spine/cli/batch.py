"""`batch`: executes a flow for each input of a file. `inputs.py` reads them."""

import contextlib
import os
from typing import Any, Iterator, NoReturn, Optional, Tuple

import click

from ai_spine.batch.checkpoint import journal_of
from ai_spine.cli.commands import SECONDS, command
from ai_spine.cli.errors import fail, meant, wants_json
from ai_spine.cli.exit_codes import EXECUTION_FAILED, INTERRUPTED, exit_code_of
from ai_spine.cli.inputs import FORMATS, count_inputs, read_inputs, source_of
from ai_spine.cli.output.batch_report import Report, plural
from ai_spine.cli.output.printing import say
from ai_spine.cli.output.terminal import StdoutError
from ai_spine.cli.session import session
from ai_spine.client import AISpine
from ai_spine.constants import (
    DEFAULT_CONCURRENCY,
    DEFAULT_POOL_SIZE,
    DEFAULT_WAIT_TIMEOUT,
)
from ai_spine.exceptions import APIError, NetworkError


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
@click.option("--resume", is_flag=True, help="Continue the run that wrote the file.")
@click.option(
    "--retry-failed", is_flag=True, help="Resume, and execute failed inputs again."
)
@click.option(
    "--retry-uncertain",
    is_flag=True,
    help="Resume, and send inputs that may have run again with their keys.",
)
@click.option(
    "--retry-writes",
    is_flag=True,
    help="The server honours Idempotency-Key: send inputs that may have run again.",
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
    """Execute a flow for each line of a file.

    Without -o, results go to stdout, as JSON lines if no --output says otherwise; --query picks
    of each.

    \b
    ai-spine batch credit_analysis applicants.csv -o results.jsonl
    ai-spine batch credit_analysis applicants.csv -o results.jsonl --resume
    ai-spine batch credit_analysis applicants.csv --output csv > results.csv
    """
    _check_printing(results)
    retries = options["retry_failed"] or options["retry_uncertain"]
    _check_results(results, resume or retries)
    source = source_of(inputs, format_, columns, as_text)
    report = Report(count_inputs(source), results, resume or retries)
    client = _client(options["concurrency"], retry_writes)
    options.update(checkpoint=results, on_result=report.take, progress=report.show)
    with _ending(report, results):
        client.execute_batch(flow_id, read_inputs(source), **options)
    if report.failed:
        _end_failed(flow_id, report)


COMMANDS = (batch,)


@contextlib.contextmanager
def _ending(report: Report, results: Optional[str]) -> Iterator[None]:
    """Print the summary, however the run ends; if it never started, only the error."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        report.cut_short(getattr(interrupt, "running", 0))
        go_on = (
            ""
            if results is None
            else "; run the same command with --resume to continue"
        )
        fail(f"the batch was stopped{go_on}", INTERRUPTED)
    except (BrokenPipeError, StdoutError):
        report.not_printed()
        raise
    except (APIError, NetworkError) as error:  # the server lets nothing in
        report.cut_short()
        message = f"{error}" if report.doubts else f"{error}; nothing was started"
        fail(message, exit_code_of(error), error=error)
    except Exception:
        report.cut_short()
        raise
    report.end()


def _end_failed(flow_id: str, report: Report) -> NoReturn:
    """End a run with failures: with an error for programs; people have the summary."""
    near = meant() if report.lacks_flow else ""
    if wants_json(click.get_current_context()):
        message = f"{report.failed} of {plural(report.done)} failed{near}"
        fail(message, EXECUTION_FAILED)
    if near:
        say(f"there is no flow {flow_id!r}{near}")
    raise click.exceptions.Exit(EXECUTION_FAILED)


def _check_printing(results: Optional[str]) -> None:
    """Refuse options for what is printed, where nothing is."""
    options = session().options
    if results is not None and "query" in options:
        raise click.UsageError("--query picks of what is printed; with -o, nothing is")
    if results is not None and options.get("output") in ("csv", "yaml"):
        form = options["output"]
        raise click.UsageError(f"-o writes JSON lines; --output {form} is for stdout")


def _check_results(results: Optional[str], resume: bool) -> None:
    if results is not None and os.path.isdir(results):
        raise click.UsageError(f"-o {results} is a directory: use a file")
    if resume and results is None:
        raise click.UsageError("to resume, set the file of results with -o")
    if resume or results is None:
        return
    if os.path.exists(results):
        raise click.UsageError(
            f"{results} exists: continue it with --resume, or use another file"
        )
    journal = journal_of(results)
    if os.path.exists(journal_of(os.path.realpath(results))):
        raise click.UsageError(
            f"{journal} belongs to a run that is not finished: continue it with --resume, "
            "remove it, or use another file"
        )


def _client(concurrency: int, retry_writes: bool) -> AISpine:
    honours_keys = retry_writes or bool(session().options.get("local"))
    pool_size = max(min(concurrency, 64), DEFAULT_POOL_SIZE)
    return session().client(pool_size=pool_size).with_options(retry_writes=honours_keys)
