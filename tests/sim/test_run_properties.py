"""Properties that speak of runs: ratios of energies, water, dew point, the balance, and what forecasts may know."""

import dataclasses

import numpy as np
import pytest
import synthetic_runs as synthetic
from laws import law, span

from lowlift.controllers.forecast import History, Perfect, Persistence
from lowlift.sim.kpis import kpis, limit_breakdown
from lowlift.sim.trajectory import Trajectory

RUN = synthetic.run("MPC")
STEP = 60.0


def with_columns(**columns: object) -> Trajectory:
    return dataclasses.replace(RUN, frame=RUN.frame.assign(**columns))


@law(span(0.0, 1e7), span(1e5, 1e7), span(0.0, 1e6), examples=25)
def test_U1_pue_of_a_run_is_never_below_one(cooling: float, it: float, losses: float) -> None:
    none = dict.fromkeys(synthetic.COOLING, 0.0)
    k = kpis(with_columns(P_it=it, P_losses=losses, **none | {"P_chillers": cooling}))
    assert k.pue == pytest.approx(1.0 + (cooling + losses) / it)
    assert k.pue >= 1.0


def test_U2_total_energy_stands_beside_pue() -> None:
    """More fan power inside the servers lowers PUE and raises what the site draws: both are reported."""
    calm, blowing = kpis(RUN), kpis(with_columns(P_it=1.1 * RUN.frame["P_it"]))
    assert blowing.pue < calm.pue
    assert blowing.energy_facility_kWh > calm.energy_facility_kWh


@law(span(0.05, 0.95), span(1e6, 9e6), span(1e6, 9e6), span(1e5, 1e6), span(1e5, 1e6), examples=25)
def test_U4_pue_over_a_period_is_a_ratio_of_energies(when: float, it_1: float, it_2: float, c_1: float, c_2: float) -> None:
    n, start = len(RUN.frame), RUN.n_warmup
    first = np.arange(n) < start + round(when * (n - start))
    none = dict.fromkeys(synthetic.COOLING, 0.0)
    k = kpis(with_columns(P_it=np.where(first, it_1, it_2), P_losses=0.0, **none | {"P_chillers": np.where(first, c_1, c_2)}))
    share = first[start:].mean()
    energies = share * it_1 + (1.0 - share) * it_2
    assert k.pue == pytest.approx(1.0 + (share * c_1 + (1.0 - share) * c_2) / energies, rel=1e-9)


@law(span(0.0, 5.0), span(0.0, 0.5), span(0.0, 2.0), examples=25)
def test_U5_water_is_makeup_not_evaporation_alone(evaporation: float, drift: float, blowdown: float) -> None:
    k = kpis(with_columns(evaporation=evaporation, drift=drift, blowdown=blowdown))
    litres = (evaporation + drift + blowdown) * 86400.0 / 0.9991
    assert k.water_l == pytest.approx(litres, rel=1e-4, abs=1e-9)
    assert k.wue_l_per_kWh == pytest.approx(k.water_l / k.energy_it_kWh)


@law(span(0.1, 10.0), examples=25)
def test_L6_water_below_the_dew_point_is_a_violation(below: float) -> None:
    """Every water that reaches the hall has its limit, and the excess over it is counted."""
    floor = float(RUN.components("T_dew_hall").max()) + RUN.site.limits.dew_point_margin
    for name, signal in (("supply above dew point", "T_supply[1]"), ("facility supply above dew point", "T_fws"),
                         ("chilled water above dew point", "T_chw")):  # fmt: skip
        wet = RUN.frame[signal].to_numpy().copy()
        wet[RUN.n_warmup : RUN.n_warmup + 30] = floor - below
        (limit,) = (x for x in limit_breakdown(with_columns(**{signal: wet})) if x.name == name)
        assert limit.violation_Kh == pytest.approx(0.5 * below)
        assert limit.max_violation_K == pytest.approx(below)


@law(span(-0.1, 0.1), examples=25)
def test_S1_what_is_missing_from_the_balance_shows(share: float) -> None:
    assert kpis(RUN).energy_balance_residual < 1e-3
    lost = kpis(with_columns(Q_tower=RUN.frame["Q_tower"] - share * RUN.frame["P_it"]))
    assert lost.energy_balance_residual == pytest.approx(abs(share), abs=1e-9)


def past(series: np.ndarray, k: int) -> History:
    return History(STEP, k * STEP, series[:k, :3], 0.3 * series[:k, :3], series[:k, 3], series[:k, 4], series[:k, 5], None)


@law(span(0.2, 0.9), span(-10.0, 10.0), examples=25)
def test_S4_forecasts_of_controllers_know_the_past_only(now: float, shift: float) -> None:
    """Two futures with one past give one forecast; only the forecaster that is called perfect tells them apart."""
    rng = np.random.default_rng(0)
    series = np.column_stack([rng.uniform(1e5, 1e6, (3000, 4)), rng.uniform(280.0, 295.0, (3000, 2))])
    k = round(now * len(series))
    other = series.copy()
    other[k:, :4] *= 0.5
    other[k:, 4:] += shift
    a, b = (Persistence().predict(past(s, k), 3 * 3600.0) for s in (series, other))
    for field in dataclasses.fields(a):
        np.testing.assert_array_equal(getattr(a, field.name), getattr(b, field.name))
    truth = [Perfect(STEP, s[:, :3], 0.3 * s[:, :3], s[:, 3], s[:, 4], s[:, 5]).predict(past(s, k), 3600.0) for s in (series, other)]
    assert np.abs(truth[0].q_air / truth[1].q_air - 2.0).max() < 1e-9
    np.testing.assert_allclose(truth[1].T_wb - truth[0].T_wb, shift, atol=1e-9)
