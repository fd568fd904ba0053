"""Tests that run the example notebook in a kernel of its own, and look at what it shows."""

import re
import sys
from pathlib import Path

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")
pytest.importorskip("pandas")

PATH = Path(__file__).parents[2] / "examples" / "notebook.ipynb"
LIMIT = 120  # seconds until a cell that hangs is interrupted
# What Jupyter's own packages say of themselves is not ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(sys.platform == "win32", reason="kernels want another loop"),
]


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """The cells of code, executed."""
    notebook = nbformat.read(PATH, as_version=4)
    folder = str(tmp_path_factory.mktemp("notebook"))
    client = nbclient.NotebookClient(
        notebook, timeout=LIMIT, resources={"metadata": {"path": folder}}
    )
    client.execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def html_of(cells, start):
    """Return what the cell that begins so shows as HTML."""
    (cell,) = (cell for cell in cells if cell.source.startswith(start))
    shown = [output.get("data", {}).get("text/html", "") for output in cell.outputs]
    return "".join(shown)


def test_the_notebook_is_kept_without_outputs():
    notebook = nbformat.read(PATH, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_no_cell_fails_and_none_warns(cells):
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    told = "".join(output.get("text", "") for output in outputs)
    assert "Warning" not in told


def test_the_notebook_shows_a_graph_executions_and_tables(cells):
    assert "<svg " in html_of(cells, "client.get_flow")
    assert "completed" in html_of(cells, "applicant =")
    assert html_of(cells, "overview(").count("<svg ") == 2
    assert "text must not be empty" in html_of(cells, "try:")
    assert "4 of 5 succeeded, 1 failed" in html_of(cells, "texts =")
    assert "output.sentiment.label" in html_of(cells, "frame = to_dataframe")
    assert "7 executions" in html_of(cells, "client.list_executions")


def test_a_batch_in_a_notebook_shows_a_bar_without_asking(cells):
    pytest.importorskip("tqdm")
    (cell,) = (cell for cell in cells if cell.source.startswith("texts ="))
    told = "".join(output.get("text", "") for output in cell.outputs)
    told += str([output.get("data", "") for output in cell.outputs])
    assert re.search(r"5/5.*failed=1", told)
