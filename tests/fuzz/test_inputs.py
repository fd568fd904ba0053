"""Any Python value in a request is sent as JSON that decodes to an equal value, or refused."""

import datetime
import decimal
import enum
import json
import math
import uuid
from collections import OrderedDict, namedtuple
from types import MappingProxyType

from hypothesis import strategies as st

from ai_spine import ValidationError
from ai_spine.models import Flow, FlowNode
from tests.fuzz.canned import Canned, canned_client, check_error
from tests.fuzz.shares import fuzz
from tests.fuzz.strategies import NAMES, NUMBERS, TEXT, UNPRINTABLE, StandIn, deep, real

Pair = namedtuple("Pair", ["left", "right"])


class Word(str, enum.Enum):
    """A text with a name."""

    YES = "yes"


class Count(enum.IntEnum):
    """A number with a name."""

    TWO = 2


CONVERTED = {
    decimal.Decimal("1.5"): "1.5",
    datetime.date(2026, 11, 20): "2026-11-20",
    datetime.timedelta(seconds=90): 90.0,
    uuid.UUID(int=1): "00000000-0000-0000-0000-000000000001",
    range(3): [0, 1, 2],
    enum.Enum("Bare", "A").A: 1,
}
GOOD = st.sampled_from(
    [Word.YES, Count.TWO, Pair(1, "r"), True, 10**30, -0.0, deep(50), *CONVERTED]
)
BAD = st.sampled_from(
    [b"bytes", {1, 2}, object(), float("nan"), float("inf"), 1j, ..., len, Word]
    + [{(1, 2): 3}, {float("nan"): 1}, decimal.Decimal, datetime.date]
    + [memoryview(b"m"), Exception("e"), FlowNode]
)
HUGE = st.just(StandIn("10**5000", lambda: 10**5000))
KEYS = (
    TEXT | st.integers() | st.floats() | st.booleans() | st.none() | st.just(Word.YES)
)


def nested(leaves, keys):
    """Return leaves in lists, tuples, dicts and other mappings."""
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys, inner, max_size=3)
        | st.dictionaries(keys, inner, max_size=2).map(MappingProxyType)
        | st.dictionaries(keys, inner, max_size=2).map(OrderedDict),
        max_leaves=12,
    )


SCALARS = st.none() | st.booleans() | NUMBERS | TEXT | GOOD
DATA = st.dictionaries(
    TEXT | st.sampled_from(NAMES),
    nested(SCALARS, TEXT) | nested(SCALARS | BAD | UNPRINTABLE, KEYS | HUGE),
)
NAMED = st.dictionaries(
    TEXT | st.sampled_from(NAMES), nested(SCALARS, TEXT) | BAD | UNPRINTABLE
)
CALLS = {
    "input_data": lambda client, data: client.execute_flow("f", data),
    "metadata": lambda client, data: client.execute_flow("f", {}, data),
    "definition": lambda client, data: client.create_flow(data),
    "flow": lambda client, data: client.create_flow(Flow("f", metadata=data)),
    "agent_config": lambda client, data: client.create_agent(data),
    "json": lambda client, data: client.request("POST", "/x", json=data),
}
HOLDERS = {"input_data": "input_data", "metadata": "metadata", "flow": "metadata"}

CANNED = Canned()
CLIENT = canned_client(CANNED)


class Collision(Exception):
    """Two keys that Python distinguishes and JSON does not, such as 1 and "1"."""


def decoded(value):
    """Return the value that the JSON must decode to."""
    if isinstance(value, str):  # a surrogate pair becomes one character
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    if isinstance(value, (list, tuple)):
        return [decoded(item) for item in value]
    if isinstance(value, (dict, MappingProxyType)):
        parts = {key_of(key): decoded(part) for key, part in value.items()}
        if len(parts) != len(value):
            raise Collision
        return parts
    if type(value) not in (int, float, bool, type(None), Count) and value in CONVERTED:
        return CONVERTED[value]
    assert value is None or isinstance(value, (int, float)), value
    assert isinstance(value, int) or math.isfinite(value or 0)
    return value


def key_of(key):
    """Return a key as a JSON string."""
    if isinstance(key, str):
        return decoded(str.__str__(key) if type(key) is str else key.value)
    return json.dumps(key, allow_nan=False)


@fuzz(data=DATA | NAMED, place=st.sampled_from(sorted(CALLS)))
def test_any_data_is_sent_without_loss_or_refused(data, place):
    if place in ("definition", "agent_config"):
        data = {**data, "flow_id": "f", "agent_id": "a"}
    data = real(data)
    CANNED.respond_with(b'{"execution_id": "e", "status": "pending"}')
    try:
        CALLS[place](CLIENT, data)
    except ValidationError as error:
        assert CANNED.requests == []
        check_error(error)
        return
    (request,) = CANNED.requests
    body = json.loads(request.body)
    sent = body[HOLDERS[place]] if place in HOLDERS else body
    assert sent == decoded(data)
