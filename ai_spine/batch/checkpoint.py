"""Makes a batch durable: a file of results, and a journal of inputs that are not finished.

The file of results has one line for each finished input. The journal beside it has a line before
each POST and another when its response is known; it is removed when every input is finished. Both
are written line by line, so that a run that was killed at any moment can be resumed. When a failed
input is executed again, its old line stays until the end of the run, or of the next one. The
journal also records that the server has echoed an idempotency key: then an input that may have run
can be sent again with the same key.
"""

import os
import uuid
from typing import Any, Dict, Mapping, NamedTuple, Optional, Set, Tuple

from ai_spine.batch.items import BatchItem, key_of
from ai_spine.batch.jsonl import Line, LineFile
from ai_spine.exceptions import (
    CallInfo,
    ConfigurationError,
    NetworkError,
    NotFoundError,
)
from ai_spine.models import Execution
from ai_spine.policy.json_encoding import JsonDefault
from ai_spine.utils import random_id

JOURNAL_SUFFIX = ".journal"


class Sent(NamedTuple):
    """What the journal knows about an input that is not finished."""

    attempt: int
    """Which execution of the input it is."""
    execution_id: Optional[str] = None
    """Its execution, if the server's response was seen."""
    is_uncertain: bool = False
    """Whether it was sent and no response was seen, or the server has lost its execution."""
    key: Optional[str] = None
    """The idempotency key that it was sent with; it also identifies the input."""


class Plan(NamedTuple):
    """What to do with an input."""

    attempt: int
    key: str
    execution_id: Optional[str] = None
    """The execution to poll; without one, the input must be sent."""
    item: Optional[BatchItem] = None
    """The result, if it is known already."""
    offset: Optional[int] = None
    """The place of the result in the file."""
    is_uncertain: bool = False
    """Whether an earlier request for it may have been executed."""


def journal_of(path: str) -> str:
    """Return the path of the journal of a file of results.

    Example:
        >>> journal_of("run.jsonl")
        'run.jsonl.journal'
    """
    return path + JOURNAL_SUFFIX


class NoCheckpoint:
    """Records nothing: the run cannot be resumed."""

    path: Optional[str] = None
    resend = False
    """Whether inputs that may have run are sent again, with the key that they had."""

    def plan(self, index: int, input_data: Any) -> Plan:
        """Return what to do with an input."""
        return Plan(0, random_id())

    def plan_unsent(self, index: int, input_data: Any) -> Plan:
        """Return the plan of an input that may have run, and is not sent again."""
        return self.plan(index, input_data)

    def note_keys_honoured(self) -> None:
        """Record that the server honours idempotency keys."""

    def note_sending(self, index: int, plan: Plan) -> None:
        """Record that an input is about to be sent."""

    def note_unsent(self, index: int, plan: Plan) -> None:
        """Record that an input was not sent after all."""

    def note_started(self, index: int, plan: Plan, execution_id: str) -> None:
        """Record the execution that the server has started for an input."""

    def note_ended(self, item: BatchItem) -> Optional[int]:
        """Record the result of an input, and return its place in the file."""
        return None

    def load(self, offset: int) -> BatchItem:
        """Return the item at a place in the file."""
        raise LookupError(offset)

    def close(self, *, is_complete: bool) -> None:
        """End the run."""


