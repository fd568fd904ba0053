"""The results of a batch: an item for each input, and all of them together."""

import hashlib
import json
import os
from dataclasses import dataclass
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Union,
)

from ai_spine import exceptions
from ai_spine.exceptions import (
    AISpineError,
    BatchError,
    ConfigurationError,
    ConflictError,
    ExecutionError,
    ValidationError,
)
from ai_spine.models import Execution
from ai_spine.models.base import notebook_html
from ai_spine.policy.json_encoding import JsonDefault, encode_json
from ai_spine.utils import format_timestamp

REFUSED = "refused"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class BatchItem:
    """The result of one input."""

    index: int
    """The index of the input, counted from 0."""
    input: Any
    """The input."""
    execution: Optional[Execution]
    """The execution as last seen; `None` if none is known."""
    error: Optional[AISpineError]
    """Why there is no output; `None` if the execution completed."""
    idempotency_key: str = ""
    """The key that its request carried."""
    attempt: int = 0
    """Which execution of the input it is, counted from 0; `retry_failed` makes another."""

    @property
    def succeeded(self) -> bool:
        """Whether the execution completed."""
        return self.error is None

    @property
    def output(self) -> Optional[Dict[str, Any]]:
        """The output of each exit point; `None` if there is none."""
        return self.execution.output_data if self.execution is not None else None

    @property
    def is_final(self) -> bool:
        """Whether the result is certain; a resumed run looks for the others."""
        if self.maybe_executed:
            return False
        if self.error is None or isinstance(self.error, ExecutionError):
            return True
        refused = isinstance(self.error, (ValidationError, ConflictError))
        return refused and self.execution is None

    @property
    def maybe_executed(self) -> bool:
        """Whether an execution may have been started although none is known."""
        return self.execution is None and bool(
            getattr(self.error, "maybe_executed", False)
        )

    @property
    def status(self) -> str:
        """The status of the execution if it ended, `refused` if none began, else `unknown`."""
        if not self.is_final:
            return UNKNOWN
        if self.execution is None or not self.execution.was_started:
            return REFUSED
        return str(self.execution.status)

    def to_dict(self, json_default: Optional[JsonDefault] = None) -> Dict[str, Any]:
        """Return the item as JSON, as the file of results has it.

        Args:
            json_default: The client's own, for an input that has values of other types.
        """
        seen, error = self.execution, self.error
        if seen is not None and not seen.was_started:  # its id is none
            seen = None
        return {
            "index": self.index,
            "status": self.status,
            "input": _sorted(_json_or_type(self.input, json_default)),
            "output": self.output,
            "error": error and {"type": type(error).__name__, "message": error.message},
            "execution_id": seen and seen.execution_id,
            "created_at": _moment(seen and seen.created_at),
            "completed_at": _moment(seen and seen.completed_at),
            "attempt": self.attempt,
            "idempotency_key": self.idempotency_key,
        }

    @classmethod
    def from_dict(cls, line: Mapping[str, Any], flow_id: str) -> "BatchItem":
        """Read an item back, with as much of the execution as the line has."""
        error = line.get("error") or None
        execution = _execution_of(line, flow_id) if line.get("execution_id") else None
        return cls(
            line.get("index", -1),
            line.get("input"),
            execution,
            None if error is None else _error_of(error, execution),
            line.get("idempotency_key") or "",
            line.get("attempt") or 0,
        )


class BatchInterrupt(KeyboardInterrupt):
    """Ctrl-C during a batch; its text says how to resume.

    Args:
        message: The text.
        running: How many executions go on unobserved.
    """

    def __init__(self, message: str = "", running: int = 0) -> None:
        super().__init__(message)
        self.running = running


class BatchProgress(NamedTuple):
    """The progress of a batch."""

    done: int
    """Inputs with a result, good or bad."""
    failed: int
    """How many of them failed."""
    total: Optional[int]
    """How many inputs there are; `None` if that is unknown."""
    elapsed: float
    """Seconds since the start."""

    @property
    def rate(self) -> float:
        """Inputs per second."""
        return self.done / self.elapsed if self.elapsed > 0 else 0.0

    @property
    def left(self) -> Optional[float]:
        """Estimated seconds that are left; `None` if unknown."""
        if self.total is None or not self.rate:
            return None
        return max(self.total - self.done, 0) / self.rate


