"""The quick variant of ``benchmarks/simulate.py``: it runs, says what ran, and is as accurate as promised. Speeds are not judged here."""

import importlib
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "simulate.py"
PEERS = {"solve_ivp", "solve_ivp_compiled", "cvodes"}


def test_quick_variant_prints_one_document(monkeypatch, capsys) -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), "--quick", "--json"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["path"] in found["paths"]
    assert "numpy" in found["paths"]
    assert set(found["peers"]) == PEERS
    for of in found["paths"].values():
        assert set(of["years_per_s"]) == {"1", "64"}
        assert all(
            of["ratio"][peer]["64"] == pytest.approx(of["years_per_s"]["64"] / found["peers"][peer]["years_per_s"]) for peer in PEERS
        )
        assert of["worst_error_K"] < found["goals"]["worst_error_K"]["allowed"] == 0.05
        assert of["how"]
        assert all(kB > 0.0 for kB in of["memory_per_plant"].values())
    assert all(peer["worst_error_K"] < 0.05 and math.isfinite(peer["years_per_s"]) for peer in found["peers"].values())
    assert all(1.7 < order < 2.3 for order in found["observed_orders"])

    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    importlib.import_module("simulate").print_table(found)
    table = capsys.readouterr().out
    for path, of in found["paths"].items():
        assert f"{path}: {of['how']}; {of['threads']} threads" in table
    assert f"{found['goals']['worst_error_K']['measured']:.4f} K, 0.05 K allowed" in table
