"""The limits of plans of liquid halls, of CDUs and of the facility: rows ``value <= 0``, in kelvin where they are temperatures."""

from collections.abc import Mapping

from lowlift.controllers.envelope import chilled_water_is_dry
from lowlift.controllers.ocp_rows import SPARE_SCALE
from lowlift.models.hydraulics import FacilityFlows
from lowlift.models.planned_side import CduOutputs, FacilityOutputs
from lowlift.models.site import Site
from lowlift.thermal import ops
from lowlift.thermal.ops import Signal

SUPPLY_MARGIN = 2.0
"""Distance of secondary supplies to their upper limit in plans [K]."""
INLET_MARGIN = 0.8
"""Distance of server inlets to their limit in plans [K]."""
AIR_OVERSHOOT = 3.0
"""How far chilled water may warm up while towers and chillers catch up with a surge of the rated heat to air [K]."""
T_AIR_MIN = 291.15
"""Coldest supply air in plans: ASHRAE's recommended range begins at 18 C [K]."""
CHILLERS_OFF = 50.0
"""How far the limit on the chillers' leaving water is moved away where none runs [K]."""
SURGE_OVERSHOOT = 10.0
"""How far the supply of a CDU may overshoot while its valve catches up with a surge of its nominal heat [K]."""
CDU_ROWS = ("T_chip", "T_return", "T_surge", "T_chip_surge", "spare", "T_supply_high", "T_supply_low")
"""Rows of :func:`cdu_rows`."""
HOT, SPARE, SUPPLY, SURGE = range(4)
SLACK_OF_CDU_ROW = (HOT, HOT, SURGE, SURGE, SPARE, SUPPLY, SUPPLY)
"""What holds now and what a surge would break have slacks of their own: a surge that cannot be met must not loosen today's limit."""


def cdu_rows(site: Site, out: CduOutputs, S: Signal, q: tuple[Signal, Signal], margin: Signal, floor: Signal) -> list[Signal]:
    """Limits of CDUs, in the order of :data:`CDU_ROWS`.

    Args:
        site: the site.
        out: their hottest racks.
        S: secondary supply [K].
        q: heat now and after a surge [W].
        margin: distance kept to chip and return limits [K].
        floor: least water temperature for the dew point [K].
    """
    lim = site.limits
    overshoot = SURGE_OVERSHOOT * ops.maximum(q[1] - q[0], 0.0) / site.cdu.exchanger.Q_dot_nominal
    return [
        out.T_chip - (lim.T_chip_max - margin),
        out.T_return_hot - (lim.T_return_max - margin),
        out.T_surge - (lim.T_return_max - margin - overshoot),
        out.T_chip_surge - (lim.T_chip_max - margin - overshoot),
        -out.spare / SPARE_SCALE,
        S - (lim.T_supply_max - SUPPLY_MARGIN - overshoot),
        ops.maximum(lim.T_supply_min, floor) - S,
    ]


def facility_rows(
    site: Site, out: FacilityOutputs, flows: FacilityFlows, T: Mapping[str, Signal], d: Mapping[str, Signal], floor: Signal
) -> list[Signal]:
    """Limits outside the CDUs: header pressure (a row a group), basin, tower water; with a chilled branch also inlet, inlet after a surge,
    cold air, leaving chilled water, capacity of the chillers.

    Args:
        site: the site.
        out: facility side of the prediction.
        flows: its flows.
        T: its nodes [K].
        d: ``q_air``, ``q_air_surge`` [W], ``n_cooling``.
        floor: least water temperature for the dew point [K].
    """
    lim = site.limits
    rows = [
        flows.dp_header / 1e5 - site.facility_pump.dp_nominal * 0.8 / 1e5,
        ops.maximum(lim.T_basin_min + 2.0, floor) - T["T_basin"],
        (flows.m_cw - site.m_tower_nominal) / site.m_tower_nominal,
    ]
    if site.chilled is not None:
        assert lim.T_inlet_max is not None  # noqa: S101 - checked when the site file was read
        surge = ops.maximum(d["q_air_surge"] - d["q_air"], 0.0) / site.chilled.crah.Q_dot_nominal
        warming = AIR_OVERSHOOT * surge
        coldest = ops.maximum(site.chilled.T_chw_min, floor) if chilled_water_is_dry(site) else site.chilled.T_chw_min
        off = ops.maximum(1.0 - d["n_cooling"], 0.0)
        rows += [
            out.T_inlet - (lim.T_inlet_max - INLET_MARGIN),
            out.T_inlet_surge - (lim.T_inlet_max - INLET_MARGIN - warming),
            T_AIR_MIN - T["T_air_cold"],
            coldest - out.T_chiller - CHILLERS_OFF * off,
            -out.chiller_spare - off,
        ]
    return rows
