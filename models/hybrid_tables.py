"""What a hybrid hall shows and is told: its vectors, setpoints, readings, end uses, balances and limits."""

import functools

import numpy as np

from lowlift.models.hybrid_site import HybridSite
from lowlift.models.sheet import STORED, Balance, EndUse, Flow, Group, LimitInfo, PlantSheet
from lowlift.models.signals import Role, SignalInfo, SignalVector

SENSORS = {"T_supply_sensor": "T_supply", "T_warm_sensor": "T_warm", "T_cold_sensor": "T_cold", "T_chw_sensor": "T_chw",
           "T_air_sensor": "T_air"}  # fmt: skip
"""Lagged sensors and what they read: states, and the air leaving the CRAHs."""
T_COLD_HIGH, T_AIR_RANGE = 318.15, (291.15, 301.15)
"""Warmest coolant of the cold bank asked for; setpoints of the supply air [K]."""
T_PAD_RANGE = (283.15, 323.15)
"""Dry bulb from which pads are wetted; the upper end means never [K]."""
AIR_RATIO_RANGE = (0.9, 1.4)
FLOW_LEAST = 0.3
"""Least flow setpoint over nominal [1]."""


def _signal(role: Role, name: str, unit: str, doc: str, low: float = -np.inf, high: float = np.inf, *, size: int = 1, per: str = "plant",
            rate: float = np.inf) -> SignalInfo:  # fmt: skip
    return SignalInfo(name=name, role=role, unit=unit, doc=doc, size=size, per=per, low=low, high=high, rate=rate)


def state_table(site: HybridSite) -> SignalVector:
    """Racks first, then CDUs, sensors and what all of them share: the order of elimination."""
    T = functools.partial(_signal, Role.STATE, unit="K", low=233.15, high=420.0)
    of_cdu = functools.partial(T, size=site.n_cdu, per="cdu")
    return SignalVector(
        [
            T("T_plate", doc="chips, cold plates and their coolant, mean of a rack", size=site.n_racks, per="rack"),
            of_cdu("T_return", doc="secondary return of a CDU"),
            of_cdu("T_supply", doc="secondary supply of a CDU"),
            of_cdu("T_supply_sensor", doc="secondary supply as its sensor reads it"),
            T("T_warm_sensor", doc="warm water at the CDUs as its sensor reads it"),
            T("T_cold_sensor", doc="coolant to the economiser as its sensor reads it"),
            T("T_chw_sensor", doc="chilled water as its sensor reads it"),
            T("T_air_sensor", doc="air leaving the CRAHs as its sensor reads it"),
            T("T_warm", doc="warm water at the CDUs"),
            T("T_warm_return", doc="warm water coming back from the CDUs"),
            T("T_air_cold", doc="cold aisle, where servers draw"),
            T("T_air_hot", doc="hot aisle"),
            T("T_chw", doc="chilled water leaving the chillers"),
            T("T_chw_return", doc="chilled water coming back from the CRAHs"),
            T("T_cold", doc="coolant to economiser and condensers"),
            T("T_cold_return", doc="coolant to the cold dry coolers"),
        ]
    )


def actuator_table(site: HybridSite) -> SignalVector:
    """Actuators with their physical range and stroke or ramp rate."""

    def a(name: str, doc: str, low: float, high: float, stroke: float, size: int = 1, per: str = "plant", unit: str = "1") -> SignalInfo:
        rate = (high - low) / stroke if stroke > 0.0 else np.inf
        return _signal(Role.ACTUATOR, name, unit, doc, low, high, size=size, per=per, rate=rate)

    def bank(name: str) -> list[SignalInfo]:
        return [
            a(f"y_{name}", f"pump speed of the {name} loop", 0.25, 1.0, 60.0),
            a(f"v_{name}", f"share of the {name} loop's coolant through its dry coolers", 0.05, 1.0, 90.0),
            a(f"y_{name}_fan", f"fan speed of the {name} dry coolers", 0.0, 1.0, 60.0),
            a(f"wet_{name}", f"wetted share of the {name} dry coolers' pads", 0.0, 1.0, 180.0),
        ]

    return SignalVector(
        [
            a("y_cdu", "secondary pump speed", 0.25, 1.0, 20.0, site.n_cdu, "cdu"),
            *bank("warm"),
            *bank("cold"),
            a("y_chw", "chilled-water pump speed", 0.25, 1.0, 60.0),
            a("y_crah", "CRAH fan speed", 0.2, 1.0, 60.0),
            a("n_chillers", "chillers running", 0.0, site.n_chillers, 0.0),
            a("T_chw_set", "leaving setpoint of the chillers", site.T_chw_min, site.T_chw_max, 600.0, unit="K"),
        ]
    )


