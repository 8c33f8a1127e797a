"""Forecasts see the past only; perfect ones conserve energy."""

import numpy as np
import pytest

from lowlift.controllers.forecast import History, Perfect, Persistence


def history(k: int, series: np.ndarray, day_before: np.ndarray | None = None) -> History:
    return History(15.0, k * 15.0, series[:k, :3], 0.3 * series[:k, :3], series[:k, 3], series[:k, 4], series[:k, 5], day_before)


def series(n: int = 8000) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.column_stack([rng.uniform(1e5, 1e6, (n, 4)), rng.uniform(280, 295, (n, 2))])


@pytest.mark.parametrize("k", [1, 100, 7000])
@pytest.mark.parametrize("day", [None, np.full((24, 2), 285.0)])
def test_a_changed_future_is_not_noticed(k: int, day: np.ndarray | None) -> None:
    past = series()
    other = past.copy()
    other[k:] = 1e9
    a, b = (Persistence().predict(history(k, s, day), 86400.0) for s in (past, other))
    for name in ("q_cdu", "q_cdu_high", "q_rack", "q_rack_high", "q_air", "q_air_high", "T_wb", "T_db"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        assert np.all(np.isfinite(getattr(a, name)))


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
