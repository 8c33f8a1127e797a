"""Table of cold plates by CFD: only the trend is judged."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lowlift.sim.validation.spec import Array, Computed, Given, Out, Rows, TableSpec, grouped, outside
from lowlift.thermal.coldplate import ColdPlate
from lowlift.thermal.fluids import WATER
from lowlift.thermal.microchannel import MicrochannelPlate

LITRE_PER_MINUTE = 1.0 / 6e4
R_LAYERS = ColdPlate().R_chip_plate
"""Chip to plate [K/W]: the library's default guess, nothing of the table."""
GEOMETRY = ("channel_w_mm", "channel_h_mm", "fin_w_mm", "n_channels")
CORRELATION = -0.7
"""Largest rank correlation of resistance with pressure drop that still counts as the trend."""
FEWEST = 4


def plates(rows: Rows) -> Computed:
    """Resistance and pressure drop of a plate from its channels."""

    def one(part: Rows, key: tuple[Any, ...]) -> Computed:
        b, H, t, n = (float(v) for v in key)
        plate = MicrochannelPlate(width=b * 1e-3, height=H * 1e-3, fin=t * 1e-3, channels=n)
        (T,), V = part.kelvin("t_in_C"), part["flow_L_min"] * LITRE_PER_MINUTE
        R = R_LAYERS + 1.0 / plate.conductance(WATER, T, V) + 1.0 / (V * WATER.rho(T) * WATER.cp(T))
        values = {"dp_kPa": plate.dp(WATER, T, V) / 1e3, "dT_chip_minus_inlet_K": part["q_W"] * R, "R_th_K_per_W": R}
        return Computed(values, {"negative resistance": R < 0.0}, beyond=outside(plate, Re=plate.reynolds(WATER, T, V)))

    return grouped(rows, GEOMETRY, one)


def ranks(x: Array) -> Array:
    """Places in ascending order."""
    return np.argsort(np.argsort(x, kind="stable"), kind="stable").astype(float)


def trend(rows: Rows, values: Mapping[str, Array]) -> str | None:
    """Resistance must fall as pressure drop rises."""
    dp, R = values["dp_kPa"], values["R_th_K_per_W"]
    both = np.isfinite(dp) & np.isfinite(R)
    if np.count_nonzero(both) < FEWEST:
        return None
    correlation = float(np.corrcoef(ranks(dp[both]), ranks(R[both]))[0, 1])
    return None if correlation <= CORRELATION else f"resistance does not fall with pressure drop: rank correlation {correlation:.2f}"


TABLES = (
    TableSpec(
        name="cold_plate_cfd_pareto",
        title="Cold plate, channels (trend)",
        kind="trend",
        given=(
            Given("q_W", 0.0, 1e6), Given("flow_L_min", 1e-3, 1e4), Given("t_in_C", 1.0, 95.0), Given("channel_w_mm", 1e-3, 20.0),
            Given("channel_h_mm", 1e-3, 50.0), Given("fin_w_mm", 1e-3, 20.0), Given("n_channels", 1.0, 5000.0),
        ),
        out=(Out("dp_kPa"), Out("dT_chip_minus_inlet_K", "tol_R_rel"), Out("R_th_K_per_W", "tol_R_rel")),
        tolerances={"tol_R_rel": 0.15},
        compute=plates,
        source="published CFD of a GB300-class plate (toaiz.ai)",
        differences=(
            "Layers between die and channels are the library's default guess, spreading is left out, the coolant is taken as water and the "
            "channels as long as a plate is wide: only the order is evidence. Pressure drops come out up to 1.9 times too high.",
        ),
        order=(
            "q_W", "flow_L_min", "t_in_C", "dp_kPa", "dT_chip_minus_inlet_K", "channel_w_mm", "channel_h_mm", "fin_w_mm", "n_channels",
            "R_th_K_per_W",
        ),
        verdict=trend,
    ),
)  # fmt: skip
"""Tables of this family."""
