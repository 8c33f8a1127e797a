"""Rows outside the declared range of a component are computed and said to be so."""

from pathlib import Path

import pytest
from validation_tables import REFERENCE

from lowlift.sim.validation.command import validate


@pytest.mark.parametrize(
    ("table", "column", "value", "said"),
    [
        ("tower_merkel_vs_energyplus", "m_water_kg_s", "90", "m_w outside its declared range"),
        ("dry_cooler_energyplus", "t_db_C", "55", "T_db outside its declared range"),
        ("psychrometrics", "p_Pa", "40000", "p outside its declared range"),
        ("server_ite_air_energyplus", "cpu_load_frac", "1.4", "u outside its declared range"),
    ],
)
def test_rows_outside_a_range_are_reported(tmp_path: Path, table: str, column: str, value: str, said: str) -> None:
    lines = (REFERENCE / f"{table}.csv").read_text(encoding="utf-8").splitlines()[:4]
    at = lines[0].split(",").index(column)
    cells = lines[2].split(",")
    cells[at] = value
    path = tmp_path / f"{table}.csv"
    path.write_text("\n".join([lines[0], lines[1], ",".join(cells), lines[3]]) + "\n", encoding="utf-8")
    (result,) = validate([path])
    assert result.beyond == {said: [1]}
    assert result.computed == 3
