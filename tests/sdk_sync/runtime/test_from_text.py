"""Tests of how pydantic reads times, dates and UUIDs: as the models of attrs do."""

import sys
from datetime import date, datetime
from typing import Annotated, Any, Iterator, Optional
from unittest import mock
from uuid import UUID

import pydantic
import pytest

from ai_spine.sdk_sync.runtime import from_text
from ai_spine.sdk_sync.runtime.from_text import FromText
from ai_spine.sdk_sync.runtime.readers import Misfit, Reader, reader_of

USUAL = [
    "2026-11-20T10:50:42Z",
    "2026-11-20T10:50:42+05:30",
    "2026-11-20T10:50:42.123456Z",
    "2026-11-20T10:50:42.123456-08:00",
]
UNUSUAL = [
    "2026-11-20T10:50:42",
    "2026-11-20T10:50:42.123Z",
    "2026-11-20T10:50:42.123456789Z",
    "2026-11-20T10:50:42.12345+00:00",
    "2026-11-20T10:50:42+0000",
    "2026-11-20 10:50:42.123456+00:00",
    "2026-11-20t10:50:42z",
    "2026-11-20T105042.1+00:00",
    "2026-W47-5T10:50:42+00:00",
    "2026-13-20T10:50:42Z",
    "2026-11-20T10:50:42+99:99",
    "20261120-0T10:50:42Z",
    "----------T::::::::Z",
    "２０２６-11-20T10:50:42Z",
    "2026-11-20T10:50:42Z\n",
    "2026-11-20",
    "tomorrow",
    "",
]


@pytest.fixture(params=[from_text._HAS_ENGINES, False], ids=["new", "old"])
def pydantic_of_any_age(request: Any) -> Iterator[None]:
    with mock.patch.object(from_text, "_HAS_ENGINES", request.param):
        yield


def _adapter(kind: Any = datetime) -> "pydantic.TypeAdapter[Any]":
    config = pydantic.ConfigDict(strict=True, regex_engine="python-re")
    return pydantic.TypeAdapter(Annotated[kind, FromText()], config=config)


@pytest.mark.usefixtures("pydantic_of_any_age")
@pytest.mark.parametrize("text", [*USUAL, *UNUSUAL])
def test_a_time_is_read_as_all_models_read_it(text: str) -> None:
    found, expected = _adapter().validate_python(text), reader_of(datetime).read(text)
    assert (type(found), found) == (type(expected), expected)
    if isinstance(found, datetime):
        assert found.isoformat() == expected.isoformat()
        assert found.tzinfo == expected.tzinfo


def test_usual_times_are_read_without_python_code() -> None:
    def refuse(value: Any) -> Any:
        raise Misfit("left alone", value)

    with mock.patch.object(from_text, "reader_of", lambda kind: Reader(refuse)):
        adapter = _adapter()
    # Before 3.11, Python reads no Z.
    for text in USUAL if sys.version_info >= (3, 11) else USUAL[1::2]:
        assert adapter.validate_python(text) == datetime.fromisoformat(text)
    for text in UNUSUAL:
        with pytest.raises(pydantic.ValidationError):
            adapter.validate_python(text)


@pytest.mark.usefixtures("pydantic_of_any_age")
@pytest.mark.parametrize("value", [5, 1.5, True, [], {}, None, date(2026, 11, 20)])
def test_what_is_no_time_is_one_problem_at_its_place(value: Any) -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        _adapter().validate_python(value)
    (problem,) = caught.value.errors()
    assert (problem["type"], problem["loc"]) == ("value_error", ())
    assert problem["msg"] == "Value error, it must be a time"


def test_a_time_is_written_as_it_was_read() -> None:
    class Event(pydantic.BaseModel):
        at: Optional[Annotated[datetime, FromText()]]

    for text in [*USUAL[:1], "tomorrow"]:
        event = Event.model_validate_json(f'{{"at": "{text}"}}')
        assert event.model_dump_json() == f'{{"at":"{text}"}}'
        assert Event.model_validate(event.model_dump()) == event


@pytest.mark.parametrize(
    "kind, name", [(datetime, "date-time"), (date, "date"), (UUID, "uuid")]
)
def test_the_json_schema_names_the_format(kind: Any, name: str) -> None:
    assert _adapter(kind).json_schema() == {"type": "string", "format": name}
