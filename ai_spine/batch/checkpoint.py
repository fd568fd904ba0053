"""What makes a batch durable: a file of results, and a journal of what is not finished.

The results file has one line for each input whose fate is known. The journal beside it has a line
before each POST, and another when its answer is known; it is gone when every input is finished.
Both are written line by line, so that a run that was killed at any moment can go on. Where a
failed input is executed again, its old line stays until the end of the run, or of the next one.
"""

import os
import uuid
from typing import Any, Dict, NamedTuple, Optional, Set

from ai_spine.batch.items import BatchItem, key_of
from ai_spine.batch.jsonl import Line, LineFile
from ai_spine.exceptions import (
    CallInfo,
    ConfigurationError,
    NetworkError,
    NotFoundError,
)
from ai_spine.models import Execution

JOURNAL_SUFFIX = ".journal"


class Sent(NamedTuple):
    """What is known of an input that is not finished."""

    attempt: int
    """Which execution of the input it is."""
    execution_id: Optional[str] = None
    """Its execution, where the server's answer was seen."""
    is_uncertain: bool = False
    """Whether it was sent, and no answer was seen, or the server has forgotten its execution."""
    key: Optional[str] = None
    """The key that it was sent with, by which the input is known again."""


class Plan(NamedTuple):
    """What is to be done for an input: one of these."""

    attempt: int
    key: str
    execution_id: Optional[str] = None
    """The execution to ask about; without one, the input is to be sent."""
    item: Optional[BatchItem] = None
    """The result that is known already."""
    offset: Optional[int] = None
    """Where in the file it stands."""
    is_uncertain: bool = False
    """Whether an earlier request for it may have been executed."""


def journal_of(path: str) -> str:
    """Gives where the journal of a file of results stands.

    Example:
        >>> journal_of("run.jsonl")
        'run.jsonl.journal'
    """
    return path + JOURNAL_SUFFIX


class NoCheckpoint:
    """A run that leaves nothing behind."""

    run: str
    path: Optional[str] = None

    def __init__(self) -> None:
        self.run = uuid.uuid4().hex

    def plan(self, index: int, input_data: Any) -> Plan:
        """Tells what is to be done for an input."""
        return Plan(0, key_of(self.run, index, input_data))

    def sending(self, index: int, plan: Plan) -> None:
        """Notes that an input is about to be sent."""

    def never_sent(self, index: int, plan: Plan) -> None:
        """Takes back that it was about to be sent."""

    def started(self, index: int, plan: Plan, execution_id: str) -> None:
        """Notes the execution that the server has started for an input."""

    def ended(self, item: BatchItem) -> Optional[int]:
        """Notes what became of an input, and gives where it stands in the file."""
        return None

    def load(self, offset: int) -> BatchItem:
        """Gives the item that stands there."""
        raise LookupError(offset)

    def close(self, *, is_complete: bool) -> None:
        """Ends the run."""


