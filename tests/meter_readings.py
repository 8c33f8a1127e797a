"""Metered readings of a made-up plant whose savings are known."""

import numpy as np
import pandas as pd


def readings(
    start: str, days: int, seed: int, *, saved: float = 0.0, rho: float = 0.6, noise: float = 0.05, freq: str = "D", warm: float = 0.0
) -> pd.DataFrame:
    """A plant of 1 MW whose cooling takes 6 % of the load and 6 kW for every kelvin of wet bulb above 8 degC, in kWh per interval."""
    rng = np.random.default_rng(seed)
    index = pd.date_range(start, pd.Timestamp(start) + pd.Timedelta(days=days), freq=freq, tz="Europe/Berlin", inclusive="left")
    n, hours = len(index), 24.0 if freq == "D" else 1.0
    day = index.day_of_year.to_numpy() + index.hour.to_numpy() / 24.0
    wet = 10.0 + warm - 9.0 * np.cos(2.0 * np.pi * day / 365.0) + (3.0 if freq == "D" else 1.0) * rng.standard_normal(n)
    load = 1000.0 * (0.8 + 0.1 * rng.random(n))
    shocks, e = rng.standard_normal(n) * np.sqrt(1.0 - rho**2), np.zeros(n)
    e[0] = rng.standard_normal()
    for k in range(1, n):
        e[k] = rho * e[k - 1] + shocks[k]
    as_before = 0.06 * load + 6.0 * np.maximum(wet - 8.0, 0.0)
    power = (1.0 - saved) * as_before + noise * 100.0 * e
    length = hours if freq != "D" else np.diff(pd.date_range(index[0], periods=n + 1, freq="D").as_unit("s").asi8) / 3600.0
    return pd.DataFrame({"energy_kWh": np.maximum(power, 0.0) * length, "T_wb_degC": wet, "T_db_degC": wet + 4.0 + rng.standard_normal(n),
                         "it_kWh": load * length, "truth_kWh": saved * as_before * length}, index=index)  # fmt: skip
