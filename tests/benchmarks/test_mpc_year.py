"""The year of plans on a few plans: forecasts know the past only, plants keep the equations, and the document says what ran."""

import dataclasses
import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from lowlift.models import load

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def year():
    sys.path.insert(0, str(FOLDER))
    try:
        yield importlib.import_module("mpc_year")
    finally:
        sys.path.remove(str(FOLDER))


@pytest.fixture(scope="module")
def world(year):
    return year.worlds(load("gb200_hall", check=False), 4, 0.125, year.arguments(["--quick", "--start", "07-01"]), "growing")


def test_designs_differ_and_the_first_ones_are_mixed(year) -> None:
    every = year.designs(64, 0)
    assert len(set(every)) == 64
    assert len({d.climate for d in every[:16]}) == 4
    with pytest.raises(ValueError, match="designs = 65: must be from 1 to 64"):
        year.designs(65, 0)


def test_forecasts_do_not_notice_the_future(world, monkeypatch) -> None:
    k = 5
    before = world.expected(k)
    for one in world.years:
        rows = np.arange(len(one.T_wb)) >= one.first + 3 * k
        q = one.loads
        other = dataclasses.replace(
            q, q_cdu=q.q_cdu + 1e4 * rows[:, None], q_rack=q.q_rack + 1e4 * rows[:, None], q_air=q.q_air + 1e4 * rows
        )
        for name, value in (("loads", other), ("T_wb", one.T_wb + rows), ("T_db", one.T_db + rows)):
            monkeypatch.setattr(one, name, value)
    np.testing.assert_array_equal(world.expected(k), before)
    assert not np.array_equal(world.expected(k + 1), before)


def test_plants_come_to_rest(year, world) -> None:
    """Held controls and weather: after many periods nothing moves."""
    loop = importlib.import_module("mpc_year_loop")
    plant = importlib.import_module("mpc_year_plant").StageMap(world)
    x = loop._first_state(world)
    structure = world.steps.ocp.structure
    u = np.tile(structure.u_low + 0.8 * (structure.u_high - structure.u_low), (4, 1))
    u[:, structure.controls.index("Q_chiller")] = 0.5
    hold, moved = 2, []
    for _ in range(40):
        new, meters = plant.advance(hold, x, u, np.ones(4))
        moved.append(np.abs(new - x).max())
        x = new
    assert moved[-1] < 1e-3 * moved[0]
    assert np.all(meters.cooling > 0.0)
    assert np.all(meters.makeup > 0.0)
    assert np.all(meters.cooling < 0.1 * meters.it)


@pytest.mark.slow
def test_quick_variant_prints_one_document(year, capsys) -> None:
    found = year.collect(year.arguments(["--quick", "--start", "07-01", "--threads", "2", "--dompc-ms", "1000"]))
    assert found["speed"]["plans"] == 24
    assert sum(found["speed"]["share"].values()) == pytest.approx(1.0)
    assert len(found["designs"]) == 4
    for row in found["designs"]:
        assert 1.03 < row["pue"] < 1.3
    assert found["quality"]["flagged"] == 0
    assert found["peers"]["do-mpc (given)"]["year_processor_h"] == pytest.approx(1000.0 * 4 * 365 * 96 / 3.6e6)
    objectives = [found["peers"][name]["objective"][0] for name in ("core, to the end", "ipopt")]
    assert objectives[0] == pytest.approx(objectives[1], rel=1e-3)
    runs = found["compare"]["runs"]
    assert runs["uniform, converged"]["kkt_error"]["p100"] <= 1e-5
    assert max(abs(v) for name in runs for v in runs[name]["relative_difference"]) < 1e-2
    year.print_tables(found)
    assert "closed-loop cost over 0.0625 days" in capsys.readouterr().out
