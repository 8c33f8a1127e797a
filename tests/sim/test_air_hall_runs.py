"""The air hall in the closed loop: comparison, report and schedules, a controller of one's own, faults of sensors and coolers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from models_air import air_hall
from typer.testing import CliRunner

import lowlift as ll
from lowlift.cli import app
from lowlift.controllers.air_rules import AirFixedSetpoint, AirGuideline36
from lowlift.controllers.audit import Kind
from lowlift.sim.closed_loop import Run, simulate
from lowlift.sim.compare import Comparison, UnavailableControllerError, compare
from lowlift.sim.kpis import kpis
from lowlift.sim.outputs import write_outputs
from lowlift.sim.scenario import Scenario, build_scenario
from lowlift.sim.schedule import import_schedule
from lowlift.sim.trajectory import Trajectory, read_parquet

PLANT = air_hall()
SITE = PLANT.site
Readings = dict[str, np.ndarray]


def scenario(hours: float = 1.0, warm_up: float = 1800.0, **options: object) -> Scenario:
    wanted: dict[str, object] = {"weather": "tucson", "start": "07-04T12:00"}
    return build_scenario(PLANT, days=hours / 24.0, warm_up=warm_up, **wanted | options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def compared() -> Comparison:
    return compare(PLANT, scenario(2.0))


def test_all_baselines_run_and_balances_close_to_rounding(compared: Comparison) -> None:
    assert list(compared) == ["FixedSetpoint", "Guideline36", "SiteTuned", "StaticOptimal"]
    for name in compared:
        k = kpis(compared[name])
        assert k.energy_balance_residual < 1e-12
        assert k.moisture_balance_residual is not None
        assert k.moisture_balance_residual < 1e-11
        assert k.violation_Kh < 0.2
        assert k.fallbacks == 0
        assert 1.0 < k.pue < 1.5
        assert k.energy_facility_kWh == pytest.approx(sum(k.end_uses_kWh.values()))


def test_server_fans_are_it_in_ratios_and_cooling_in_energies(compared: Comparison) -> None:
    k = kpis(compared["Guideline36"])
    uses = k.end_uses_kWh
    assert k.energy_it_kWh == pytest.approx(uses["it"] + uses["psu"] + uses["server_fans"])
    assert k.energy_cooling_kWh == pytest.approx(sum(uses[n] for n in ("server_fans", "fans", "indirect", "pads", "dx")))
    assert k.pue == pytest.approx(k.energy_facility_kWh / k.energy_it_kWh)


def test_the_static_optimum_uses_least_facility_energy(compared: Comparison) -> None:
    facility = {name: kpis(compared[name]).energy_facility_corrected_kWh for name in compared}
    assert facility["StaticOptimal"] < facility["Guideline36"] < facility["FixedSetpoint"]


def test_everything_is_written_and_read_back(compared: Comparison, tmp_path: Path) -> None:
    written = {p.name for p in write_outputs(compared, tmp_path)}
    assert {"kpis.json", "report.html", "setpoints.csv", "setpoints.json", "trajectory.parquet", "heat.png", "temperatures.png"} <= written
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for words in ("server fans", "dew point at the servers", "From the meter to the sky", "Energy of server fans is part of IT energy"):
        assert words in page
    back = read_parquet(tmp_path / "trajectory.parquet")
    assert kpis(back).pue == pytest.approx(kpis(compared[back.controller]).pue)
    schedule = import_schedule(tmp_path / "setpoints.csv", SITE)
    assert {row.point for row in schedule.rows} == set(SITE.sheet.setpoints.names)
    assert {row.fallback for row in schedule.rows if row.point == "oa_max"} == {SITE.x_min}


class NightAir:
    """A controller of one's own: outdoor air whenever it is below 20 C, else the pads."""

    name, period = "NightAir", 600.0

    def reset(self, batch: int) -> None: ...

    def decide(self, m: ll.controllers.Measurement, forecast: ll.controllers.Forecast | None) -> ll.controllers.Decision:
        cool = float(m["T_db"][0, 0]) < 293.15
        values = {"T_supply_set": 295.15, "dp_set": 5.0, "oa_min": 0.01 if cool else 1.0, "oa_max": 1.0, "iec_max": 0.0, "pad_max": 1.0}
        return ll.controllers.Decision(setpoints=ll.controllers.setpoint_table(SITE).pack(values)[None], status=ll.controllers.Status.RULE)


def test_a_controller_of_ones_own_takes_part() -> None:
    result = ll.compare(PLANT, scenario(), [NightAir(), "FixedSetpoint"])
    assert list(result) == ["NightAir", "FixedSetpoint"]
    assert kpis(result["NightAir"]).fallbacks == 0
    saved = kpis(result["FixedSetpoint"]).energy_cooling_kWh - kpis(result["NightAir"]).energy_cooling_kWh
    assert saved > 0.0


