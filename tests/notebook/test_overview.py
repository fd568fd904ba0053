"""Tests that run the example notebook in a kernel and check its outputs."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

# Looked for, not imported: nbformat takes more than a second, in each process of the tests.
NEEDED = ("nbclient", "nbformat", "ipykernel", "pandas")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]
PATH = Path(__file__).parents[2] / "examples" / "notebook.ipynb"
LIMIT = 120  # seconds until a cell that hangs is interrupted
# Jupyter's own packages cause warnings.
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"{MISSING} must be installed"),
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(sys.platform == "win32", reason="kernels want another loop"),
]


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """The executed code cells."""
    import nbclient
    import nbformat

    notebook = nbformat.read(PATH, as_version=4)
    folder = str(tmp_path_factory.mktemp("notebook"))
    client = nbclient.NotebookClient(
        notebook, timeout=LIMIT, resources={"metadata": {"path": folder}}
    )
    client.execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def html_of(cells, start):
    """Return the HTML output of the cell whose source starts with a text."""
    (cell,) = (cell for cell in cells if cell.source.startswith(start))
    shown = [output.get("data", {}).get("text/html", "") for output in cell.outputs]
    return "".join(shown)


def test_the_notebook_is_stored_without_outputs():
    import nbformat

    notebook = nbformat.read(PATH, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_no_cell_fails_or_warns(cells):
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    printed = "".join(output.get("text", "") for output in outputs)
    assert "Warning" not in printed


def test_the_notebook_shows_a_graph_executions_and_tables(cells):
    assert "<svg " in html_of(cells, "client.get_flow")
    assert "completed" in html_of(cells, "applicant =")
    assert html_of(cells, "overview(").count("<svg ") == 2
    assert "text must not be empty" in html_of(cells, "try:")
    assert "4 of 5 succeeded, 1 failed" in html_of(cells, "texts =")
    assert "output.sentiment.label" in html_of(cells, "frame = to_dataframe")
    assert "7 executions" in html_of(cells, "client.list_executions")


def test_a_batch_in_a_notebook_shows_a_progress_bar_by_default(cells):
    pytest.importorskip("tqdm")
    (cell,) = (cell for cell in cells if cell.source.startswith("texts ="))
    printed = "".join(output.get("text", "") for output in cell.outputs)
    printed += str([output.get("data", "") for output in cell.outputs])
    assert re.search(r"5/5.*failed=1", printed)
