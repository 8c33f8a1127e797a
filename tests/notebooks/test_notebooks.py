"""Every notebook runs from top to bottom and shows what it draws."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
PICTURES = {"image/png", "image/svg+xml"}


def shows_picture(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell's outputs hold a picture."""
    return any(PICTURES & set(output.get("data", {})) for output in cell.get("outputs", []))


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda p: p.stem)
def test_notebook(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) < 10
    assert sum(map(shows_picture, code)) >= 3


def test_the_first_notebook_goes_from_plant_to_own_controller() -> None:
    notebook = nbformat.read(FOLDER / "01_first_comparison.ipynb", as_version=4)
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    for call in ("models.load(", "plots.", "plant.steady(", "plant.linearize(", "class Mine"):
        assert call in source
    own = source.split("class Mine")[1].split("mine =")[0].strip().splitlines()
    assert sum(bool(line.strip()) for line in own) <= 10
