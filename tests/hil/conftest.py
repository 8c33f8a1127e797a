"""A folder of FMUs for the whole session."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def fmus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared by all processes of a parallel run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "fmus"
    folder.mkdir(exist_ok=True)
    return folder