def disturbance_table(site: HybridSite) -> SignalVector:
    """Load of each rack and weather."""
    d = functools.partial(_signal, Role.DISTURBANCE)
    return SignalVector(
        [
            d("q_liquid", "W", "heat of a rack into its cold plates", 0.0, 10 * site.rack_power, size=site.n_racks, per="rack"),
            d("q_air", "W", "heat of all racks into air", 0.0, 10 * site.P_it_nominal),
            d("T_wb", "K", "outdoor wet bulb", 233.15, 308.15),
            d("T_db", "K", "outdoor dry bulb", 233.15, 333.15),
            d("p", "Pa", "atmospheric pressure", 5e4, 1.1e5),
        ]
    )


def setpoint_table(site: HybridSite) -> SignalVector:
    """Setpoints that a controller decides, with the limits and rates that the safety envelope keeps."""
    lim, V = site.limits, site.cdu_pump.V_dot_nominal
    dry = site.T_dew_hall + lim.dew_point_margin

    def s(name: str, unit: str, doc: str, low: float, high: float, minutes: float) -> SignalInfo:
        return _signal(Role.SETPOINT, name, unit, doc, low, high, rate=(high - low) / (60.0 * minutes))

    def flow(name: str, m: float, doc: str) -> SignalInfo:
        return s(name, "kg/s", doc, FLOW_LEAST * m, m, 4.0)

    pads = "dry bulb that wets the {} dry coolers"
    return SignalVector(
        [
            s("V_sec_set", "m3/s", "secondary flow of each CDU", FLOW_LEAST * V, V, 4.0),
            s("T_warm_set", "K", "warm water temperature", dry, lim.T_supply_max - 1.0, 20.0),
            flow("m_warm_set", site.warm.m_nominal, "warm water flow"),
            s("T_pad_warm_set", "K", pads.format("warm"), *T_PAD_RANGE, 20.0),
            s("T_cold_set", "K", "condenser coolant temperature", lim.T_cold_min, T_COLD_HIGH, 20.0),
            flow("m_cold_set", site.cold.m_nominal, "condenser coolant flow"),
            s("T_pad_cold_set", "K", pads.format("cold"), *T_PAD_RANGE, 20.0),
            s("T_chw_set", "K", "chilled water temperature", site.T_chw_min, site.T_chw_max, 10.0),
            s("T_air_set", "K", "supply air temperature of the CRAHs", *T_AIR_RANGE, 20.0),
            s("air_ratio_set", "1", "CRAH air over the air that the servers draw", *AIR_RATIO_RANGE, 4.0),
        ]
    )


def measurement_table(site: HybridSite) -> SignalVector:
    """Readings that a controller gets."""
    m = functools.partial(_signal, Role.OUTPUT)
    of_cdu = functools.partial(m, size=site.n_cdu, per="cdu")
    banks = [
        row
        for name, words in (("warm", "warm water at the CDUs"), ("cold", "condenser coolant, to the economiser first"))
        for row in (
            m(f"T_{name}", "K", words),
            m(f"T_{name}_return", "K", f"coolant to the {name} dry coolers"),
            m(f"m_{name}", "kg/s", f"flow of the {name} loop"),
            m(f"y_{name}", "1", f"pump speed of the {name} loop"),
            m(f"v_{name}", "1", f"share of the {name} loop's coolant through its dry coolers"),
            m(f"y_{name}_fan", "1", f"fan speed of the {name} dry coolers"),
            m(f"wet_{name}", "1", f"wetted share of the {name} dry coolers' pads"),
        )
    ]
    return SignalVector(
        [
            of_cdu("T_supply", "K", "secondary supply"),
            of_cdu("T_return", "K", "secondary return"),
            of_cdu("T_return_hot", "K", "hottest rack outlet of a CDU"),
            of_cdu("T_chip", "K", "hottest chip of a CDU"),
            of_cdu("q_cdu", "W", "liquid heat of a CDU, from power meters"),
            of_cdu("q_rack", "W", "liquid heat of the hottest rack of a CDU, from power meters"),
            of_cdu("V_sec", "m3/s", "secondary flow"),
            of_cdu("y_cdu", "1", "secondary pump speed"),
            of_cdu("override", "1", "share of speed added by a CDU to protect its racks"),
            *banks,
            m("T_chw", "K", "chilled water leaving the chillers"),
            m("T_chw_return", "K", "chilled water coming back from the CRAHs"),
            m("T_plant", "K", "chilled water after the economiser, before the chillers"),
            m("m_chw", "kg/s", "chilled water flow"),
            m("y_chw", "1", "chilled-water pump speed"),
            m("n_chillers", "1", "chillers running"),
            m("Q_chiller", "W", "heat taken by the chillers"),
            m("T_air", "K", "supply air"),
            m("T_inlet", "K", "server inlet air, recirculation included"),
            m("T_hot", "K", "hot aisle"),
            m("m_air", "kg/s", "air through the CRAHs"),
            m("y_crah", "1", "CRAH fan speed"),
            m("q_air", "W", "heat to air, from power meters"),
            m("T_wb", "K", "outdoor wet bulb"),
            m("T_db", "K", "outdoor dry bulb"),
            m("p", "Pa", "atmospheric pressure"),
            m("T_dew_hall", "K", "dew point in the hall"),
        ]
    )


