"""What is said of an exception that an agent's function raised: its text, place and traceback."""

import os
import traceback
from pathlib import Path
from types import TracebackType
from typing import Iterator, Optional

from ai_spine.local.agents.http_agents import AgentFailed
from ai_spine.utils import one_line

MAX_TRACEBACK = 16 * 1024  # bytes
_OWN_FOLDER = str(Path(__file__).parent) + os.sep


def failure_of(error: BaseException) -> AgentFailed:
    """Return the failure of an agent whose function raised an exception.

    Its text is the exception's class and message, and where the function was then, such as
    `ZeroDivisionError: division by zero (agents.py:12)`.
    """
    begin = _without_own(error.__traceback__)
    text = _text_of(error)
    words = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if begin is not None:
        words += f" ({_place_of(begin)})"
    return AgentFailed(words, _traceback_of(error, begin))


def _text_of(error: BaseException) -> str:
    try:
        return one_line(str(error))
    except Exception:  # of an agent's own class
        return ""


def _without_own(begin: Optional[TracebackType]) -> Optional[TracebackType]:
    """Return a traceback from the agent's function on, without the frames that called it."""
    while begin is not None and _file_of(begin).startswith(_OWN_FOLDER):
        begin = begin.tb_next
    return begin


def _place_of(begin: TracebackType) -> str:
    """Return the last line that was reached in the file of the agent's function."""
    file = _file_of(begin)
    last = [each for each in _frames(begin) if _file_of(each) == file][-1]
    return f"{one_line(os.path.basename(file))}:{last.tb_lineno}"


def _frames(begin: Optional[TracebackType]) -> Iterator[TracebackType]:
    while begin is not None:
        yield begin
        begin = begin.tb_next


def _file_of(place: TracebackType) -> str:
    return place.tb_frame.f_code.co_filename


def _traceback_of(error: BaseException, begin: Optional[TracebackType]) -> str:
    """Return a traceback as Python prints it; a long one loses its middle."""
    try:
        text = "".join(traceback.format_exception(type(error), error, begin))
    except Exception:  # of an agent's own class
        return f"{type(error).__name__}: its traceback cannot be shown\n"
    data = text.encode("utf-8", "replace")
    if len(data) > MAX_TRACEBACK:
        half = (MAX_TRACEBACK - 100) // 2
        note = f"\n… {len(data) - 2 * half} bytes were dropped here …\n"
        data = data[:half] + note.encode() + data[-half:]
    return data.decode("utf-8", "ignore")
