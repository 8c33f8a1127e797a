"""Heat loads: the record, the measured Frontier day, and loads from a user's CSV."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from lowlift.data.csv_series import known_zone, read_csv
from lowlift.data.errors import DataError, UnknownNameError
from lowlift.data.remote import fetch
from lowlift.data.validate import ValidationReport, check_load

FRONTIER_FILE = "workload/frontier_cdu_power_2024-04-07.csv"
FRONTIER_ZONE = "America/New_York"
FRONTIER_LIQUID_SHARE = 0.945
"""Share of IT heat that reaches the liquid (ExaDigiT RAPS, cooling_efficiency)."""
GENERATED = (
    "llm_training",
    "gpt3_pretraining",
    "t5_pretraining",
    "bert_finetuning",
    "recommender",
    "llm_inference",
)

REQUESTS = ("azure_llm_conv_2023", "azure_llm_code_2023")
"""Traces of requests, played at their own hour."""
CPU_LOADS = ("google_cluster_cpu_hourly",)
"""Traces of CPU load over a year without a date."""
MOVABLE = (*GENERATED, *CPU_LOADS)
"""Loads that can begin at any time."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Workload:
    """Heat of ``n_unit`` units (racks or CDUs) over ``n`` intervals of ``step`` seconds; each value is an interval mean."""

    name: str
    start: pd.Timestamp | None
    """Start of the first interval where the load carries its own time, zone-aware."""
    step: float
    q_liquid: np.ndarray
    """Heat into liquid [W], shape (n, n_unit)."""
    q_air: np.ndarray
    """Heat into air [W], shape (n, n_unit)."""
    unit: str
    """"rack" or "cdu"."""
    measured: bool
    provenance: str
    T_wb: np.ndarray | None = None
    """Wet bulb [K] of each interval where the trace brings its own, shape (n,)."""
    report: ValidationReport | None = None

    @property
    def P_it(self) -> np.ndarray:
        """IT power [W], shape (n,)."""
        total: np.ndarray = self.q_liquid.sum(axis=1) + self.q_air.sum(axis=1)
        return total

    def aggregate(self, step: float) -> "Workload":
        """Means over longer intervals; energy is kept exactly.

        Raises:
            DataError: ``step`` is no whole multiple of the present step, or does not divide the length.
        """
        k = round(step / self.step)
        n = len(self.q_liquid)
        if k < 1 or abs(k * self.step - step) > 1e-9 or n % k:
            raise DataError(f"step = {step} s: must be a whole multiple of {self.step} s that divides {n} intervals")

        def mean(values: np.ndarray) -> np.ndarray:
            result: np.ndarray = values.reshape(n // k, k, *values.shape[1:]).mean(axis=1)
            return result

        wet_bulb = None if self.T_wb is None else mean(self.T_wb)
        return dataclasses.replace(self, step=step, q_liquid=mean(self.q_liquid), q_air=mean(self.q_air), T_wb=wet_bulb)


def load_frontier() -> Workload:
    """Heat of Frontier's 25 CDUs on 2024-04-07 every 15 s, with the outdoor wet bulb, as measured.

    5,761 readings close the day; each is taken as the mean of the 15 s that follow it, the last one is dropped. The trace is heat to
    liquid; IT power is that over 0.945, the rest goes to air.

    Raises:
        RemoteDataError: the file is neither mirrored, cached nor reachable.
        DataError: the file is damaged.
    """
    frame = pd.read_csv(fetch(FRONTIER_FILE))
    if frame.shape != (5761, 27):
        raise DataError(f"{FRONTIER_FILE}: {frame.shape[0]} rows of {frame.shape[1]} columns; 5761 of 27 are expected")
    heat = frame.iloc[:-1, 1:26].to_numpy(dtype=float)
    return Workload(
        name="frontier",
        start=pd.Timestamp("2024-04-07", tz=FRONTIER_ZONE),
        step=15.0,
        q_liquid=heat,
        q_air=heat * (1.0 / FRONTIER_LIQUID_SHARE - 1.0),
        unit="cdu",
        measured=True,
        provenance="Frontier CDU heat and wet bulb, 2024-04-07, as measured (HPE sustain-lc, MIT)",
        T_wb=frame.iloc[:-1, 26].to_numpy(dtype=float) + 273.15,
    )


def load_workload(
    name_or_path: str | Path,
    *,
    n_units: int,
    unit_power: float,
    liquid_share: float,
    days: float,
    start: pd.Timestamp | None = None,
    step: float = 15.0,
    seed: int = 0,
    zone: str | None = None,
    delimiter: str = ",",
    decimal: str = ".",
) -> Workload:
    """A load by catalogue name, or from a CSV file.

    A CSV has a ``time`` column (with zone, or ``zone`` given) and either one column a unit or one column ``total``; names end in
    their unit, ``_W``, ``_kW`` or ``_MW``. Values are IT power, split by ``liquid_share``; a row holds until the next one.

    Args:
        name_or_path: name or path.
        n_units: racks (or CDUs) to be loaded.
        unit_power: rated power of one unit [W], for generation and for the plausibility check.
        liquid_share: share of the heat that goes to liquid.
        days: length of a generated load; measured ones and files have their own.
        start: start of a generated load, zone-aware (sets its diurnal phase).
        step: interval of a generated load [s].
        seed: of a generated load.
        zone: zone of naive time stamps in a CSV; the load is then kept in it.
        delimiter: of a CSV, one character or ``"tab"``.
        decimal: decimal mark of a CSV.
    """
    name = str(name_or_path)
    if zone is not None:
        known_zone(zone)
    if name == "frontier":
        return load_frontier()
    if name == "frontier_like":
        from lowlift.data.frontier_day import frontier_like

        return frontier_like(seed=seed, days=days)
    if name in GENERATED:
        from lowlift.data.jobs import generate

        return generate(name, n_units=n_units, unit_power=unit_power, liquid_share=liquid_share, days=days, start=start,
                        step=step, seed=seed)  # fmt: skip
    if name in REQUESTS:
        from lowlift.data.traces import from_requests

        return from_requests(name, n_units=n_units, unit_power=unit_power, liquid_share=liquid_share, seed=seed)
    if name in CPU_LOADS:
        from lowlift.data.traces import from_cpu_load

        begin = pd.Timestamp("2023-01-01", tz="UTC") if start is None else start
        return from_cpu_load(name, n_units=n_units, unit_power=unit_power, liquid_share=liquid_share, days=days, start=begin,
                             step=step)  # fmt: skip
    path = Path(name_or_path)
    if path.suffix.lower() == ".csv":
        series, report = read_csv(path, zone=zone, delimiter=delimiter, decimal=decimal)
        power, clipped = check_load(series, rated=n_units * unit_power, what=str(path))
        if power.shape[1] == 1:
            power = pd.DataFrame(np.repeat(power.to_numpy() / n_units, n_units, axis=1), index=power.index)
        elif power.shape[1] != n_units:
            raise DataError(f"{path}: {power.shape[1]} unit columns; {n_units} or one total are expected")
        interval = (power.index[1] - power.index[0]).total_seconds()
        values = power.to_numpy()
        return Workload(
            name=path.stem, start=power.index[0], step=interval, q_liquid=values * liquid_share,
            q_air=values * (1.0 - liquid_share), unit="rack", measured=True, provenance=f"user file {path.name}",
            report=dataclasses.replace(report, clipped=clipped),
        )  # fmt: skip
    raise UnknownNameError("workload", name, ["frontier", "frontier_like", *MOVABLE, *REQUESTS])
