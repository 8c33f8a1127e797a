import dataclasses
import json
import math

import numpy as np
import pandas as pd
import pytest
import synthetic_runs as synthetic
from hypothesis import given
from hypothesis import strategies as st

from lowlift.controllers.audit import Kind
from lowlift.controllers.interface import Decision, Status
from lowlift.sim.kpis import KEYS, gap_closed, kpis, limit_breakdown, records, table
from lowlift.sim.trajectory import Trajectory

KWH = 3.6e6


def with_columns(run: Trajectory, **columns: object) -> Trajectory:
    return dataclasses.replace(run, frame=run.frame.assign(**columns))


@pytest.fixture(scope="module")
def run() -> Trajectory:
    return synthetic.run("MPC")


def test_energies_are_those_known_in_closed_form(run: Trajectory) -> None:
    k = kpis(run)
    # A sine over a whole day adds nothing; the square wave takes a quarter off a quarter of the time.
    assert k.energy_it_kWh == pytest.approx(synthetic.P_IT / 1e3 * 24 * (1 - 0.25 * 0.25), rel=1e-12)
    assert k.energy_cooling_kWh == pytest.approx(sum(synthetic.COOLING.values()) / 1e3 * 24, rel=1e-12)
    assert k.energy_facility_kWh == pytest.approx(1.03 * k.energy_it_kWh + k.energy_cooling_kWh, rel=1e-12)
    assert k.end_uses_kWh["chillers"] == pytest.approx(110.0 * 24, rel=1e-12)
    assert sum(k.end_uses_kWh.values()) == pytest.approx(k.energy_facility_kWh, rel=1e-12)
    assert k.pue == pytest.approx(1.03 + k.energy_cooling_kWh / k.energy_it_kWh, rel=1e-12)
    assert k.energy_balance_residual < 1e-12
    assert k.violation_Kh == 0.0


def test_pue_is_a_ratio_of_energies_and_not_a_mean_of_ratios(run: Trajectory) -> None:
    n = len(run.frame)
    it = np.where(np.arange(n) < n - 720, 9e6, 1e6)
    P = {name: 0.0 for name in (*synthetic.COOLING, "P_losses")}
    changed = with_columns(run, P_it=it, **P | {"P_chillers": 0.5e6})
    k = kpis(changed)
    ratios = (it[-1440:] + 0.5e6) / it[-1440:]
    assert k.pue == pytest.approx((12 * 9.5 + 12 * 1.5) / (12 * 9 + 12 * 1), rel=1e-12)
    assert abs(k.pue - ratios.mean()) > 0.1


def test_the_warm_up_does_not_count(run: Trajectory) -> None:
    frame = run.frame.copy()
    frame.iloc[: run.n_warmup, frame.columns.get_loc("P_tower_fans")] = 1e9  # type: ignore[index]
    frame.iloc[: run.n_warmup, frame.columns.get_loc("T_chip[1]")] = 999.0  # type: ignore[index]
    a, b = kpis(dataclasses.replace(run, frame=frame)), kpis(run)
    assert (a.energy_facility_kWh, a.violation_Kh) == (b.energy_facility_kWh, b.violation_Kh)


def test_violation_by_hand(run: Trajectory) -> None:
    chip, basin = run.frame["T_chip[1]"].to_numpy().copy(), run.frame["T_tower"].to_numpy().copy()
    limit = run.site.limits
    start = run.n_warmup
    chip[start + 10 : start + 40] = limit.T_chip_max + 2.0  # half an hour at 2 K
    second = run.frame["T_chip[2]"].to_numpy().copy()
    second[start + 20 : start + 50] = limit.T_chip_max + 3.0  # overlaps 20 min: the worst counts once
    basin[start : start + 6] = limit.T_basin_min - 1.0  # 0.1 h at 1 K
    changed = with_columns(run, **{"T_chip[1]": chip, "T_chip[2]": second, "T_tower": basin})
    k = kpis(changed)
    by_name = {x.name: x for x in k.limits}
    assert by_name["hottest chip"].violation_Kh == pytest.approx((10 * 2 + 30 * 3) / 60)
    assert by_name["hottest chip"].hours == pytest.approx(40 / 60)
    assert by_name["hottest chip"].margin_K == pytest.approx(-3.0)
    assert by_name["basin, lowest"].violation_Kh == pytest.approx(0.1)
    assert k.violation_Kh == pytest.approx(110 / 60 + 0.1)
    assert k.max_violation_K == pytest.approx(3.0)


