"""Random optimal control problems of the liquid halls, made from their sites in code and a seed.

A problem is a hall's planning problem over 24 h with a random load, weather, prices, limits, machines and initial state. Families differ in
their structure and in what is wrong with them:

========== ===========================================================================================================================
soft       as planned every day: temperatures and reserves are soft, flows, pressures and actuators are hard
hard rows  limits of chips and rack outlets are hard, and lack a slack that could take up what cannot be kept
hard state supply temperatures and basin have hard bounds as states; a start outside them may not be brought back in the first stage
impossible     hard bounds on supply temperatures below the wet bulb, no chiller running: no heat sink is that cold
not a number   one entry of the data is NaN or infinite
========== ===========================================================================================================================
"""

import dataclasses

import numpy as np

from lowlift.controllers.ocp import T_REFERENCE, T_SCALE, Ocp
from lowlift.controllers.optimiser import BatchData, StageProblem
from lowlift.models import load
from lowlift.models.grouped import GroupedHall

SITES = ("gb200_hall", "frontier")
FAMILIES = {"soft": 0.62, "hard rows": 0.14, "hard state": 0.12, "impossible": 0.08, "not a number": 0.04}
"""Share of the problems of each site."""
BEYOND = 0.1
"""Share of the problems with a load beyond 1.3 of the rated one."""
WILD = 0.05
"""Share of initial states far from any plausible one."""
IMPOSSIBLE, LEAST_WET_BULB = 1.0, 5.0
"""Upper bound of supply temperatures that cannot be kept, and the least wet bulb then, above the lower bound of the former [K]."""
ZERO_C = 273.15
COMMON = ("q_air", "q_air_surge", "T_wb", "T_db", "p", "price", "water", "on", "cooling")
"""Parameters of a stage after those of the groups; see ``Ocp.n_data``."""

LOADS = {"up to 0.7": 0.7, "0.7 to 1": 1.0, "1 to 1.3": 1.3, "beyond 1.3": np.inf}
"""Classes of the mean load over the rated one, by their upper edges."""
WEATHERS = {"up to 5 C": ZERO_C + 5.0, "5 to 15 C": ZERO_C + 15.0, "beyond 15 C": np.inf}
"""Classes of the mean wet bulb [K]."""
MARGINS = {"up to 2 K": 2.0, "beyond 2 K": np.inf}
"""Classes of the distance to limits [K]."""


@dataclasses.dataclass(frozen=True)
class Family:
    """Problems of one structure."""

    site: str
    kind: str
    problem: StageProblem
    data: BatchData
    load: np.ndarray
    """Mean load over the rated one, ``(B,)``."""
    classes: dict[str, np.ndarray]
    """What kind of problem each is: names of classes ``(B,)`` by what they divide."""


def families(n: int, stages: int, seed: int) -> list[Family]:
    """``n`` random problems with ``stages`` stages over 24 h."""
    made = []
    for k, site in enumerate(SITES):
        rng = np.random.default_rng([seed, k])
        ocp = Ocp(GroupedHall(load(site)), (86400.0 / stages,) * stages)
        share = n // 2 if k else n - n // 2
        counts = [max(1, round(share * of)) for of in FAMILIES.values()]
        counts[0] += share - sum(counts)
        for kind, b in zip(FAMILIES, counts, strict=True):
            data, mean_load, wild = _data(ocp, b, rng)
            if kind == "not a number":
                data = _spoilt(data, rng)
            if kind == "impossible":
                data = _warm_without_chillers(ocp, data)
            classes = {
                "load over rated": _class(LOADS, mean_load),
                "mean wet bulb": _class(WEATHERS, _kelvin(data.p[..., _at(ocp, "T_wb")].mean(axis=0))),
                "distance to limits": _class(MARGINS, data.p[0, :, ocp.n_data + ocp.n_counts]),
                "initial state": np.where(wild, "far from plausible", "plausible"), "limits": np.full(b, kind),
            }  # fmt: skip
            made.append(Family(site, kind, _structure(ocp, kind), data, mean_load, classes))
    return made