END_USES = (
    EndUse(name="it", words="IT", group=Group.IT),
    EndUse(name="losses", words="power losses", group=Group.LOSSES),
    EndUse(name="cdu_pumps", words="CDU pumps", group=Group.COOLING),
    EndUse(name="warm_pumps", words="warm-water pumps", group=Group.COOLING),
    EndUse(name="warm_fans", words="warm dry-cooler fans", group=Group.COOLING),
    EndUse(name="crah_fans", words="CRAH fans", group=Group.COOLING),
    EndUse(name="chw_pumps", words="chilled-water pumps", group=Group.COOLING),
    EndUse(name="chillers", words="chillers", group=Group.COOLING),
    EndUse(name="cold_pumps", words="condenser pumps", group=Group.COOLING),
    EndUse(name="cold_fans", words="cold dry-cooler fans", group=Group.COOLING),
)
ENERGY = Balance(
    flows=(
        Flow(name="Q_liquid", sign=1, doc="heat of IT to liquid"),
        Flow(name="Q_air", sign=1, doc="heat of IT to air"),
        Flow(name="Q_work_warm", sign=1, doc="shaft work of CDU and warm-water pumps"),
        Flow(name="Q_work_cold", sign=1, doc="shaft work of chilled-water and condenser pumps, CRAH fans and compressors"),
        Flow(name="Q_warm", sign=-1, doc="rejected by the warm dry coolers"),
        Flow(name="Q_cold", sign=-1, doc="rejected by the cold dry coolers"),
        Flow(name="Q_cdu", sign=0, doc="from secondary loops to warm water"),
        Flow(name="Q_wse", sign=0, doc="through the economiser"),
        Flow(name="Q_chiller", sign=0, doc="taken by the chillers"),
        Flow(name="Q_crah", sign=0, doc="from hall air to chilled water"),
    ),
    stored=STORED, unit="W", stored_unit="J",
)  # fmt: skip


def limits(site: HybridSite) -> tuple[LimitInfo, ...]:
    """Declared limits; all water in the hall stays above the dew point plus margin."""
    lim = site.limits
    above = [
        ("supply above dew point", "coldest secondary supply", "T_supply"),
        ("warm water above dew point", "coldest warm water", "T_warm"),
        ("chilled water above dew point", "coldest chilled water", "T_chw"),
    ]
    return (
        LimitInfo(name="hottest chip", worst="hottest chip", signal="T_chip", bound=lim.T_chip_max),
        LimitInfo(name="rack return", worst="hottest rack return", signal="T_return_hot", bound=lim.T_return_max),
        LimitInfo(name="secondary supply, highest", worst="hottest secondary supply", signal="T_supply", bound=lim.T_supply_max),
        *(LimitInfo(name=name, worst=worst, signal=signal, bound="T_dew_hall", margin=lim.dew_point_margin, upper=False)
          for name, worst, signal in above),
        LimitInfo(name="server inlet air", worst="hottest server air", signal="T_inlet", bound=lim.T_inlet_max),
        LimitInfo(name="condenser coolant, lowest", worst="coldest condenser coolant", signal="T_cold", bound=lim.T_cold_min, upper=False),
    )  # fmt: skip


def sheet(site: HybridSite) -> PlantSheet:
    """The sheet of a hybrid hall."""
    return PlantSheet(
        kind=site.kind, setpoints=setpoint_table(site), measurements=measurement_table(site), end_uses=END_USES, energy=ENERGY,
        waters=("evaporation", "blowdown"), limits=limits(site),
    )  # fmt: skip
