"""What every controller sees and says, the oracle included: measurements in, setpoints out, and how they came about.

All arrays carry a leading batch axis ``b``: rule-based controllers run thousands of plants at once with the code that
runs one. Predictive controllers work at ``b = 1``.
"""

import dataclasses
import enum
from collections.abc import Mapping
from typing import Protocol

import numpy as np
import pandas as pd

from lowlift.models.signals import Role, SignalInfo, SignalVector
from lowlift.models.site import Site


class Status(enum.Enum):
    """How a decision was obtained."""

    RULE = "rule"
    """By a rule-based sequence."""
    OPTIMAL = "optimal"
    """Converged: the KKT error is below the tolerance."""
    SUBOPTIMAL = "suboptimal"
    """Feasible but not converged; the KKT error is stated."""
    FALLBACK = "fallback"
    """The optimiser failed; the message says why and what was used instead."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measurement:
    """One reading of the plant."""

    t: float
    """Seconds since the start of the run (warm-up included)."""
    time: pd.Timestamp
    """Wall-clock time, zone-aware."""
    values: Mapping[str, np.ndarray]
    """Readings by name, each ``(b, n)`` in SI units; see :func:`measurement_table`."""

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[name]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Forecast:
    """Expected disturbances on a uniform grid that starts now; row ``k`` is the mean over step ``k``."""

    step: float
    """Grid step [s]."""
    q_cdu: np.ndarray
    """Liquid heat of each CDU [W], shape (k, n_cdu)."""
    q_cdu_high: np.ndarray
    """Upper quantile of the same, for limits [W]."""
    q_rack: np.ndarray
    """Liquid heat of the hottest rack of each CDU [W], shape (k, n_cdu)."""
    q_rack_high: np.ndarray
    """Upper quantile of the same, for limits [W]."""
    q_air: np.ndarray
    """Heat to air [W], shape (k,)."""
    q_air_high: np.ndarray
    """Upper quantile of the same [W]."""
    T_wb: np.ndarray
    """Wet bulb [K], shape (k,)."""
    T_db: np.ndarray
    """Dry bulb [K], shape (k,)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """A predicted course, for the report, the schedule and the next warm start."""

    t: np.ndarray
    """Stage boundaries, seconds since the start of the run, shape (k + 1,)."""
    predicted: Mapping[str, np.ndarray]
    """Named predictions at the boundaries or over the stages, SI units."""
    setpoints: np.ndarray
    """Planned setpoints of each stage, shape (k, n_set)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Decision:
    """Setpoints and the truth about how they were found."""

    setpoints: np.ndarray
    """Packed by :func:`setpoint_table`, shape (b, n_set)."""
    status: Status
    message: str = ""
    solve_ms: float = 0.0
    kkt_error: float = 0.0
    """Scaled KKT error; zero for rules."""
    plan: Plan | None = None


class Controller(Protocol):
    """Anything that turns readings into setpoints at its own period."""

    name: str
    period: float
    """Seconds between decisions."""

    def reset(self, batch: int) -> None:
        """Forget everything; the next decision is the first of a run with ``batch`` plants."""

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """Setpoints for the next period. Rule-based controllers ignore the forecast."""


def setpoint_table(site: Site) -> SignalVector:
    """Setpoints that a controller decides, with the limits and rates that the safety envelope keeps.

    ``T_supply_set`` and the flows are per group of CDUs: every CDU of a group gets the same value.
    """
    lim, g, V = site.limits, site.n_groups, site.cdu.pump.V_dot_nominal

    def s(name: str, unit: str, doc: str, low: float, high: float, minutes: float, size: int = 1) -> SignalInfo:
        return SignalInfo(
            name=name, role=Role.SETPOINT, unit=unit, doc=doc, size=size, per="plant" if size == 1 else "group",
            low=low, high=high, rate=(high - low) / (60.0 * minutes),
        )  # fmt: skip

    def per_group(name: str, unit: str, doc: str, low: float, high: float, minutes: float) -> SignalInfo:
        return dataclasses.replace(s(name, unit, doc, low, high, minutes, g), per="group")

    dp_high = site.facility_pump.dp_nominal * 0.8
    table = [
        per_group("T_supply_set", "K", "secondary supply temperature", lim.T_supply_min, lim.T_supply_max, 20.0),
        per_group("V_sec_set", "m3/s", "secondary flow of each CDU", 0.25 * V, V, 4.0),
        per_group("dp_set", "Pa", "pressure difference across the CDU branches", 5e3, dp_high, 4.0),
        s("T_tower_set", "K", "tower leaving water temperature", lim.T_basin_min + 2.0, 313.15, 30.0),
        s("m_cw_set", "kg/s", "tower water flow", 0.25 * site.m_tower_nominal, site.m_tower_nominal, 4.0),
    ]
    if site.chilled is not None:
        c = site.chilled
        table += [
            s("split", "1", "share of the CDU water that passes the chillers", 0.0, 0.5, 4.0),
            s("T_chw_set", "K", "leaving temperature of the chillers", c.T_chw_min, c.T_chw_max, 10.0),
            s("T_air_set", "K", "supply air temperature of the CRAHs", 291.15, 301.15, 20.0),
            s("air_ratio_set", "1", "CRAH air over the air that the servers draw", 0.9, 1.4, 4.0),
        ]
    return SignalVector(table)


def measurement_table(site: Site) -> SignalVector:
    """Readings that a controller gets; sizes ``cdu``, ``group`` or one."""
    n, g = site.n_cdu, site.n_groups

    def m(name: str, unit: str, doc: str, size: int = 1, per: str = "plant") -> SignalInfo:
        return SignalInfo(name=name, role=Role.OUTPUT, unit=unit, doc=doc, size=size, per=per)

    table = [
        m("T_supply", "K", "secondary supply", n, "cdu"),
        m("T_return", "K", "secondary return", n, "cdu"),
        m("T_return_hot", "K", "hottest rack outlet of a CDU", n, "cdu"),
        m("T_chip", "K", "hottest chip of a CDU", n, "cdu"),
        m("q_cdu", "W", "liquid heat of a CDU, from power meters", n, "cdu"),
        m("q_rack", "W", "liquid heat of the hottest rack of a CDU, from power meters", n, "cdu"),
        m("V_sec", "m3/s", "secondary flow", n, "cdu"),
        m("m_pri", "kg/s", "facility water through a CDU", n, "cdu"),
        m("y_cdu", "1", "secondary pump speed", n, "cdu"),
        m("v_cdu", "1", "primary valve opening", n, "cdu"),
        m("override", "1", "share of speed added by a CDU's temperature override", n, "cdu"),
        m("dp_header", "Pa", "pressure difference across the CDU branches", g, "group"),
        m("y_fws", "1", "facility pump speed", g, "group"),
        m("T_fws", "K", "facility water supply at the hall"),
        m("T_fws_return", "K", "facility water return"),
        m("T_tower", "K", "tower leaving water"),
        m("T_tower_return", "K", "water to the towers"),
        m("m_cw", "kg/s", "tower water"),
        m("y_cw", "1", "tower pump speed"),
        m("y_fan", "1", "tower fan speed"),
        m("n_cells", "1", "tower cells with water"),
        m("n_cw", "1", "tower pumps running"),
        m("n_fws", "1", "facility pumps running", g, "group"),
        m("q_air", "W", "heat to air, from power meters"),
        m("T_wb", "K", "outdoor wet bulb"),
        m("T_db", "K", "outdoor dry bulb"),
        m("p", "Pa", "atmospheric pressure"),
        m("T_dew_hall", "K", "dew point in the hall"),
    ]
    if site.chilled is not None:
        table += [
            m("T_chw", "K", "chilled water leaving"),
            m("T_plant", "K", "facility water after the economiser, before the chillers"),
            m("T_air", "K", "supply air"),
            m("T_inlet", "K", "server inlet air, recirculation included"),
            m("n_chillers", "1", "chillers running"),
            m("Q_chiller", "W", "heat taken by the chillers"),
            m("y_chw", "1", "chilled-water pump speed"),
            m("m_chw", "kg/s", "water through the evaporators"),
            m("m_air", "kg/s", "air through the CRAHs"),
        ]
    return SignalVector(table)