def test_the_supply_is_held_above_the_dew_point_of_the_moment(run: Trajectory) -> None:
    supply = run.components("T_supply", scored=False).min(axis=1)
    changed = with_columns(run, T_dew_hall=supply - run.site.limits.dew_point_margin + 0.5)
    (dew,) = (x for x in limit_breakdown(changed) if x.name == "supply above dew point")
    assert dew.violation_Kh == pytest.approx(0.5 * 24)
    assert dew.max_violation_K == pytest.approx(0.5)


@pytest.mark.parametrize(("name", "signal"), [("facility supply above dew point", "T_fws"), ("chilled water above dew point", "T_chw")])
def test_all_water_in_the_hall_is_held_above_the_dew_point(run: Trajectory, name: str, signal: str) -> None:
    floor = float(run.components("T_dew_hall").max()) + run.site.limits.dew_point_margin
    wet = run.frame[signal].to_numpy().copy()
    wet[run.n_warmup : run.n_warmup + 60] = floor - 2.0
    k = kpis(with_columns(run, **{signal: wet}))
    (dew,) = (x for x in k.limits if x.name == name)
    assert (dew.violation_Kh, dew.signal, dew.upper) == (pytest.approx(2.0), signal, False)
    assert k.violation_Kh == pytest.approx(2.0)


def test_a_site_that_means_to_run_cold_is_not_blamed_for_it(run: Trajectory) -> None:
    assert run.site.chilled is not None
    site = dataclasses.replace(run.site, chilled=dataclasses.replace(run.site.chilled, T_chw_min=279.15))
    assert "T_chw" not in [x.signal for x in limit_breakdown(dataclasses.replace(run, site=site))]


def test_sites_without_chilled_branch_have_no_inlet_limit() -> None:
    names = [x.signal for x in limit_breakdown(synthetic.run(site="frontier"))]
    assert names == ["T_chip", "T_return_hot", "T_supply", "T_supply", "T_fws", "T_tower"]


def test_water_is_makeup_and_not_evaporation_alone(run: Trajectory) -> None:
    changed = with_columns(run, evaporation=1.0, drift=0.1, blowdown=0.4)
    k = kpis(changed)
    assert k.water_l == pytest.approx(1.5 * 86400 / 0.9991, rel=1e-4)
    assert k.wue_l_per_kWh == pytest.approx(k.water_l / k.energy_it_kWh)


def test_stored_heat_is_charged_at_the_runs_own_cooling_energy() -> None:
    run = synthetic.run(stored_gain=1000.0 * KWH)
    k = kpis(run)
    assert k.stored_change_kWh == pytest.approx(1000.0)
    assert k.energy_balance_residual < 1e-9
    removed = run.scored["Q_tower"].sum() * run.step / KWH
    assert k.energy_facility_corrected_kWh - k.energy_facility_kWh == pytest.approx(1000.0 * k.energy_cooling_kWh / removed)
    emptied = kpis(synthetic.run(stored_gain=-1000.0 * KWH))
    assert emptied.energy_facility_corrected_kWh < emptied.energy_facility_kWh


def test_the_balance_sees_what_is_missing(run: Trajectory) -> None:
    changed = with_columns(run, Q_tower=run.frame["Q_tower"] - 0.001 * run.frame["P_it"])
    assert kpis(changed).energy_balance_residual == pytest.approx(0.001)


def test_peak_is_a_mean_over_a_quarter_of_an_hour(run: Trajectory) -> None:
    fans = np.zeros(len(run.frame))
    fans[run.n_warmup + 30 : run.n_warmup + 33] = 5e6
    flat = {name: 0.0 for name in (*synthetic.COOLING, "P_losses")}
    k = kpis(with_columns(run, P_it=1e6, **flat | {"P_tower_fans": fans}))
    assert k.peak_kW == pytest.approx(1e3 + 5e3 * 3 / 15)


