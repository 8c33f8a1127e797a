"""Halls of any number of CDUs, grown from ``gb200_hall``, and their loads and weather: the cases of ``mpc_scale.py``."""

import dataclasses
import tomllib
from importlib import resources

import numpy as np

from lowlift.controllers.ocp import T_REFERENCE, T_SCALE
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.wide_ocp import WideData, WideOcp
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.liquid_schema import LiquidFile
from lowlift.models.site_build import build_site
from lowlift.models.wide import WideHall

RACKS_PER_CDU, CDUS_OF_GB200 = 8, 8
GROWS = {
    "facility": ("volume_supply_m3", "volume_return_m3"),
    "tower": ("fan_kW_per_cell", "volume_basin_m3", "volume_supply_m3", "volume_return_m3"),
    "chilled": ("Q_nominal_kW", "flow_condenser_kg_s", "flow_chw_kg_s", "volume_chw_m3", "air_flow_m3_s", "fan_kW", "C_air_MJ_K"),
}
"""What is sized for the whole hall; all else of the data sheet is per rack, per CDU or per unit of heat."""
T_START = (301.0, 306.0, 298.5, 299.0, 303.0, 292.0, 299.0, 297.0, 309.0)
"""Facility nodes at the start [K]."""
DAY, STAGE = 86400.0, 900.0
"""Seconds of a day and of a stage."""


def hall(cdus: int) -> LiquidHall:
    """``gb200_hall`` with ``cdus`` CDUs of eight racks in two pump groups, everything central in proportion."""
    text = (resources.files("lowlift.models.sites") / "gb200_hall.toml").read_text()
    sheet = tomllib.loads(text)
    ratio = cdus / CDUS_OF_GB200
    for section, names in GROWS.items():
        for name in names:
            sheet[section][name] *= ratio
    sheet["site"] |= {"name": f"hall_{cdus}", "groups": [cdus // 2, cdus // 2]}
    sheet["racks"]["per_cdu"] = [RACKS_PER_CDU] * cdus
    return LiquidHall(build_site(LiquidFile.model_validate(sheet)))


def moment(model: WideHall, stages: np.ndarray, t: float, seed: int) -> WideData:
    """What a plan at time ``t`` [s] sees: every CDU with a load, a daily swing and a hottest rack of its own."""
    site, rng = model.site, np.random.default_rng(seed)
    n = site.n_cdu
    level, swing, phase, hot = (
        rng.uniform(0.45, 0.85, n),
        rng.uniform(0.02, 0.12, n),
        rng.uniform(0.0, 2.0 * np.pi, n),
        rng.uniform(1.02, 1.2, n),
    )
    middle = (t + np.cumsum(stages) - 0.5 * stages)[:, None]
    load = np.clip(level + swing * np.sin(2.0 * np.pi * middle / DAY + phase), 0.1, 1.0)
    rated = site.rack_power * site.liquid_share
    racks = np.bincount(site.cdu_of_rack, minlength=n)
    rack = np.minimum(load * hot, 1.1) * rated
    air = load.mean(axis=1) * site.P_it_nominal * (1.0 - site.liquid_share)
    sun = np.sin(2.0 * np.pi * (middle[:, 0] / DAY - 0.35))
    ones = np.ones(len(stages))
    return WideData(
        x0=np.array(T_START), q=load * racks * rated, q_surge=np.minimum(load + 0.15, 1.0) * racks * rated, q_rack=rack,
        q_rack_surge=np.minimum(rack + 0.15 * rated, 1.1 * rated), q_air=air, q_air_surge=1.1 * air, T_wb=289.0 + 2.5 * sun,
        T_db=300.0 + 6.0 * sun, p=site.p * ones, n_chillers=ones, n_cooling=ones, counts=model.counts.high, floor=287.15,
    )  # fmt: skip


def moved_on(ocp: WideOcp, plan: Iterate, stages: int) -> WideData:
    """The next moment, ``stages`` later: temperatures as planned but for some tenths of a kelvin, loads forecast anew and a little off."""
    rng = np.random.default_rng(1)
    d = moment(ocp.model, ocp.stages, stages * STAGE, 0)
    x0 = T_REFERENCE + T_SCALE * plan.w[stages - 1, 0] + rng.normal(0.0, 0.2, plan.w.shape[-1])
    revised = 1.0 + rng.normal(0.0, 0.01, d.q.shape[1])
    return dataclasses.replace(d, x0=x0, **{name: getattr(d, name) * revised for name in ("q", "q_surge", "q_rack", "q_rack_surge")})


def shifted(plan: Iterate) -> Iterate:
    """A plan moved on by one stage, its last one twice; multipliers included."""
    rolled = {f.name: np.concatenate([v[1:], v[-1:]]) for f in dataclasses.fields(plan)[1:] for v in (getattr(plan, f.name),)}
    return Iterate(x0=plan.x0, **rolled)
