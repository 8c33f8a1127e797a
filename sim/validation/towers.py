"""Tables of cooling towers (Merkel and YorkCalc) and of the dry cooler."""

import functools
from typing import Any

import numpy as np

from lowlift.sim.validation.air import PRESSURE, SAME, T_AIR, inverted
from lowlift.sim.validation.context import design
from lowlift.sim.validation.spec import ZERO_C, Array, Computed, Given, Out, Rows, TableSpec, outside
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.dry_cooler import CP_DRY_AIR, P_SEA_LEVEL, DryCooler
from lowlift.thermal.exchange import effectiveness_crossflow_exponential
from lowlift.thermal.fluids import WATER
from lowlift.thermal.tower import CoolingTowerCell, merkel
from lowlift.thermal.tower_cell import CP_WATER, TowerCell, TowerState
from lowlift.thermal.tower_york import YorkTowerCell

BELOW = 2e-3
"""Water below the wet bulb by more than this breaks the law; less is the rounding of the drive [K]."""
AIR = (Given("t_db_C", *T_AIR), Given("t_wb_C", *T_AIR), Given("w_kg_per_kgda", 0.0, 0.5), Given("p_Pa", *PRESSURE))
WATER_IN = (Given("m_water_kg_s", 1e-6, 1e6), Given("t_water_in_C", -10.0, 110.0))
FAN = Given("fan_air_ratio", 0.0, 1.2)


def _outputs(cell: TowerCell, state: TowerState, rows: Rows, y: Array) -> Computed:
    """Columns and laws that the three tower tables share."""
    (T_in, T_wb), p = rows.kelvin("t_water_in_C", "t_wb_C"), rows["p_Pa"]
    water = cell.water(state, p, y)
    rho = WATER.rho(state.T_w_out)
    streams = {n: np.broadcast_to(getattr(water, n) / rho, T_in.shape) for n in ("evaporation", "drift", "blowdown", "makeup")}
    values = {"t_water_out_C": state.T_w_out - ZERO_C, "q_W": state.Q_dot, "p_fan_W": cell.fan_power(y)}
    laws = {
        "water below wet bulb": state.T_w_out < np.minimum(T_in, T_wb) - BELOW,
        "water heated": state.T_w_out > T_in + SAME,
        "negative water": np.any([s < 0.0 for s in streams.values()], axis=0),
    }
    refused, beyond = inverted(rows, "t_db_C", "t_wb_C"), outside(cell, T_w_in=T_in, m_w=rows["m_water_kg_s"], T_wb=T_wb, p=p, y=y)
    return Computed(values | {f"{n}_m3_s": s for n, s in streams.items()}, laws, refused, beyond)


def full_speed(rows: Rows) -> Computed:
    """Merkel with constant UA, fan at full speed."""
    machine = design("tower_merkel_fullspeed_energyplus")
    cell = CoolingTowerCell(**machine["cell"])
    (T_db, T_wb, T_in), p = rows.kelvin("t_db_C", "t_wb_C", "t_water_in_C"), rows["p_Pa"]
    m, w = rows["m_water_kg_s"], rows["w_kg_per_kgda"]
    m_a = cell.V_air_nominal * psy.density(T_db, w, p)
    got = merkel(T_in, T_wb, p, machine["UA"], m, m_a)
    state = TowerState(got.T_w_out, got.Q_dot, got.T_wb_out, m_a / (1.0 + w), w)
    return _outputs(cell, state, rows, np.ones_like(p))


def _variable(cell: TowerCell, rows: Rows) -> Computed:
    (T_db, T_wb, T_in), y = rows.kelvin("t_db_C", "t_wb_C", "t_water_in_C"), rows["fan_air_ratio"]
    return _outputs(cell, cell.leave(T_in, rows["m_water_kg_s"], T_wb, rows["p_Pa"], y, T_db), rows, y)


def merkel_variable(rows: Rows) -> Computed:
    """Merkel with a variable-speed fan."""
    return _variable(CoolingTowerCell(**design("tower_merkel_vs_energyplus")["cell"]), rows)


def york(rows: Rows) -> Computed:
    """The YorkCalc correlation with a variable-speed fan."""
    return _variable(YorkTowerCell(**design("tower_yorkcalc_energyplus")["cell"]), rows)