@pytest.mark.parametrize("name", ["MPC", "Oracle"])
def test_what_is_not_available_says_so(name: str) -> None:
    with pytest.raises(UnavailableControllerError, match=f"{name} is not available for air_hall") as caught:
        ll.compare(PLANT, scenario(), [name])
    assert isinstance(caught.value, NotImplementedError)
    done = CliRunner().invoke(app, ["compare", "--plant", "air_hall", "--days", "0.01", "--controllers", name])
    assert done.exit_code == 2
    assert f"lowlift: {name} is not available for air_hall" in done.output.replace("\n", " ")


def test_the_oracle_option_says_so_too() -> None:
    done = CliRunner().invoke(app, ["compare", "--plant", "air_hall", "--days", "0.01", "--controllers", "FixedSetpoint", "--oracle"])
    assert done.exit_code == 2
    assert "Oracle is not available for air_hall" in done.output


def faulty(change: Callable[[float, Readings], Readings], hours: float = 1.0) -> Trajectory:
    return simulate(PLANT, scenario(hours, warm_up=0.0), [Run(AirGuideline36(SITE))], disturb=change)[0]


def after(begin: float, name: str, value: Callable[[np.ndarray], np.ndarray]) -> Callable[[float, Readings], Readings]:
    return lambda t, r: r | {name: value(r[name])} if t >= begin else r


@pytest.mark.parametrize("name", ["T_supply", "T_inlet", "T_db", "dp_aisle", "T_dew_hall", "q_air"])
def test_a_lost_sensor_leads_to_fail_safe_and_a_hall_within_its_limits(name: str) -> None:
    run = faulty(after(600.0, name, lambda v: v * np.nan))
    assert np.isfinite(run.frame.drop(columns=[c for c in run.frame if c.startswith("seen.")]).to_numpy(float)).all()
    kinds = {i.kind for i in run.interventions}
    assert {Kind.REPAIR, Kind.FAIL_SAFE} <= kinds
    assert any(i.name == name and i.kind is Kind.REPAIR for i in run.interventions)
    # Fail-safe is recirculated air: outdoor air may be what has failed.
    assert run.components("oa_max")[-1, 0] == pytest.approx(SITE.x_min)
    assert run.components("T_inlet").max() < SITE.limits.T_inlet_max + 1.0


def test_a_stuck_sensor_is_noticed() -> None:
    held: Readings = {}

    def stuck(t: float, r: Readings) -> Readings:
        return r | {"T_hot": held.setdefault("T_hot", r["T_hot"])} if t >= 900.0 else r

    run = faulty(stuck, 3.0)
    assert any(i.name == "T_hot" and "has not moved" in i.reason for i in run.interventions)


def test_a_spike_of_one_sample_is_bridged() -> None:
    run = faulty(lambda t, r: r | {"T_supply": r["T_supply"] + 40.0} if t == 900.0 else r)
    assert [i.kind for i in run.alarms] == [Kind.REPAIR]


class Silent(AirFixedSetpoint):
    """Says something that is no number from its second decision on."""

    def __init__(self) -> None:
        super().__init__(SITE, "Silent")
        self.count = 0

    def decide(self, measurement: ll.controllers.Measurement, forecast: ll.controllers.Forecast | None) -> ll.controllers.Decision:
        self.count += 1
        good = super().decide(measurement, forecast)
        return good if self.count < 2 else ll.controllers.Decision(setpoints=good.setpoints * np.nan, status=good.status)


def test_a_silent_controller_leaves_the_hall_to_fail_safe() -> None:
    run = simulate(PLANT, scenario(1.0, warm_up=0.0), [Run(Silent())])[0]
    assert any(i.reason == "controller silent: fail-safe" for i in run.interventions)
    assert run.components("T_inlet").max() < SITE.limits.T_inlet_max
    assert run.components("T_supply_set")[-1, 0] < 293.15


def test_describe_plants_and_linearize_know_the_hall(tmp_path: Path) -> None:
    runner = CliRunner()
    described = runner.invoke(app, ["describe", "air_hall"])
    assert described.exit_code == 0
    assert "air_hall (air_hall)" in described.output
    assert "y_damper" in described.output
    listed = runner.invoke(app, ["plants", "air_hall"])
    assert "design day: ok, server inlet" in listed.output
    done = runner.invoke(app, ["linearize", "air_hall", "--load", "0.6", "--wet-bulb", "12", "--dry-bulb", "22", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{m}.csv" for m in "ABCDEF"]
