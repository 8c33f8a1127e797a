"""Forecasts see the past only; perfect ones conserve energy."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from models_halls import hall

from lowlift.controllers.fixed import FixedSetpoint
from lowlift.controllers.forecast import History, Perfect, Persistence
from lowlift.controllers.interface import Decision, Forecast, Measurement, Status
from lowlift.sim.closed_loop import Run, simulate
from lowlift.sim.compare import make_run
from lowlift.sim.scenario import Scenario, build_scenario

PLANT = hall("gb200_hall")


def history(k: int, series: np.ndarray, day_before: np.ndarray | None = None) -> History:
    return History(15.0, k * 15.0, series[:k, :3], 0.3 * series[:k, :3], series[:k, 3], series[:k, 4], series[:k, 5], day_before)


def series(n: int = 8000) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.column_stack([rng.uniform(1e5, 1e6, (n, 4)), rng.uniform(280, 295, (n, 2))])


class Listener(FixedSetpoint):
    """Turns all that it reads and forecasts into setpoints: whatever it has noticed shows in its decisions."""

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        assert forecast is not None
        heard = [v.sum() for v in measurement.values.values()]
        heard += [float(np.sum(getattr(forecast, field.name))) for field in dataclasses.fields(forecast)]
        share = 0.5 + 0.5 * np.sin(np.array(heard).sum())
        table = self.table
        return Decision(setpoints=(table.low + share * (table.high - table.low))[None], status=Status.RULE, message=repr(heard))


def changed_future(scenario: Scenario, k: int) -> Scenario:
    """The same scenario up to step ``k``, another from there on: less load, other weather."""
    later = np.arange(scenario.n) >= k
    scaled = {name: np.where(later if v.ndim == 1 else later[:, None], 0.6 * v, v) for name, v in
              (("q_rack", scenario.q_rack), ("q_air", scenario.q_air))}  # fmt: skip
    shifted = {name: np.where(later, getattr(scenario, name) - 3.0, getattr(scenario, name)) for name in ("T_wb", "T_db")}
    return dataclasses.replace(scenario, **scaled, **shifted)


def decisions_of(scenario: Scenario, make: Callable[[Scenario], Run]) -> list[tuple[float, bytes, str]]:
    (trajectory,) = simulate(PLANT, scenario, [make(scenario)])
    return [(t, d.setpoints.tobytes(), d.message) for t, d in trajectory.decisions]


def perfect(scenario: Scenario) -> Perfect:
    return Perfect(scenario.step, scenario.loads(PLANT).q_cdu, scenario.loads(PLANT).q_rack, scenario.q_air, scenario.T_wb, scenario.T_db)


def both_futures(make: Callable[[Scenario], Run], k: int, hours: float) -> tuple[int, int]:
    """Decisions up to step ``k``, and how many of all decisions are identical from the start."""
    scenario = build_scenario(PLANT, days=hours / 24.0, warm_up=0.0, workload="llm_training")
    a, b = (decisions_of(s, make) for s in (scenario, changed_future(scenario, k)))
    up_to = sum(t <= k * scenario.step for t, *_ in a)
    same = next((n for n, (x, y) in enumerate(zip(a, b, strict=True)) if x != y), len(a))
    return up_to, same


@pytest.mark.parametrize("k", [0, 1, 60])
def test_no_decision_notices_a_future_that_is_changed(k: int) -> None:
    up_to, same = both_futures(lambda s: Run(Listener(PLANT.site), Persistence()), k, hours=0.6)
    # At k = 0 the readings of the start belong to the first step: nothing has been before it.
    assert same == (up_to if k else 0)


def test_the_same_test_catches_a_forecaster_that_looks_ahead() -> None:
    up_to, same = both_futures(lambda s: Run(Listener(PLANT.site), perfect(s)), 60, hours=0.6)
    assert same < up_to


@pytest.mark.slow
def test_no_plan_notices_a_future_that_is_changed() -> None:
    up_to, same = both_futures(lambda s: make_run("MPC", PLANT, s), 60, hours=0.6)
    assert same == up_to


def test_noise_and_faults_of_meters_reach_forecasts_as_they_reach_rules() -> None:
    heard: list[History] = []

    class Recording(Persistence):
        def predict(self, history: History, horizon: float) -> Forecast:
            heard.append(history)
            return super().predict(history, horizon)

    def faults(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        lost = {"q_air": np.full_like(readings["q_air"], np.nan)} if t == 150.0 else {}
        return readings | {"q_cdu": 1.1 * readings["q_cdu"], "q_rack": readings["q_rack"] + 5.0, "T_wb": readings["T_wb"] + 1.0} | lost

    scenario = build_scenario(PLANT, days=0.35 / 24.0, warm_up=0.0, workload="llm_training")
    other = Run(FixedSetpoint(PLANT.site, "without forecasts"))
    simulate(PLANT, scenario, [other, Run(FixedSetpoint(PLANT.site), Recording())], disturb=faults)
    last = heard[-1]
    k = round(last.t / scenario.step)
    assert [len(h.q_air) for h in heard[:2]] == [1, 20]
    assert len(last.q_air) == k == 80
    np.testing.assert_allclose(last.q_cdu, 1.1 * scenario.loads(PLANT).q_cdu[:k])
    np.testing.assert_allclose(last.q_rack, scenario.loads(PLANT).q_rack[:k] + 5.0)
    np.testing.assert_allclose(last.T_wb, scenario.T_wb[:k] + 1.0)
    np.testing.assert_allclose(last.T_db, scenario.T_db[:k])
    truth = scenario.q_air[:k].copy()
    truth[9] = truth[8]  # the reading of 150 s belongs to the step before and was lost: the last good one stands in
    np.testing.assert_allclose(last.q_air, truth)


def test_perfect_forecasts_carry_the_energy_of_the_truth() -> None:
    s = series(2400)
    perfect = Perfect(15.0, s[:, :3], 0.3 * s[:, :3], s[:, 3], s[:, 4], s[:, 5])
    forecast = perfect.predict(history(400, s), 3600.0)
    np.testing.assert_allclose(forecast.q_cdu.mean(axis=0), s[400:640, :3].mean(axis=0))
    np.testing.assert_allclose(forecast.q_rack, 0.3 * forecast.q_cdu)
    assert np.all(forecast.q_cdu_high >= forecast.q_cdu - 1e-9)
    assert np.all(forecast.q_rack_high >= forecast.q_rack - 1e-9)


def test_weather_repeats_yesterday_from_where_it_is_now() -> None:
    hours = np.arange(24) + 0.5
    yesterday = np.column_stack([288.0 + 5 * np.sin(hours / 24 * 2 * np.pi), 295.0 + 0 * hours])
    s = np.column_stack([np.ones((10, 4)), np.full(10, 290.0), np.full(10, 297.0)])
    forecast = Persistence().predict(history(10, s, yesterday), 6 * 3600.0)
    assert forecast.T_wb[-1] - forecast.T_wb[0] == pytest.approx(5.0, abs=0.8)  # hourly rows, and the run has begun 150 s ago
    np.testing.assert_allclose(forecast.T_db, 297.0)