class Checkpoint(NoCheckpoint):
    """A run that can be gone on with.

    Args:
        path: The file of results. Where it exists, its run is gone on with.
        flow_id: The flow that is executed.
        retry_failed: Whether inputs that failed are executed again, each when it is planned.
        resend: Whether inputs that may have been started are sent again, with the key they had.

    Raises:
        ConfigurationError: A file cannot be read or written, is in use, or is of another flow.
    """

    def __init__(
        self, path: str, flow_id: str, *, retry_failed: bool, resend: bool
    ) -> None:
        self.path = path
        self._flow_id = flow_id
        self._retry_failed, self._resend = retry_failed, resend
        self._finished: Dict[int, int] = {}
        self._sent: Dict[int, Sent] = {}
        self._stale: Set[int] = set()
        self._run: Optional[str] = None
        self._is_new = not os.path.lexists(path)
        self._results = LineFile(path)
        try:
            self._journal = LineFile(journal_of(path))
        except ConfigurationError:
            self._results.close()
            raise
        try:
            self._begin()
        except BaseException:
            self._close()
            raise

    def _begin(self) -> None:
        """Reads what there is, and makes ready for more."""
        self._read_journal()
        self._read_results()
        self._is_new = self._is_new and self._run is None
        self.run = self._run or uuid.uuid4().hex
        if not self._journal.has_lines:
            self._journal.add({"run": self.run, "flow_id": self._flow_id})

    def plan(self, index: int, input_data: Any) -> Plan:
        """Tells what is to be done for an input.

        Raises:
            ConfigurationError: The file has a result for another input in its place.
        """
        if index in self._finished:
            return self._finished_plan(index, input_data)
        sent = self._sent.get(index, Sent(0))
        key = key_of(self.run, index, input_data, sent.attempt)
        if sent.key not in (None, key):
            raise self._other_input(index)
        if sent.is_uncertain and self._resend:
            return Plan(sent.attempt, key, is_uncertain=True)
        if sent.is_uncertain and sent.execution_id is None:
            item = BatchItem(
                index, input_data, None, _uncertain(key), key, sent.attempt
            )
            return Plan(sent.attempt, key, item=item)
        return Plan(sent.attempt, key, sent.execution_id)

    def _finished_plan(self, index: int, input_data: Any) -> Plan:
        offset = self._finished.pop(index)
        item = self.load(offset)
        if item.idempotency_key != key_of(self.run, index, input_data, item.attempt):
            raise self._other_input(index)
        if self._retry_failed and not item.succeeded:
            attempt = item.attempt + 1
            key = key_of(self.run, index, input_data, attempt)
            # The journal comes first: a line that it does not know to be old is not dropped.
            self._note(index, Sent(attempt, key=key))
            self._stale.add(offset)
            return Plan(attempt, key)
        return Plan(item.attempt, item.idempotency_key, item=item, offset=offset)

    def _other_input(self, index: int) -> ConfigurationError:
        return ConfigurationError(
            f"{self.path} is of another run: its input {index} is not the one given now; "
            "name another file, or give the inputs that it was begun with"
        )

    def sending(self, index: int, plan: Plan) -> None:
        """Notes that an input is about to be sent."""
        self._note(index, Sent(plan.attempt, None, True, plan.key))

    def never_sent(self, index: int, plan: Plan) -> None:
        """Takes back that it was about to be sent; what an earlier request may have done stays."""
        if plan.execution_id is None and not plan.is_uncertain:
            self._note(index, Sent(plan.attempt, key=plan.key))

    def started(self, index: int, plan: Plan, execution_id: str) -> None:
        """Notes the execution that the server has started for an input."""
        self._note(index, Sent(plan.attempt, execution_id, False, plan.key))

    def ended(self, item: BatchItem) -> Optional[int]:
        """Notes what became of an input, and gives where it stands in the file."""
        if item.is_final:
            line = {**item.to_dict(), "flow_id": self._flow_id, "run": self.run}
            offset = self._results.add(line)
            self._sent.pop(item.index, None)
            return offset
        if item.execution is not None:
            self._note_seen(item, item.execution)
        elif not item.maybe_executed:
            self._note(item.index, Sent(item.attempt, key=item.idempotency_key))
        return None

    def _note_seen(self, item: BatchItem, execution: Execution) -> None:
        """Notes whether the server still knows the execution, if an answer has told so."""
        forgotten = isinstance(item.error, NotFoundError)
        sent = Sent(
            item.attempt, execution.execution_id, forgotten, item.idempotency_key
        )
        if (forgotten or execution.status) and sent != self._sent.get(item.index):
            self._note(item.index, sent)

    def load(self, offset: int) -> BatchItem:
        """Gives the item that stands there."""
        return BatchItem.from_dict(self._results.at(offset), self._flow_id)

    def close(self, *, is_complete: bool) -> None:
        """Ends the run: old lines go, and the journal too if nothing is left to do.

        Raises:
            ConfigurationError: A file cannot be written; the next run makes up for it.
        """
        try:
            if self._stale:
                self._results.close_without(self._stale)
            if is_complete and not self._sent:
                self._journal.close_and_remove()
            elif self._is_debris(is_complete):
                # The journal goes last: alone, it tells of a run that can be gone on with.
                self._results.close_and_remove()
                self._journal.close_and_remove()
        finally:
            self._close()

    def _is_debris(self, is_complete: bool) -> bool:
        """Tells whether the files are this run's own, and nothing in them is of use to another."""
        may_go = self._is_new and not (is_complete or self._results.has_lines)
        return may_go and not any(
            sent.is_uncertain or sent.execution_id for sent in self._sent.values()
        )

    def _close(self) -> None:
        self._journal.close()
        self._results.close()

    def _note(self, index: int, sent: Sent) -> None:
        self._sent[index] = sent
        self._journal.add({"index": index, **sent._asdict()})

    def _read_journal(self) -> None:
        for line in self._journal.read():
            if line.number == 1:
                self._check_run(self._journal, line)
                continue
            try:
                self._sent[line.value["index"]] = Sent(
                    line.value["attempt"],
                    line.value["execution_id"],
                    line.value["is_uncertain"],
                    line.value["key"],
                )
            except (KeyError, TypeError):
                raise _foreign(self._journal, line) from None

    def _read_results(self) -> None:
        """Reads what is finished, and what is only left from before it was executed again."""
        for line in self._results.read():
            self._check_run(self._results, line)
            index, attempt = line.value.get("index"), line.value.get("attempt")
            if not isinstance(index, int) or not isinstance(attempt, int):
                raise _foreign(self._results, line)
            sent = self._sent.get(index)
            if sent is not None and sent.attempt > attempt:
                self._stale.add(line.offset)
                continue
            if index in self._finished:
                self._stale.add(self._finished[index])
            self._finished[index] = line.offset
            self._sent.pop(index, None)

    def _check_run(self, file: LineFile, line: Line) -> None:
        run, flow_id = line.value.get("run"), line.value.get("flow_id")
        if not isinstance(run, str) or not isinstance(flow_id, str):
            raise _foreign(file, line)
        where = f"{file.path} line {line.number}"
        if flow_id != self._flow_id:
            raise ConfigurationError(
                f"{where} is of flow {flow_id!r}, not of {self._flow_id!r}: name another file"
            )
        if run != (self._run or run):
            raise ConfigurationError(f"{where} is of another run: name another file")
        self._run = run


def _foreign(file: LineFile, line: Line) -> ConfigurationError:
    return ConfigurationError(
        f"{file.path} line {line.number} is not of a batch: name another file"
    )


def _uncertain(key: str) -> NetworkError:
    call = CallInfo(maybe_executed=True, idempotency_key=key)
    return NetworkError(
        "it was sent in an earlier run, and no answer was seen", call=call
    )