class BatchResult:
    """The items of a batch in the order of its inputs; inputs that were not started have none.

    With a checkpoint, the items are in its file and are read from there when they are used. A later
    run that executes failed inputs again moves them; then only its own result has them.

    Example:
        >>> result = client.execute_batch("sentiment-analysis", [{"text": "Fine."}, "no mapping"])
        >>> [item.status for item in result], len(result.failed)
        (['completed', 'refused'], 1)
    """

    def __init__(
        self, load: Callable[[int], BatchItem], path: Optional[str] = None
    ) -> None:
        self.is_complete = False
        """Whether every input has a result that is certain."""
        self._load, self._path = load, path
        self._held: Dict[int, Union[BatchItem, int]] = {}
        self._retried: Dict[int, int] = {}
        self._failed: List[int] = []
        self._order: Optional[List[int]] = None

    def add(self, item: BatchItem, offset: Optional[int] = None) -> None:
        """Add an item, or note its place in the file."""
        self._held[item.index] = item if offset is None else offset
        self._order = None
        if item.attempt:
            self._retried[item.index] = item.attempt
        if not item.succeeded:
            self._failed.append(item.index)

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[BatchItem]:
        return (self._item(index) for index in self._indexes())

    def __getitem__(self, position: int) -> BatchItem:
        return self._item(self._indexes()[position])

    @property
    def succeeded(self) -> int:
        """How many inputs have an output."""
        return len(self) - len(self._failed)

    @property
    def failed(self) -> List[BatchItem]:
        """The items without an output."""
        return self.failures()

    def failures(self, most: Optional[int] = None) -> List[BatchItem]:
        """Return the items without an output: the first `most` of them, or all."""
        return [self._item(index) for index in sorted(self._failed)[:most]]

    def raise_for_errors(self) -> None:
        """Raise an error if any input has no output.

        Raises:
            BatchError: Some inputs have no output; `.failed` has their items.
        """
        if not self._failed:
            return
        failed = self.failed
        first = failed[0]
        raise BatchError(
            f"{len(failed)} of {len(self)} inputs failed; input {first.index}: {first.error}",
            failed=failed,
        ) from first.error

    def to_jsonl(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Write a line of JSON for each item.

        Raises:
            ConfigurationError: The file cannot be written, or is the checkpoint itself.
        """
        if self._path is not None and _is_same_file(path, self._path):
            raise ConfigurationError(
                f"{os.fspath(path)} is the checkpoint, which already has the results"
            )
        try:
            with open(path, "w", encoding="ascii", newline="\n") as file:
                for item in self:
                    file.write(json.dumps(item.to_dict()) + "\n")
        except OSError as error:
            name = os.fspath(path)
            raise ConfigurationError(
                f"{name} cannot be written: {error.strerror}"
            ) from None

    def __repr__(self) -> str:
        return f"BatchResult(succeeded={self.succeeded}, failed={len(self._failed)})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html("batch_as_html", self)

    def _indexes(self) -> List[int]:
        if self._order is None:
            self._order = sorted(self._held)
        return self._order

    def _item(self, index: int) -> BatchItem:
        held = self._held[index]
        if isinstance(held, BatchItem):
            return held
        item = self._load(held)
        if (item.index, item.attempt) != (index, self._retried.get(index, 0)):
            raise ConfigurationError(
                f"{self._path} was changed by a later run: use the result of that run"
            )
        return item


def key_of(
    run: str,
    index: int,
    input_data: Any,
    attempt: int = 0,
    json_default: Optional[JsonDefault] = None,
) -> str:
    """Return the idempotency key of an input, which is the same in each run that resumes another.

    Args:
        run: The id of the run.
        index: The index of the input.
        input_data: The input.
        attempt: Which execution of the input it is.
        json_default: The client's own, for an input that has values of other types.

    Example:
        >>> key_of("run", 0, {"a": 1}) == key_of("run", 0, {"a": 1})
        True
    """
    known = [run, index, _json_or_type(input_data, json_default), attempt]
    text = json.dumps(known, sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def _is_same_file(path: Union[str, "os.PathLike[str]"], other: str) -> bool:
    return os.path.realpath(path) == os.path.realpath(other)


def _json_or_type(value: Any, json_default: Optional[JsonDefault]) -> Any:
    """Return JSON whose keys are all text, so that they can be sorted; of anything else, its type.

    The `repr` of such a value may contain an address, which differs in each run, or raise.
    """
    try:
        return json.loads(encode_json(value, json_default))
    except ValidationError:
        return f"not JSON: {type(value).__name__}"


def _sorted(plain: Any) -> Any:
    """Return JSON whose objects have their keys in order."""
    return json.loads(json.dumps(plain, sort_keys=True))


def _moment(moment: Any) -> Any:
    return format_timestamp(moment) if hasattr(moment, "astimezone") else moment


def _execution_of(line: Mapping[str, Any], flow_id: str) -> Execution:
    error = line.get("error") or {}
    return Execution.from_wire(
        {
            "execution_id": line["execution_id"],
            "flow_id": flow_id,
            "status": line.get("status"),
            "input_data": line.get("input"),
            "output_data": line.get("output"),
            "error_message": error.get("message"),
            "created_at": line.get("created_at"),
            "completed_at": line.get("completed_at"),
        }
    )


def _error_of(
    fields: Mapping[str, Any], execution: Optional[Execution]
) -> AISpineError:
    named = getattr(exceptions, str(fields.get("type")), AISpineError)
    known = isinstance(named, type) and issubclass(named, AISpineError)
    error: AISpineError = (named if known else AISpineError)(str(fields.get("message")))
    if isinstance(error, ExecutionError):
        error.execution = execution
    return error
