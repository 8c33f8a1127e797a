"""The house itself: packages listed, links, imports, doctests, import time, text-file links."""

import doctest
import importlib
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import lowlift

ROOT = Path(__file__).parents[2]
FOLDERS = ("thermal", "models", "controllers", "sim", "data", "wire", "hil", "bms")


def modules() -> list[str]:
    return ["lowlift", *(m.name for m in pkgutil.walk_packages(lowlift.__path__, "lowlift."))]


def test_every_folder_with_code_is_in_the_package_list() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"])
    found = {"lowlift"}
    for folder in FOLDERS:
        found |= {".".join(["lowlift", *p.parent.relative_to(ROOT).parts]) for p in (ROOT / folder).rglob("__init__.py")}
    assert listed == found


def test_links_point_to_the_folders() -> None:
    for folder in FOLDERS:
        link = ROOT / "lowlift" / folder
        assert link.is_symlink() or link.is_file(), f"{link} must be a link (or, where links are off, its text)"


def test_no_generic_name_is_imported() -> None:
    code = "import sys, lowlift, lowlift.thermal.ops, lowlift.models.site; print([m for m in ('thermal', 'models') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    assert done.stdout.strip() == "[]"


def test_import_is_light() -> None:
    code = (
        "import sys, lowlift, lowlift.data; print([m for m in ('casadi', 'matplotlib', 'scipy', 'pvlib', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", [m for m in modules() if not m.endswith("__main__")])
def test_examples_in_docstrings(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


def test_works_where_links_are_text_files(tmp_path) -> None:
    """A clone without symbolic links (as on Windows) still imports through the package map."""
    clone = tmp_path / "clone"
    done = subprocess.run(
        ["git", "-c", "core.symlinks=false", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    assert (clone / "lowlift" / "thermal").is_file()
    (clone / "map.py").write_text(
        "import importlib.util, sys\n"
        "def load(name, path):\n"
        "    spec = importlib.util.spec_from_file_location(name, f'{path}/__init__.py', submodule_search_locations=[path])\n"
        "    module = importlib.util.module_from_spec(spec); sys.modules[name] = module; spec.loader.exec_module(module)\n"
        "for name, path in (('lowlift', 'lowlift'), ('lowlift.thermal', 'thermal'), ('lowlift.models', 'models'),\n"
        "                   ('lowlift.data', 'data')): load(name, path)\n"
        "from lowlift.models.site import load_site\n"
        "print('thermal' in sys.modules)\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, "map.py"], capture_output=True, text=True, cwd=clone)
    assert done.stdout.strip() == "False", done.stderr
