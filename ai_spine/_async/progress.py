"""Progress bars, drawn by tqdm where it is installed. They go to stderr."""

from __future__ import annotations

import contextlib
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any, Callable, Iterator, Optional, Union

from ai_spine._async.runtime import call_back
from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.models import Execution
from ai_spine.utils import one_line

if TYPE_CHECKING:  # without batches, their import is not needed
    from ai_spine.batch.items import BatchProgress

OnExecution = Callable[[Execution], Any]
OnBatch = Callable[["BatchProgress"], Any]
_DELAY = 0.5  # seconds; what is done sooner needs no bar
_WORDS = 60  # characters; a server may call a status anything


def make_bars(progress: Optional[bool]) -> Optional[Any]:
    """Return the class of progress bars to show; `None` for none.

    Args:
        progress: Whether to show a bar; `None` shows one in notebooks that have tqdm.

    Raises:
        ValidationError: It is neither a boolean nor `None`.
        ConfigurationError: A bar is requested, and tqdm is not installed.
    """
    if progress is not None and not isinstance(progress, bool):
        raise ValidationError(f"progress must be True, False or None, not {progress!r}")
    if progress is False or (progress is None and not _is_notebook()):
        return None
    try:
        with warnings.catch_warnings():
            # Without widgets, it is a bar of text.
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm
    except ImportError:
        if progress is None:
            return None
        raise ConfigurationError(
            "progress=True needs tqdm: pip install 'ai-spine-sdk[notebook]'"
        ) from None
    return tqdm


def _is_notebook() -> bool:
    """Return whether this is a running cell; other threads of a notebook draw nothing."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    in_cell = threading.current_thread() is threading.main_thread()
    return in_cell and getattr(shell, "kernel", None) is not None


@contextlib.contextmanager
def wait_bar(
    bars: Optional[Any], name: str, also: Optional[OnExecution]
) -> Iterator[Optional[OnExecution]]:
    """Show a bar during a wait for one execution, and yield the callback that moves it.

    Args:
        bars: The class of bars; `None` for no bar.
        name: What the bar is called.
        also: A callback of the caller's, which is called as well.
    """
    if bars is None:
        yield also
        return
    layout = "{desc} [{elapsed}]"
    # At the end there is an execution or an error, which say more than the bar.
    with bars(desc=name, bar_format=layout, delay=_DELAY, leave=False) as bar:

        async def saw(execution: Execution) -> None:
            words = one_line(f"{execution.flow_id or name}: {execution.status}", _WORDS)
            bar.set_description_str(words, refresh=False)
            bar.update(0)
            if also is not None:
                await call_back(also, execution)

        yield saw


@contextlib.contextmanager
def batch_bar(
    progress: Union[None, bool, OnBatch], name: str, total: Optional[int]
) -> Iterator[Optional[OnBatch]]:
    """Show a bar while a batch runs, and yield the callback that moves it.

    If `progress` is a callable, it is yielded instead.
    """
    if callable(progress):
        yield progress
        return
    bars = make_bars(progress)
    if bars is None:
        yield None
        return
    with bars(desc=name, total=total, unit="input") as bar:

        async def saw(seen: "BatchProgress") -> None:
            bar.set_postfix(failed=seen.failed, refresh=False)
            bar.update(seen.done - bar.n)

        yield saw