@functools.cache
def cooler_of_conductance() -> DryCooler:
    """The dry cooler of the table: its rating point follows from its UA, which flows do not change."""
    d = design("dry_cooler_energyplus")
    T_in, T_air = 320.0, 300.0  # any rating point gives the same UA
    C_water = d["V_water_nominal"] * 1000.0 * CP_WATER
    C_air = float(d["V_air_nominal"] / psy.specific_volume(T_air, 0.0, P_SEA_LEVEL)) * CP_DRY_AIR
    low, high = min(C_water, C_air), max(C_water, C_air)
    Q = float(effectiveness_crossflow_exponential(d["UA"] / low, low / high)) * low * (T_in - T_air)
    return DryCooler(
        Q_dot_nominal=Q, T_air_nominal=T_air, T_in_nominal=T_in, T_out_nominal=T_in - Q / C_water, V_air_nominal=d["V_air_nominal"],
        P_fan_nominal=d["P_fan_nominal"], n_coolant=0.0, n_air=0.0, exponential=True,
    )  # fmt: skip


def dry_cooler(rows: Rows) -> Computed:
    """Crossflow between water and outdoor air, fan at full speed."""
    (T_db, T_in), p, ones = rows.kelvin("t_db_C", "t_water_in_C"), rows["p_Pa"], np.ones(len(rows))
    cooler = cooler_of_conductance()
    state = cooler.leave(T_in, rows["m_water_kg_s"], T_db, p, ones, rows["w_kg_per_kgda"])
    values = {"t_water_out_C": state.T_out - ZERO_C, "q_W": state.Q_dot, "p_fan_W": cooler.P_fan(ones)}
    laws = {"water beyond the air": (state.T_out - T_db) * (T_in - T_db) < -SAME}
    return Computed(values, laws, beyond=outside(cooler, T_in=T_in, m=rows["m_water_kg_s"], T_db=T_db, p=p, w=rows["w_kg_per_kgda"]))


def _water(*names: str) -> list[Out]:
    return [Out(f"{n}_m3_s", "tol_evap_rel") for n in names]


SOURCE = "EnergyPlus 25.2.0"
TOWER_ORDER = ("t_water_out_C", "q_W", "p_fan_W", "evaporation_m3_s", "drift_m3_s", "blowdown_m3_s", "makeup_m3_s")
TOWER_OUT = (
    Out("t_water_out_C", "tol_t_out_K"), Out("q_W"), Out("p_fan_W", "tol_fan_rel"),
    *_water("evaporation", "drift", "blowdown", "makeup"),
)  # fmt: skip
EVAPORATION = (
    "Evaporation is dry air times the rise in humidity ratio; EnergyPlus multiplies the moist air flow by the rise in specific humidity, "
    "which evaporates up to 7 % less in hot air."
)


def _tower(name: str, title: str, fan: bool, t_out: float, evap: float, compute: Any, differences: tuple[str, ...]) -> TableSpec:
    given = (*AIR, *WATER_IN, *([FAN] if fan else []))
    return TableSpec(
        name=name, title=title, kind="component", given=given, out=TOWER_OUT, compute=compute, source=SOURCE,
        tolerances={"tol_t_out_K": t_out, "tol_fan_rel": 0.01, "tol_evap_rel": evap}, differences=(*differences, EVAPORATION),
        order=(*(g.name for g in given), *TOWER_ORDER),
    )  # fmt: skip


TABLES = (
    _tower("tower_merkel_fullspeed_energyplus", "Cooling tower, Merkel, full speed", False, 0.15, 0.1, full_speed, ()),
    _tower(
        "tower_merkel_vs_energyplus", "Cooling tower, Merkel, variable speed", True, 0.4, 0.12, merkel_variable,
        ("EnergyPlus scales capacity in natural draught; here the fan's air flow joins a natural air flow smoothly.",),
    ),
    _tower(
        "tower_yorkcalc_energyplus", "Cooling tower, YorkCalc", True, 0.2, 0.1, york,
        ("EnergyPlus lets the correlation return water below the wet bulb at part fan flow; the library does not.",),
    ),
    TableSpec(
        name="dry_cooler_energyplus",
        title="Dry cooler",
        kind="component",
        given=(Given("t_db_C", *T_AIR), Given("p_Pa", *PRESSURE), *WATER_IN, Given("w_kg_per_kgda", 0.0, 0.5)),
        out=(Out("t_water_out_C", "tol_t_out_K"), Out("q_W", "tol_q_rel"), Out("p_fan_W", "tol_fan_rel")),
        tolerances={"tol_q_rel": 0.015, "tol_t_out_K": 0.3, "tol_fan_rel": 0.001},
        compute=dry_cooler,
        source=SOURCE,
        differences=(
            "Compared with EnergyPlus' approximation of crossflow; the library's default relation is nearer to the exact series and is off "
            "these rows by up to 2 % of heat.",
        ),
        order=("t_db_C", "p_Pa", "m_water_kg_s", "t_water_in_C", "t_water_out_C", "q_W", "p_fan_W", "w_kg_per_kgda"),
    ),
)  # fmt: skip
"""Tables of this family."""
