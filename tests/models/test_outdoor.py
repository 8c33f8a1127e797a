"""Weather files by the beginning of their name."""

import gzip
import re
from importlib import resources
from pathlib import Path

import pytest

from lowlift.data.errors import DataError
from lowlift.models.outdoor import find_weather


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two places, one of them beside its compressed copy."""
    packed = next(p for p in (resources.files("lowlift.data") / "weather").iterdir() if p.name.startswith("USA_AZ"))
    text = gzip.decompress(packed.read_bytes())
    for name in ("Golden", "Golden_West"):
        (tmp_path / f"{name}.epw").write_bytes(text)
    (tmp_path / "Golden.epw.gz").write_bytes(packed.read_bytes())
    return tmp_path


def test_a_file_beside_its_compressed_copy_is_one_weather(folder: Path) -> None:
    assert len(find_weather("Golden", folder).frame) == 8760
    (folder / "Golden.epw").unlink()
    assert len(find_weather("Golden", folder).frame) == 8760  # compressed, and still not the longer name
    assert len(find_weather("Golden_W", folder).frame) == 8760


def test_a_beginning_of_several_names_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match=re.escape("Gold: 2 weather files in")):
        find_weather("Gold", folder)
    with pytest.raises(DataError, match=r"Silver: no Silver\*\.epw"):
        find_weather("Silver", folder)
