"""For notebooks: an execution with its nodes in one picture."""

import contextlib
from typing import TYPE_CHECKING, Union

from ai_spine.exceptions import APIError, ValidationError
from ai_spine.models import Execution
from ai_spine.notebook.display import Html, overview_as_html

if TYPE_CHECKING:
    from ai_spine.client import AISpine


def overview(client: "AISpine", execution: Union[Execution, str]) -> Html:
    """Request an execution with its nodes, and return what a notebook shows of it.

    That is a card, the flow's graph with the status of each node, a time line, and a table of what
    each node gave. As the last line of a cell it is shown by itself; otherwise,
    `IPython.display.display` shows it.

    Args:
        client: The client to ask with.
        execution: The execution, or its id.

    Raises:
        ValidationError: The id cannot be one.
        NotFoundError: There is no such execution.
        APIError: The server refused.
        NetworkError: No response came.

    Example:
        >>> execution = client.execute_and_wait("sentiment-analysis", {"text": "Fine."})
        >>> overview(client, execution).count("<svg ")
        2
    """
    named = execution.execution_id if isinstance(execution, Execution) else execution
    seen = client.get_execution(named)
    results = client.get_execution_results(named)
    flow = None
    # If the flow is gone, or not for this key, its execution is shown all the same.
    with contextlib.suppress(APIError, ValidationError):
        flow = client.get_flow(seen.flow_id or "")
    return overview_as_html(seen, results, flow)