def _structure(ocp: Ocp, kind: str) -> StageProblem:
    problem = ocp.structure
    if kind == "hard rows":
        hard = [name.startswith(("chip temperature, ", "return temperature, ")) for name in problem.rows]
        slacks = tuple(None if is_hard else j for is_hard, j in zip(hard, problem.slack_of_row, strict=True))
        return dataclasses.replace(problem, slack_of_row=slacks)
    if kind in ("hard state", "impossible"):
        lim = ocp.model.site.limits
        low, high = problem.w_low.copy(), problem.w_high.copy()
        for i, name in enumerate(problem.states):
            if name.startswith("T_supply_"):
                low[i], high[i] = (
                    _scaled(lim.T_supply_min),
                    _scaled(lim.T_supply_max if kind == "hard state" else lim.T_supply_min + IMPOSSIBLE),
                )
            elif name == "T_basin":
                low[i] = _scaled(lim.T_basin_min)
        return dataclasses.replace(problem, w_low=low, w_high=high)
    return problem


def _data(ocp: Ocp, b: int, rng: np.random.Generator) -> tuple[BatchData, np.ndarray, np.ndarray]:
    model, site, n = ocp.model, ocp.model.site, len(ocp.stages)
    g = site.n_groups
    hours = 0.5 * (ocp.edges[1:] + ocp.edges[:-1]) / 3600.0

    def each(low: float, high: float, *shape: int) -> np.ndarray:
        return rng.uniform(low, high, (b, *shape))

    level = np.where(rng.random(b) < BEYOND, each(1.3, 2.0), each(0.3, 1.3))
    # Load: a daily course, a job that ends or begins, and noise.
    daily = 1.0 + each(0.0, 0.15, 1) * np.sin(2.0 * np.pi * (hours - each(0.0, 24.0, 1)) / 24.0)
    jump = np.where(hours > each(0.0, 24.0, 1), each(0.6, 1.2, 1), 1.0)
    course = np.clip(level[:, None] * daily * jump * (1.0 + 0.03 * rng.standard_normal((b, n))), 0.05, None)
    per_cdu = site.rack_power * site.liquid_share * model.racks_per_cdu
    q = course[..., None] * per_cdu * each(0.8, 1.0, 1, g)
    hot = q * each(1.0, 1.1, 1, g)
    surge = hot * each(1.0, 1.2, 1, g)
    uneven = each(1.0, 1.08, 1, g) / model.racks_per_cdu
    air = course * site.P_it_nominal * (1.0 - site.liquid_share)
    air_surge = air * each(1.0, 1.2, 1)
    T_wb = ZERO_C + each(-5.0, site.T_wb_design - ZERO_C + 4.0, 1) + each(0.0, 5.0, 1) * np.sin(2.0 * np.pi * (hours - 9.0) / 24.0)
    T_db = T_wb + each(0.5, 15.0, 1)
    p = np.broadcast_to(site.p * each(0.97, 1.03, 1), (b, n))
    price = each(0.3, 2.0, 1) * np.where((hours > 7.0) & (hours < 21.0), 1.0, each(0.4, 1.0, 1))
    water = np.broadcast_to(each(0.0, 0.1, 1), (b, n))
    installed = 0 if site.chilled is None else site.chilled.n_chillers
    on = rng.integers(0, installed + 1, (b, 1))
    cooling = np.maximum(on - (rng.random((b, 1)) < 0.1), 0)
    held = [np.broadcast_to(v, (b, n)) for v in (on, cooling)]
    data = np.concatenate(
        [np.concatenate([q, hot, surge, hot * uneven, surge * uneven], axis=-1) / 1e6,
         np.stack([air / 1e6, air_surge / 1e6, _scaled(T_wb), _scaled(T_db), p / 1e5, price, water, *held], axis=-1)], axis=-1)  # fmt: skip
    # From half of what is installed to all of it.
    counts = np.column_stack([rng.integers(-(-int(most) // 2), int(most) + 1, b) for most in model.counts.high]).astype(float)
    x0, wild = _start(ocp, T_wb[:, 0], level, rng)
    batch = ocp.batch(x0, data, counts, 0.0, each(276.0, 297.0))
    batch.p[..., ocp.n_data + ocp.n_counts] = each(0.0, 5.0)
    return batch, course.mean(axis=1), wild


def _start(ocp: Ocp, T_wb: np.ndarray, level: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Plausible temperatures along the flow of heat [K], some disturbed beyond all plausibility, and which."""
    b = len(T_wb)
    basin = np.maximum(T_wb, 275.0) + rng.uniform(2.0, 8.0, b)
    supply = basin + rng.uniform(1.0, 4.0, b)
    of = {"T_basin": basin, "T_cw_supply_0": basin, "T_cw_return_0": basin + 6.0 * level, "T_fws_supply_0": supply,
          "T_fws_return_0": supply + 9.0 * level, "T_chw": supply - rng.uniform(0.0, 5.0, b)}  # fmt: skip
    of["T_crah_return"] = of["T_chw"] + 5.0 * level
    of["T_air_cold"] = np.clip(of["T_chw"] + 5.0, 290.0, 300.0)
    of["T_air_hot"] = of["T_air_cold"] + 11.0 * level
    columns = []
    for name in ocp.model.nodes:
        if name.startswith("T_supply_"):
            columns.append(supply + rng.uniform(1.0, 6.0, b))
        elif name.startswith("T_return_"):
            columns.append(supply + rng.uniform(1.0, 6.0, b) + 10.0 * level)
        else:
            columns.append(of[name])
    wild = rng.random(b) < WILD
    size = np.where(wild, 6.0, 1.0)[:, None]
    return np.column_stack(columns) + size * rng.standard_normal((b, len(columns))), wild


def _warm_without_chillers(ocp: Ocp, data: BatchData) -> BatchData:
    """The same problems in weather that lets no coolant stay as cold as asked for, whatever is stored at the beginning."""
    p = data.p.copy()
    wet, dry = _at(ocp, "T_wb"), _at(ocp, "T_db")
    p[..., wet] = np.maximum(p[..., wet], _scaled(ocp.model.site.limits.T_supply_min + LEAST_WET_BULB))
    p[..., dry] = np.maximum(p[..., dry], p[..., wet])
    p[..., [_at(ocp, "on"), _at(ocp, "cooling")]] = 0.0
    return dataclasses.replace(data, p=p)


def _at(ocp: Ocp, name: str) -> int:
    """Where a disturbance common to all groups stands among a stage's parameters."""
    return 5 * ocp.model.site.n_groups + COMMON.index(name)


def _class(edges: dict[str, float], value: np.ndarray) -> np.ndarray:
    return np.array(list(edges))[np.searchsorted(list(edges.values()), value)]


def _spoilt(data: BatchData, rng: np.random.Generator) -> BatchData:
    """One entry of every problem is not a finite number."""
    x0, p = data.x0.copy(), data.p.copy()
    for i in range(data.size):
        value = rng.choice([np.nan, np.inf, -np.inf])
        if rng.random() < 0.5:
            x0[i, rng.integers(x0.shape[1])] = value
        else:
            p[rng.integers(p.shape[0]), i, rng.integers(p.shape[2])] = value
    return dataclasses.replace(data, x0=x0, p=p)


def _scaled(T: "np.ndarray | float") -> np.ndarray:
    return (np.asarray(T) - T_REFERENCE) / T_SCALE


def _kelvin(scaled: np.ndarray) -> np.ndarray:
    return T_REFERENCE + T_SCALE * scaled
