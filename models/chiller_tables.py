"""What a chilled-water plant shows and is told: its vectors, setpoints, readings, end uses, balance and limits."""

import functools

import numpy as np

from lowlift.models.chiller_site import ChillerSite
from lowlift.models.sheet import STORED, Balance, EndUse, Flow, Group, LimitInfo, PlantSheet
from lowlift.models.signals import Role, SignalInfo, SignalVector

NODES = ("T_chw", "T_return", "T_cw", "T_cw_return")
"""Water volumes: chilled water at the load and back, condenser water at the chiller and back."""


def _signal(role: Role, name: str, unit: str, doc: str, low: float = -np.inf, high: float = np.inf, rate: float = np.inf) -> SignalInfo:
    return SignalInfo(name=name, role=role, unit=unit, doc=doc, low=low, high=high, rate=rate)


def state_table() -> SignalVector:
    """Four water volumes."""
    T = functools.partial(_signal, Role.STATE, unit="K", low=253.15, high=373.15)
    docs = ("chilled water at the load", "chilled water coming back", "condenser water at the chiller", "condenser water to the tower")
    return SignalVector([T(name, doc=doc) for name, doc in zip(NODES, docs, strict=True)])


def actuator_table(site: ChillerSite) -> SignalVector:
    """Actuators with their physical range and stroke or ramp rate."""
    lim, loops = site.limits, site.parts.loops

    def a(name: str, unit: str, doc: str, low: float, high: float, stroke: float) -> SignalInfo:
        return _signal(Role.ACTUATOR, name, unit, doc, low, high, rate=(high - low) / stroke if stroke > 0.0 else np.inf)

    return SignalVector(
        [
            a("T_chw_set", "K", "leaving setpoint of the chiller's capacity control", lim.T_chw_set_min, lim.T_chw_set_max, 600.0),
            a("T_tower_set", "K", "leaving setpoint of the tower's fan control", loops.T_cw_low, loops.T_cw_high, 600.0),
            a("y_chw", "1", "chilled water over its nominal flow", site.y_chw_min, 1.0, 60.0),
            a("n_chillers", "1", "whether the chiller runs", 0.0, 1.0, 0.0),
        ]
    )


def disturbance_table(site: ChillerSite) -> SignalVector:
    """Load and weather."""
    d = functools.partial(_signal, Role.DISTURBANCE)
    return SignalVector(
        [
            d("q_it", "W", "IT heat on the chilled water", 0.0, 10 * site.P_it_nominal),
            d("T_wb", "K", "outdoor wet bulb", 233.15, 308.15),
            d("T_db", "K", "outdoor dry bulb", 233.15, 333.15),
            d("p", "Pa", "atmospheric pressure", 5e4, 1.1e5),
        ]
    )


def setpoint_table(site: ChillerSite) -> SignalVector:
    """What a controller decides."""
    lim, loops, V = site.limits, site.parts.loops, site.parts.pump_chw.V_dot_nominal

    def s(name: str, unit: str, doc: str, low: float, high: float, minutes: float) -> SignalInfo:
        return _signal(Role.SETPOINT, name, unit, doc, low, high, rate=(high - low) / (60.0 * minutes))

    return SignalVector(
        [
            s("T_chw_set", "K", "chilled water leaving the chiller", lim.T_chw_set_min, lim.T_chw_set_max, 20.0),
            s("T_tower_set", "K", "water leaving the tower", loops.T_cw_low, loops.T_cw_high, 20.0),
            s("V_chw_set", "m3/s", "chilled-water flow", site.y_chw_min * V, V, 4.0),
        ]
    )


def measurement_table() -> SignalVector:
    """Readings that a controller gets."""
    m = functools.partial(_signal, Role.OUTPUT)
    return SignalVector(
        [
            m("T_chw", "K", "chilled water at the load"),
            m("T_return", "K", "chilled water coming back"),
            m("T_cw", "K", "condenser water at the chiller"),
            m("T_cw_return", "K", "condenser water to the tower"),
            m("V_chw", "m3/s", "chilled-water flow"),
            m("V_cw", "m3/s", "condenser-water flow"),
            m("Q_chiller", "W", "heat taken by the chiller"),
            m("y_fan", "1", "air of the tower over its nominal flow, natural draught included"),
            m("y_chw", "1", "chilled water over its nominal flow, as commanded"),
            m("n_chillers", "1", "chillers running"),
            m("boost", "1", "flow and cold added because the return is near its limit, over the most that may be added"),
            m("q_air", "W", "IT heat, from power meters"),
            m("T_wb", "K", "outdoor wet bulb"),
            m("T_db", "K", "outdoor dry bulb"),
            m("p", "Pa", "atmospheric pressure"),
        ]
    )


END_USES = (
    EndUse(name="it", words="IT", group=Group.IT),
    EndUse(name="losses", words="power losses", group=Group.LOSSES),
    EndUse(name="chw_pumps", words="chilled-water pump", group=Group.COOLING),
    EndUse(name="chillers", words="chiller", group=Group.COOLING),
    EndUse(name="cw_pumps", words="condenser-water pump", group=Group.COOLING),
    EndUse(name="tower_fans", words="tower fan", group=Group.COOLING),
)
ENERGY = Balance(
    flows=(
        Flow(name="Q_it", sign=1, doc="IT heat on the chilled water"),
        Flow(name="Q_pump_chw", sign=1, doc="shaft work of the chilled-water pump"),
        Flow(name="W_chiller", sign=1, doc="compressor work"),
        Flow(name="Q_pump_cw", sign=1, doc="shaft work of the condenser-water pump"),
        Flow(name="Q_tower", sign=-1, doc="rejected by the tower"),
        Flow(name="Q_chiller", sign=0, doc="taken by the chiller"),
    ),
    stored=STORED, unit="W", stored_unit="J",
)  # fmt: skip


def limits(site: ChillerSite) -> tuple[LimitInfo, ...]:
    """What the load must be given, and what the chiller can take.

    How cold condenser water may get is kept by the range of the tower's setpoint; only natural draught, which nobody controls, goes below.
    """
    lim = site.limits
    return (
        LimitInfo(name="chilled water, highest", worst="warmest chilled water", signal="T_chw", bound=lim.T_chw_max),
        LimitInfo(name="chilled water, lowest", worst="coldest chilled water", signal="T_chw", bound=lim.T_chw_min, upper=False),
        LimitInfo(name="chilled-water return", worst="warmest chilled-water return", signal="T_return", bound=lim.T_return_max),
        LimitInfo(name="condenser water", worst="warmest condenser water", signal="T_cw", bound=lim.T_cw_max),
    )


def sheet(site: ChillerSite) -> PlantSheet:
    """The sheet of a chilled-water plant."""
    return PlantSheet(
        kind=site.kind, setpoints=setpoint_table(site), measurements=measurement_table(), end_uses=END_USES, energy=ENERGY,
        waters=("evaporation", "drift", "blowdown"), limits=limits(site),
    )  # fmt: skip
