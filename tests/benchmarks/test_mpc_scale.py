"""The quick variant of ``benchmarks/mpc_scale.py``: it runs, every plan is converged and agrees with flat solvers. Times are not judged."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "mpc_scale.py"


def test_quick_variant_prints_one_document(monkeypatch, capsys, tmp_path) -> None:
    command = [
        sys.executable,
        str(SCRIPT),
        "--quick",
        "--json",
        "--cdus",
        "2",
        "4",
        "--horizons",
        "3",
        "6",
        "--plot",
        str(tmp_path / "scale.png"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "scale.png").stat().st_size > 0
    found = json.loads(done.stdout)
    assert [(row["cdus"], row["stages"]) for row in found["table"]] == [(2, 3), (2, 6), (4, 3), (4, 6)]
    for row in found["table"]:
        assert row["converged"]
        assert row["kkt_error"] <= found["tolerance"]
        assert row["warm_against_cold"] < 1e-4
        assert row["racks"] == 8 * row["cdus"]
    assert set(found["exponents"]) == {"stages", "cdus"}
    for name in ("ipopt", "fatrop"):
        # All end a little inside their limits, each by its own last barrier parameter.
        assert abs(found["peers"][name]["objective_difference"]) < 1e-4

    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    importlib.import_module("mpc_scale").print_table(found)
    table = capsys.readouterr().out
    assert "the same problem flat, 2 CDUs, 4 stages" in table
    assert "not converged" not in table
