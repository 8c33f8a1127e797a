"""Tables of pumps against static head and of part-load power curves."""

from typing import Any

import numpy as np

from lowlift.sim.validation.spec import Computed, Given, Out, Rows, TableSpec, grouped, outside
from lowlift.thermal.hydraulics import Pump, operating_flow_of_curve
from lowlift.thermal.part_load import PartLoadCurve

SHUTOFF_RATIO = 1.25


def static_head(rows: Rows) -> Computed:
    """A pump on a system with static head and quadratic resistance."""

    def one(part: Rows, key: tuple[Any, ...]) -> Computed:
        H0, a = key
        # Any ratio of shut-off to nominal head gives the same curve; the nominal point only has to lie on it.
        pump = Pump(V_dot_nominal=float(np.sqrt((SHUTOFF_RATIO - 1.0) * H0 / SHUTOFF_RATIO / a)), dp_nominal=H0 / SHUTOFF_RATIO,
                    shutoff_ratio=SHUTOFF_RATIO)  # fmt: skip
        y, H_static, C = part["speed_ratio"], part["static_head_Pa"], 1.0 / np.sqrt(part["system_k_Pa_per_m3s2"])
        V, V_full = (operating_flow_of_curve(pump.H0, a, 1.0, speed, C, H_static) for speed in (y, np.ones_like(y)))
        head = pump.dp(V, y)
        ratio = np.where(V_full > 0.0, V / np.where(V_full > 0.0, V_full, 1.0) / np.where(y > 0.0, y, 1.0), 0.0)
        values = {"flow_m3_s": V, "head_Pa": head, "p_hydraulic_W": V * head, "ratio_flow_over_speed": ratio}
        return Computed(values, {"negative flow": V < 0.0}, beyond=outside(pump, V_dot=V, y=y))

    return grouped(rows, ("pump_H0_Pa", "pump_a_Pa_per_m3s2"), one)


def part_load(rows: Rows) -> Computed:
    """Cubic curves at a flow ratio."""

    def one(part: Rows, key: tuple[Any, ...]) -> Computed:
        curve = PartLoadCurve(**dict(zip(("c0", "c1", "c2", "c3"), key, strict=True)))
        x = part["flow_ratio"]
        return Computed({"power_ratio": curve.ratio(x)}, {"negative power": curve.P_el(x) < 0.0}, beyond=outside(curve, x=x))

    return grouped(rows, ("c0", "c1", "c2", "c3"), one)


TABLES = (
    TableSpec(
        name="pump_system_static_head",
        title="Pump against static head",
        kind="component",
        given=(
            Given("static_head_Pa", 0.0, 1e8), Given("system_k_Pa_per_m3s2", 1e-3, 1e15), Given("pump_H0_Pa", 1.0, 1e8),
            Given("pump_a_Pa_per_m3s2", 1e-3, 1e15), Given("speed_ratio", 0.0, 2.0),
        ),
        out=(
            Out("flow_m3_s", "tol_flow_rel", floor=1e-6), Out("head_Pa", "tol_head_rel"), Out("p_hydraulic_W", "tol_power_rel", floor=1.0),
            Out("ratio_flow_over_speed", "tol_flow_rel", floor=1e-4),
        ),
        tolerances={"tol_flow_rel": 0.005, "tol_head_rel": 0.01, "tol_power_rel": 0.015},
        compute=static_head,
        source="exact intersection of curves",
        differences=("Shut-off is rounded over 1e-6 of the shut-off head.",),
        order=(
            "static_head_Pa", "system_k_Pa_per_m3s2", "pump_H0_Pa", "pump_a_Pa_per_m3s2", "speed_ratio", "flow_m3_s", "head_Pa",
            "p_hydraulic_W", "ratio_flow_over_speed",
        ),
    ),
    TableSpec(
        name="fan_pump_partload_curves",
        title="Part-load curves of fans and pumps",
        kind="component",
        given=(*(Given(f"c{i}", -100.0, 100.0) for i in range(4)), Given("flow_ratio", 0.0, 2.0)),
        out=(Out("power_ratio", "tol_abs"),),
        tolerances={"tol_abs": 0.002},
        compute=part_load,
        source="EnergyPlus example files, ASHRAE 90.1 Appendix G as quoted",
        differences=(
            "The curve that the table calls `pump_vsd_90.1` is that of a pump riding its curve (openstudio-standards, control type "
            "Riding Curve): below nominal flow it lies above proportional power, as no pump of variable speed does.",
            "The tower fan's cubic is negative below a fifth of the flow; the bare cubic is compared here, a fan in the library draws no "
            "less than nothing.",
        ),
        order=("curve", "c0", "c1", "c2", "c3", "flow_ratio", "power_ratio"),
    ),
)  # fmt: skip
"""Tables of this family."""
