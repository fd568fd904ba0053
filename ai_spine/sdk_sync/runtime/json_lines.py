"""JSON lines (`application/x-ndjson`, `application/jsonl`): a JSON value per line. Pure."""

from typing import Any, Iterable, List

from ai_spine.constants import MAX_RESPONSE_BYTES
from ai_spine.policy.decoding import parse_json
from ai_spine.policy.json_encoding import encode_json
from ai_spine.sdk_sync.runtime.values import ToJSON, as_is

_BLANK = b" \t\r\n\x1e"  # the last begins each text of `application/json-seq`


class JSONLinesParser:
    """Parses a stream of JSON lines piece by piece, wherever it is cut.

    Args:
        limit: How many bytes a line may have.

    Example:
        >>> parser = JSONLinesParser()
        >>> parser.feed(b'{"a": 1}\\n\\n[2'), parser.feed(b"]"), parser.close()
        ([{'a': 1}], [], [[2]])
    """

    def __init__(self, limit: int = MAX_RESPONSE_BYTES) -> None:
        self._limit = limit
        self._pieces: List[bytes] = []
        self._length = 0

    def feed(self, data: bytes) -> List[Any]:
        """Parse the next bytes, and return the values whose lines they end.

        Raises:
            ValueError: A line is not JSON, or exceeds the limit.
        """
        *ended, rest = data.split(b"\n")
        if ended:
            ended[0] = b"".join([*self._pieces, ended[0]])
            self._pieces, self._length = [], 0
        self._pieces.append(rest)
        self._length += len(rest)
        if max([self._length, *map(len, ended)]) > self._limit:
            raise ValueError(f"a line has more than {self._limit} bytes")
        return [_parse(line) for line in ended if line.strip(_BLANK)]

    def close(self) -> List[Any]:
        """Return the value of the last line, which needs no line feed.

        Raises:
            ValueError: The line is not JSON.
        """
        last, self._pieces, self._length = b"".join(self._pieces), [], 0
        return [_parse(last)] if last.strip(_BLANK) else []


def encode_json_lines(values: Iterable[Any], to_json: ToJSON = as_is) -> bytes:
    """Return values as JSON lines; the last ends with a line feed as well.

    Raises:
        ValidationError: A value cannot be written as JSON.

    Example:
        >>> encode_json_lines([{"a": 1}, [2]])
        b'{"a": 1}\\n[2]\\n'
    """
    return b"".join(encode_json(to_json(each)) + b"\n" for each in values)


def _parse(line: bytes) -> Any:
    try:
        return parse_json(line.strip(_BLANK))
    except (ValueError, RecursionError):
        raise ValueError("a line is no JSON") from None
