"""The vectors of a liquid hall: tables of its states, actuators and disturbances."""

from collections.abc import Sequence

import numpy as np

from lowlift.models.signals import Role, SignalInfo, SignalVector
from lowlift.models.site import Site

T_LOW, T_HIGH = 253.15, 400.0
"""Range of every temperature [K]."""


def state_table(site: Site, nodes: Sequence[str], sensors: Sequence[str]) -> SignalVector:
    """Temperatures of racks, CDUs, facility ``nodes`` and of ``sensors`` that lag behind."""
    r, n = site.n_racks, site.n_cdu

    def state(name: str, size: int, per: str, doc: str) -> SignalInfo:
        return SignalInfo(name=name, role=Role.STATE, unit="K", doc=doc, size=size, per=per, low=T_LOW, high=T_HIGH)

    return SignalVector(
        [
            state("T_chip", r, "rack", "mean chip temperature of a rack"),
            state("T_plate", r, "rack", "cold-plate temperature of a rack"),
            state("T_cool", r, "rack", "coolant leaving a rack"),
            state("T_return", n, "cdu", "secondary return of a CDU"),
            state("T_supply", n, "cdu", "secondary supply of a CDU"),
            *(state(name, 1, "plant", "facility node") for name in nodes),
            state("T_supply_sensor", n, "cdu", "secondary supply as its sensor reads it"),
            *(state(name, 1, "plant", "sensor reading") for name in sensors),
        ]
    )


def actuator_table(site: Site, n_cdu: int, n_groups: int) -> SignalVector:
    """Actuators with their physical range and stroke or ramp rate."""

    def a(name: str, size: int, per: str, doc: str, low: float, high: float, stroke: float, unit: str = "1") -> SignalInfo:
        rate = (high - low) / stroke if stroke > 0.0 else np.inf
        return SignalInfo(name=name, role=Role.ACTUATOR, unit=unit, doc=doc, size=size, per=per, low=low, high=high,
                          rate=rate)  # fmt: skip

    table = [
        a("y_cdu", n_cdu, "cdu", "secondary pump speed", 0.25, 1.0, 30.0),
        a("v_cdu", n_cdu, "cdu", "primary control valve opening", 0.02, 1.0, 60.0),
        a("y_fws", n_groups, "group", "facility pump speed", 0.2, 1.0, 60.0),
        a("n_fws", n_groups, "group", "facility pumps running", 1.0, site.pumps_per_group, 0.0),
        a("y_cw", 1, "plant", "tower pump speed", 0.55, 1.0, 60.0),
        a("n_cw", 1, "plant", "tower pumps running", 1.0, site.n_tower_pumps, 0.0),
        a("y_fan", 1, "plant", "tower fan speed", 0.0, 1.0, 60.0),
        a("n_cells", 1, "plant", "tower cells with water", 1.0, site.n_cells, 0.0),
    ]
    if site.chilled is not None:
        c = site.chilled
        table += [
            a("split", 1, "plant", "share of the CDU water that passes the chillers", 0.0, 0.5, 120.0),
            a(
                "T_chw_set",
                1,
                "plant",
                "leaving setpoint of the chillers",
                c.T_chw_min,
                c.T_chw_max,
                600.0,
                "K",
            ),
            a("n_chillers", 1, "plant", "chillers running", 0.0, c.n_chillers, 0.0),
            a("y_chw", 1, "plant", "chilled-water pump speed", 0.2, 1.0, 60.0),
            a("y_crah", 1, "plant", "CRAH fan speed", 0.2, 1.0, 60.0),
        ]
    return SignalVector(table)


def disturbance_table(site: Site) -> SignalVector:
    """Load of each rack, heat to air and weather."""

    def d(name: str, unit: str, doc: str, low: float, high: float, size: int = 1, per: str = "plant") -> SignalInfo:
        return SignalInfo(name=name, role=Role.DISTURBANCE, unit=unit, doc=doc, size=size, per=per, low=low, high=high)

    return SignalVector(
        [
            d("q_liquid", "W", "heat of a rack into its cold plates", 0.0, 10 * site.rack_power, site.n_racks, "rack"),
            d("q_air", "W", "heat of all racks into air", 0.0, 10 * site.P_it_nominal),
            d("T_wb", "K", "outdoor wet bulb", 233.15, 308.15),
            d("T_db", "K", "outdoor dry bulb", 233.15, 333.15),
            d("p", "Pa", "atmospheric pressure", 5e4, 1.1e5),
        ]
    )