class Checkpoint(NoCheckpoint):
    """Records a run so that it can be resumed.

    Args:
        path: The file of results. If it exists, its run is resumed.
        flow_id: The flow that is executed.
        server: The URL of the server.
        tenancy: The tenant and the workspace that the inputs are executed for.
        retry_failed: Whether inputs that failed are executed again, each when it is planned.
        resend: Whether inputs that may have run are sent again, with the key that they had.
        json_default: The client's own, for inputs that have values of other types.

    Raises:
        ConfigurationError: A file cannot be read or written, is in use, or is of another flow.
    """

    def __init__(
        self,
        path: str,
        flow_id: str,
        *,
        server: str,
        tenancy: Tuple[Optional[str], Optional[str]] = (None, None),
        retry_failed: bool,
        resend: bool,
        json_default: Optional[JsonDefault] = None,
    ) -> None:
        self.path = path
        self._json_default = json_default
        self.resend = resend
        self._flow_id, self._server = flow_id, server
        names = zip(("tenant", "workspace"), tenancy)
        self._tenancy = {name: value for name, value in names if value is not None}
        self._retry_failed = retry_failed
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
        """Read both files, and start the journal."""
        self._read_journal()
        self._read_results()
        self._is_new = self._is_new and self._run is None
        self.run = self._run or uuid.uuid4().hex
        if not self._journal.has_lines:
            self._journal.add(self._of_run({}))

    def _key_of(self, index: int, input_data: Any, attempt: int) -> str:
        return key_of(self.run, index, input_data, attempt, self._json_default)

    def _of_run(self, fields: Mapping[str, Any]) -> Dict[str, Any]:
        """Return a line with these fields, and with what says which run it is of."""
        return {**fields, "flow_id": self._flow_id, "run": self.run, **self._tenancy}

    def plan(self, index: int, input_data: Any) -> Plan:
        """Return what to do with an input.

        Raises:
            ConfigurationError: The file has the result of another input in its place.
        """
        if index in self._finished:
            return self._finished_plan(index, input_data)
        if self.resend and self._sent.get(index, Sent(0)).is_uncertain:
            attempt, key = self._sent_with(index, input_data)
            return Plan(attempt, key, is_uncertain=True)
        return self.plan_unsent(index, input_data)

    def plan_unsent(self, index: int, input_data: Any) -> Plan:
        """Return the plan of an unfinished input that is not sent again if it may have run."""
        attempt, key = self._sent_with(index, input_data)
        sent = self._sent.get(index, Sent(0))
        if sent.is_uncertain and sent.execution_id is None:
            item = BatchItem(index, input_data, None, _uncertain(key), key, attempt)
            return Plan(attempt, key, item=item)
        return Plan(attempt, key, sent.execution_id)

    def _sent_with(self, index: int, input_data: Any) -> Tuple[int, str]:
        """Return the attempt and the key of an unfinished input."""
        sent = self._sent.get(index, Sent(0))
        key = self._key_of(index, input_data, sent.attempt)
        if sent.key not in (None, key):
            raise self._other_input(index)
        return sent.attempt, key

    def note_keys_honoured(self) -> None:
        """Record that the server honours idempotency keys."""
        if not self.resend:
            self.resend = True
            self._journal.add({"honours_keys": self._server})

    def _finished_plan(self, index: int, input_data: Any) -> Plan:
        offset = self._finished.pop(index)
        item = self.load(offset)
        if item.idempotency_key != self._key_of(index, input_data, item.attempt):
            raise self._other_input(index)
        if self._retry_failed and not item.succeeded:
            attempt = item.attempt + 1
            key = self._key_of(index, input_data, attempt)
            # The journal comes first: only lines that it knows to be old are dropped.
            self._note(index, Sent(attempt, key=key))
            self._stale.add(offset)
            return Plan(attempt, key)
        return Plan(item.attempt, item.idempotency_key, item=item, offset=offset)

    def _other_input(self, index: int) -> ConfigurationError:
        return ConfigurationError(
            f"{self.path} is of another run: its input {index} differs from the one given now; "
            "use another file, or the inputs that the run was started with"
        )

    def note_sending(self, index: int, plan: Plan) -> None:
        """Record that an input is about to be sent."""
        self._note(index, Sent(plan.attempt, None, True, plan.key))

    def note_unsent(self, index: int, plan: Plan) -> None:
        """Record that an input was not sent after all; an earlier request may have run."""
        if plan.execution_id is None and not plan.is_uncertain:
            self._note(index, Sent(plan.attempt, key=plan.key))

    def note_started(self, index: int, plan: Plan, execution_id: str) -> None:
        """Record the execution that the server has started for an input."""
        self._note(index, Sent(plan.attempt, execution_id, False, plan.key))

    def note_ended(self, item: BatchItem) -> Optional[int]:
        """Record the result of an input, and return its place in the file."""
        if item.is_final:
            known = item.to_dict(self._json_default)
            offset = self._results.add(self._of_run(known))
            self._sent.pop(item.index, None)
            return offset
        if item.execution is not None:
            self._note_seen(item, item.execution)
        elif not item.maybe_executed:
            self._note(item.index, Sent(item.attempt, key=item.idempotency_key))
        return None

    def _note_seen(self, item: BatchItem, execution: Execution) -> None:
        """Record whether the server still knows an execution, if a response says so."""
        forgotten = isinstance(item.error, NotFoundError)
        sent = Sent(
            item.attempt, execution.execution_id, forgotten, item.idempotency_key
        )
        if (forgotten or execution.status) and sent != self._sent.get(item.index):
            self._note(item.index, sent)

    def load(self, offset: int) -> BatchItem:
        """Return the item at a place in the file."""
        return BatchItem.from_dict(self._results.at(offset), self._flow_id)

    def close(self, *, is_complete: bool) -> None:
        """End the run: remove old lines, and the journal if nothing is left to do.

        Raises:
            ConfigurationError: A file cannot be written; the next run repairs it.
        """
        try:
            if self._stale:
                self._results.close_without(self._stale)
            if is_complete and not self._sent:
                self._journal.close_and_remove()
            elif self._is_disposable(is_complete):
                # The journal goes last: by itself it belongs to a run that can be resumed.
                self._results.close_and_remove()
                self._journal.close_and_remove()
        finally:
            self._close()

    def _is_disposable(self, is_complete: bool) -> bool:
        """Return whether the files are this run's own, and of no use to another run."""
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
            if "honours_keys" in line.value:
                self.resend |= line.value["honours_keys"] == self._server
                continue
            try:
                self._sent[line.value["index"]] = Sent(
                    line.value["attempt"],
                    line.value["execution_id"],
                    line.value["is_uncertain"],
                    line.value["key"],
                )
            except (KeyError, TypeError):
                raise _not_of_this_batch(self._journal, line) from None

    def _read_results(self) -> None:
        """Read the results, and note old ones of inputs that were executed again."""
        for line in self._results.read():
            self._check_run(self._results, line)
            index, attempt = line.value.get("index"), line.value.get("attempt")
            if not isinstance(index, int) or not isinstance(attempt, int):
                raise _not_of_this_batch(self._results, line)
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
            raise _not_of_this_batch(file, line)
        where = f"{file.path} line {line.number}"
        if flow_id != self._flow_id:
            raise ConfigurationError(
                f"{where} is of flow {flow_id!r}, not of {self._flow_id!r}: use another file"
            )
        for name in ("tenant", "workspace"):
            of_file, own = line.value.get(name), self._tenancy.get(name)
            if of_file != own:
                raise ConfigurationError(
                    f"{where} is of {_named(name, of_file)}, not of {_named(name, own)}: "
                    "use another file"
                )
        if run != (self._run or run):
            raise ConfigurationError(f"{where} is of another run: use another file")
        self._run = run


def _named(name: str, value: Any) -> str:
    return f"no {name}" if value is None else f"{name} {value!r}"


def _not_of_this_batch(file: LineFile, line: Line) -> ConfigurationError:
    return ConfigurationError(
        f"{file.path} line {line.number} is not of a batch: use another file"
    )


def _uncertain(key: str) -> NetworkError:
    call = CallInfo(maybe_executed=True, idempotency_key=key)
    return NetworkError(
        "it was sent in an earlier run, and its response was not seen", call=call
    )