def test_travel_and_starts(run: Trajectory) -> None:
    n = len(run.frame)
    on = (np.arange(n) // 60 % 2).astype(float)
    k = kpis(with_columns(run, y_fan=0.5 + 0.1 * on, n_chillers=on))
    edges = np.diff(on[run.n_warmup :])
    assert k.travel["y_fan"] == pytest.approx(0.1 * np.abs(edges).sum())
    assert k.starts["n_chillers"] == (edges > 0).sum()


def test_solver_figures_count_scored_decisions_only(run: Trajectory) -> None:
    z = np.zeros((1, 12))

    def d(t: float, status: Status, ms: float) -> tuple[float, Decision]:
        return t, Decision(setpoints=z, status=status, solve_ms=ms)

    warm = run.warmup.total_seconds()
    decisions = [
        d(0.0, Status.FALLBACK, 1e6),
        d(warm, Status.OPTIMAL, 10.0),
        d(warm + 300, Status.SUBOPTIMAL, 30.0),
        d(warm + 600, Status.FALLBACK, 50.0),
    ]
    k = kpis(dataclasses.replace(run, decisions=decisions))
    assert (k.solve_ms_median, k.fallbacks, k.suboptimal) == (30.0, 1, 1)
    assert math.isnan(kpis(run).solve_ms_median)


def test_ordinary_ramps_are_counted_but_are_no_interventions(run: Trajectory) -> None:
    (clamp,) = run.interventions
    early = dataclasses.replace(clamp, t=0.0, until=10.0, kind=Kind.REPAIR)
    ramp, stop = (dataclasses.replace(clamp, kind=kind) for kind in (Kind.RATE, Kind.INTERLOCK))
    k = kpis(dataclasses.replace(run, interventions=[early, clamp, ramp, ramp, stop]))
    assert k.interventions == 2
    assert {kind: n for kind, n in k.interventions_by_kind.items() if n} == {"clamp": 1, "rate": 2, "interlock": 1}
    assert table([k])["interventions_rate"].item() == 2


@given(st.floats(0, 1e6), st.floats(1, 1e6), st.floats(0.0, 1e6))
def test_gap_closed_is_zero_at_the_reference_and_one_at_the_oracle(oracle: float, gap: float, cooling: float) -> None:
    reference = oracle + gap
    if not reference - oracle >= 0.02 * cooling:
        assert math.isnan(gap_closed(oracle, reference, oracle, cooling))
    else:
        assert gap_closed(reference, reference, oracle, cooling) == 0.0
        assert gap_closed(oracle, reference, oracle, cooling) == 1.0


def test_gaps_too_small_or_negative_are_not_available() -> None:
    assert math.isnan(gap_closed(99.5, 100.0, 99.0, 60.0))
    assert math.isnan(gap_closed(99.5, 100.0, 101.0, 60.0))
    assert gap_closed(99.0, 100.0, 98.0, 60.0) == pytest.approx(0.5)


def test_records_have_the_agreed_keys_and_are_strict_json() -> None:
    runs = synthetic.comparison()
    frame = table(runs.values())
    assert isinstance(frame, pd.DataFrame)
    rows = records(runs.values())
    assert [r["controller"] for r in rows] == list(runs)
    for row in rows:
        assert tuple(row)[: len(KEYS)] == KEYS
        json.dumps(row, allow_nan=False)
    by_name = {r["controller"]: r for r in rows}
    assert by_name["MPC"]["gap_closed"] == pytest.approx((0.9 - 0.84) / (0.9 - 0.83))
    assert by_name["MPC"]["gap_closed_g36"] == pytest.approx((1.0 - 0.84) / (1.0 - 0.83))
    assert by_name["SiteTuned"]["gap_closed"] == 0.0
    assert by_name["SiteTuned"]["solve_ms_median"] is None
    assert records(frame)[0].keys() == rows[0].keys()
    assert table([runs["MPC"]])["gap_closed"].isna().all()


def test_scenarios_are_not_mixed() -> None:
    runs = [*synthetic.comparison().values(), synthetic.run("MPC", start="2024-08-01")]
    assert math.isnan(table(runs)["gap_closed"].iloc[-1])


def test_no_it_energy_is_an_error(run: Trajectory) -> None:
    with pytest.raises(ValueError, match="no IT energy"):
        kpis(with_columns(run, P_it=0.0))
