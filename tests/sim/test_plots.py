import dataclasses
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import synthetic_runs as synthetic
from chart_list import DRAW, two

from lowlift.controllers.interface import Plan
from lowlift.sim import plots
from lowlift.sim.kpis import kpis, table
from lowlift.sim.looks import Flow, look_of
from lowlift.sim.plot_heat import flows
from lowlift.sim.plot_style import (
    CSS,
    save_png,
    svg,
)  # fmt: skip
from lowlift.sim.trajectory import Trajectory

Runs = dict[str, Trajectory]


@pytest.fixture(scope="module", params=["gb200_hall", "frontier"])
def runs(request: pytest.FixtureRequest) -> Runs:
    return synthetic.comparison(request.param)


@pytest.mark.parametrize("name", DRAW)
def test_every_chart_renders_without_warnings(runs: Runs, tmp_path: Path, name: str) -> None:
    figure = DRAW[name](runs)
    root = ET.fromstring(svg(figure, f"{name} <&>"))  # type: ignore[arg-type]
    assert root.attrib["aria-label"] == f"{name} <&>"
    assert "width" not in root.attrib
    text = ET.tostring(root, encoding="unicode")
    assert not any(code in text for code in CSS)
    assert "var(--ink)" in text
    if name == "energy_bars":
        assert save_png(figure, tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")  # type: ignore[arg-type]


def test_every_chart_is_in_the_list() -> None:
    assert set(DRAW) | {"saved_by_hour", "has_plans", "left_behind"} == set(plots.__all__)


def test_bars_have_the_lengths_of_the_energies(runs: Runs) -> None:
    (ax,) = plots.energy_bars(runs).axes
    ends = [max(p.get_x() + p.get_width() for p in ax.patches if abs(p.get_y() + 0.34 - k) < 0.1) for k in range(6)]  # type: ignore[attr-defined]
    expected = table(runs.values())["energy_cooling_kWh"].to_numpy() / 1e3
    np.testing.assert_allclose(ends, expected)


def test_temperatures_show_runs_and_limits(runs: Runs) -> None:
    figure = plots.temperatures(two(runs))
    chip = figure.axes[0]
    assert {line.get_label() for line in chip.lines} >= {"SiteTuned", "MPC"}
    limit = runs["MPC"].site.limits.T_chip_max - 273.15
    assert any(np.allclose(line.get_ydata(), limit) for line in chip.lines)
    drawn = np.asarray(next(x for x in chip.lines if x.get_label() == "MPC").get_ydata())
    assert drawn.max() == pytest.approx(runs["MPC"].components("T_chip").max() - 273.15)


def test_good_runs_fill_the_axis_of_savings(runs: Runs) -> None:
    right = plots.cumulative_cooling(runs, "SiteTuned").axes[1]
    assert plots.left_behind(runs, "SiteTuned") == ["FixedSetpoint", "Guideline36"]
    low, high = right.get_ylim()
    drawn = {x.get_label(): np.asarray(x.get_ydata()) for x in right.lines}
    assert drawn["Oracle"].max() > 0.8 * high
    assert low <= 0.0 <= drawn["MPC"].max() <= high
    assert drawn["FixedSetpoint"].min() < low


def test_pue_begins_after_an_hour_on_the_axis_of_the_good_runs(runs: Runs) -> None:
    ax = plots.running_pue(runs, ["FixedSetpoint"]).axes[0]
    start = runs["MPC"].scored.index[0]
    begins = min(np.asarray(x.get_xdata())[0] for x in ax.lines)
    assert begins * 86400.0 >= start.timestamp() + 3600.0
    drawn = {x.get_label(): np.asarray(x.get_ydata()) for x in ax.lines}
    low, high = ax.get_ylim()
    assert low < drawn["Oracle"].min() < drawn["Guideline36"].max() < high < drawn["FixedSetpoint"].max()


def test_plans_begin_at_their_decision(runs: Runs) -> None:
    figure = plots.plan_against_actual(runs["MPC"], plans=3)
    load, ax = figure.axes[:2]
    assert "forecast" in load.get_title("left")
    labels = [line.get_label() for line in ax.lines]
    assert labels.count("what happened") == labels.count("as planned") == labels.count("decision") == 1
    assert len(ax.lines) == 1 + 2 * 3
    begins = [np.asarray(x.get_xdata())[0] - 0.5 * 900.0 / 86400.0 for x in load.lines if x.get_marker() == "o"]
    assert len(begins) == 3
    assert begins == [np.asarray(x.get_xdata())[0] - 0.5 * 900.0 / 86400.0 for x in ax.lines if x.get_marker() == "o"]
    with pytest.raises(ValueError, match="no plans"):
        plots.plan_against_actual(runs["SiteTuned"])


def test_the_plan_chart_shows_limits_and_the_hottest_moment(runs: Runs) -> None:
    run = runs["MPC"]
    frame = run.frame.copy()
    peak = 273.15 + 84.0
    frame.iloc[1000, frame.columns.get_loc("T_chip[1]")] = peak
    figure = plots.plan_against_actual(dataclasses.replace(run, frame=frame))
    chip = next(ax for ax in figure.axes if ax.get_title("left") == "hottest chip")
    assert np.asarray(chip.lines[0].get_ydata()).max() == pytest.approx(84.0)
    assert chip.get_title("right") == f"limit {run.site.limits.T_chip_max - 273.15:.4g} °C"
    assert any(np.allclose(line.get_ydata(), run.site.limits.T_chip_max - 273.15) for line in chip.lines)


def test_a_plan_of_one_endless_stage_is_not_drawn() -> None:
    run = synthetic.run("StaticOptimal", days=0.25, plans=True)

    def endless(plan: Plan) -> Plan:
        predicted = {name: value[:1] for name, value in plan.predicted.items()}
        return Plan(t=plan.t[0] + np.array([0.0, 1e7]), predicted=predicted, setpoints=plan.setpoints[:1])

    def with_plans(keep: int) -> Trajectory:
        made = [
            (t, d if k % 2 < keep else dataclasses.replace(d, plan=endless(d.plan))) for k, (t, d) in enumerate(run.decisions) if d.plan
        ]
        return dataclasses.replace(run, decisions=made)

    assert not plots.has_plans(with_plans(0))
    with pytest.raises(ValueError, match="no plans"):
        plots.plan_against_actual(with_plans(0))
    # Where some plans can be drawn, they are, and the others do no harm.
    labels = [line.get_label() for line in plots.plan_against_actual(with_plans(1)).axes[1].lines]
    assert "as planned" in labels


def total(ribbons: list[Flow], end: str, node: str) -> float:
    return sum(f.value for f in ribbons if getattr(f, end) == node)


@pytest.mark.parametrize("gain", [-9e10, 0.0, 9e10])
@pytest.mark.parametrize("site", ["gb200_hall", "frontier"])
def test_heat_flow_is_balanced_at_every_node(site: str, gain: float) -> None:
    run = synthetic.run("MPC", site=site, stored_gain=gain)
    ribbons, chart = flows(run), look_of(run.site).heat
    inner = {f.target for f in ribbons} - set(chart.sinks)
    assert {f.source for f in ribbons} - set(chart.sources) == inner
    assert {"IT", "Liquid loops", "Hall air", "Cooling plant", "Facility water", "Economiser"} <= inner
    for node in inner:
        assert total(ribbons, "target", node) == pytest.approx(total(ribbons, "source", node), rel=1e-9), node
    energy = kpis(run)
    assert total(ribbons, "source", "Electricity") == pytest.approx(energy.energy_facility_kWh / 1e3)
    # The towers get what the run says that left there: nothing is made up on the way.
    left = float(run.scored["Q_tower"].sum()) * run.step / 3.6e9
    assert total(ribbons, "target", "Towers") == pytest.approx(left, rel=1e-9)
    kept = total(ribbons, "target", "Stored in the loops") - total(ribbons, "source", "Drawn from the loops")
    assert kept == pytest.approx(gain / 3.6e9)


def test_compressor_work_enters_at_the_chillers_and_the_air_path_at_the_buildings() -> None:
    gb200, frontier = (flows(synthetic.run("MPC", site=site)) for site in ("gb200_hall", "frontier"))
    work = next(f.value for f in gb200 if (f.source, f.target) == ("Chiller power", "Chillers"))
    assert work == pytest.approx(kpis(synthetic.run("MPC")).end_uses_kWh["chillers"] / 1e3)
    into = {f.source for f in frontier if f.target == "Building chillers"}
    assert into == {"Hall air", "Chiller power"}
    assert not any("Chillers" in (f.source, f.target) for f in frontier)


def test_savings_by_hour_add_up(runs: Runs) -> None:
    hours = plots.saved_by_hour(runs["MPC"], runs["SiteTuned"])
    assert list(hours.index) == list(range(24))
    t = table(two(runs).values()).set_index("controller")["energy_cooling_kWh"]
    assert hours.sum() == pytest.approx(t["SiteTuned"] - t["MPC"])


def test_gaps_that_do_not_exist_say_so(runs: Runs) -> None:
    ax = plots.gap_bars(table(two(runs).values())).axes[0]
    assert {t.get_text() for t in ax.texts} == {"n/a"}


def test_importing_the_charts_does_not_import_matplotlib() -> None:
    code = "import sys, lowlift.sim.report as r; print(*(m in sys.modules for m in ('matplotlib', 'jinja2')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_an_end_use_that_saves_nothing_has_no_bar(runs: Runs) -> None:
    same = dataclasses.replace(runs["MPC"], controller="Same")
    ax = plots.savings(runs["MPC"], same).axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["cooling"]
