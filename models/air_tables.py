"""What an air hall shows and is told: its vectors, setpoints, readings, end uses, balances and limits."""

import functools

import numpy as np

from lowlift.models.air_site import AirSite
from lowlift.models.sheet import STORED, Balance, EndUse, Flow, Group, LimitInfo, PlantSheet
from lowlift.models.signals import Role, SignalInfo, SignalVector

STORED_WATER = "stored_vapour"
VOLUMES = ("supply", "cold", "hot")
SENSORS = {"T_supply_sensor": "T_supply", "T_inlet_sensor": "T_cold"}
"""Lagged sensors and the states that they read."""
T_SUPPLY_RANGE = (288.15, 300.15)
"""Setpoints of the supply air [K]."""
DP_RANGE = (1.0, 20.0)
"""Setpoints of the pressure between the aisles [Pa]."""


def _signal(role: Role, name: str, unit: str, doc: str, low: float = -np.inf, high: float = np.inf, *, size: int = 1, per: str = "plant",
            rate: float = np.inf) -> SignalInfo:  # fmt: skip
    return SignalInfo(name=name, role=role, unit=unit, doc=doc, size=size, per=per, low=low, high=high, rate=rate)


def state_table(site: AirSite) -> SignalVector:
    """Servers of each row, three volumes of moist air, sensors."""
    T, w = (
        functools.partial(_signal, Role.STATE, unit="K", low=233.15, high=400.0),
        functools.partial(_signal, Role.STATE, unit="kg/kg", low=0.0, high=0.1),
    )
    return SignalVector(
        [
            T("T_mass", doc="mass of the servers of a row", size=site.n_rows, per="row"),
            T("T_supply", doc="supply air"),
            T("T_cold", doc="cold aisle, where servers draw"),
            T("T_hot", doc="hot aisle"),
            w("w_supply", doc="humidity ratio of the supply air"),
            w("w_cold", doc="humidity ratio of the cold aisle"),
            w("w_hot", doc="humidity ratio of the hot aisle"),
            T("T_supply_sensor", doc="supply air as its sensor reads it"),
            T("T_inlet_sensor", doc="server inlet air as its sensor reads it"),
        ]
    )


def actuator_table(site: AirSite) -> SignalVector:
    """Actuators with their physical range and stroke or ramp rate."""

    def a(name: str, doc: str, low: float, high: float, stroke: float) -> SignalInfo:
        return _signal(Role.ACTUATOR, name, "1", doc, low, high, rate=(high - low) / stroke if stroke > 0.0 else np.inf)

    return SignalVector(
        [
            a("y_fan", "supply fan speed", 0.2, 1.0, 60.0),
            a("y_damper", "outdoor share of the supply air, by dry mass", site.x_min, 1.0, 90.0),
            a("y_iec", "secondary fan speed of the indirect coolers", 0.0, 1.0, 60.0),
            a("v_spray", "wetted share of the indirect coolers", 0.0, 1.0, 120.0),
            a("v_pad", "wetted share of the supply air's pads", 0.0, 1.0, 120.0),
            a("n_dx", "DX units running", 0.0, site.n_dx, 0.0),
            a("y_dx", "capacity of each running unit", 0.0, 1.0, 60.0),
        ]
    )


def disturbance_table(site: AirSite) -> SignalVector:
    """Load of each row and weather."""
    d = functools.partial(_signal, Role.DISTURBANCE)
    return SignalVector(
        [
            d("q_row", "W", "power of the electronics of a row, without fans", 0.0, 10 * site.P_it_nominal, size=site.n_rows, per="row"),
            d("T_wb", "K", "outdoor wet bulb", 233.15, 308.15),
            d("T_db", "K", "outdoor dry bulb", 233.15, 333.15),
            d("p", "Pa", "atmospheric pressure", 5e4, 1.1e5),
        ]
    )


def setpoint_table(site: AirSite) -> SignalVector:
    """Supply air, aisle pressure, and how far each stage of cooling may go; DX trims what is left."""

    def s(name: str, unit: str, doc: str, low: float, high: float, minutes: float) -> SignalInfo:
        return _signal(Role.SETPOINT, name, unit, doc, low, high, rate=(high - low) / (60.0 * minutes))

    return SignalVector(
        [
            s("T_supply_set", "K", "supply air temperature", *T_SUPPLY_RANGE, 20.0),
            s("dp_set", "Pa", "pressure of the cold over the hot aisle", *DP_RANGE, 4.0),
            s("oa_min", "1", "least share of outdoor air, unless it is too cold", site.x_min, 1.0, 4.0),
            s("oa_max", "1", "largest share of outdoor air", site.x_min, 1.0, 4.0),
            s("iec_max", "1", "largest secondary fan speed of the indirect coolers", 0.0, 1.0, 4.0),
            s("pad_max", "1", "largest wetted share of the supply air's pads", 0.0, 1.0, 4.0),
        ]
    )


def measurement_table(site: AirSite) -> SignalVector:
    """Readings that a controller gets."""
    m = functools.partial(_signal, Role.OUTPUT)
    return SignalVector(
        [
            m("T_supply", "K", "supply air"),
            m("T_inlet", "K", "server inlet air, recirculation included"),
            m("T_hot", "K", "hot aisle"),
            m("T_return", "K", "air returning to the handlers"),
            m("T_mixed", "K", "air behind the mixing box"),
            m("T_evaporative", "K", "air before the DX evaporators"),
            m("T_dew_hall", "K", "dew point of the air at the servers"),
            m("dp_aisle", "Pa", "pressure of the cold over the hot aisle"),
            m("m_air", "kg/s", "supply air"),
            m("q_air", "W", "power of the electronics, from power meters"),
            m("q_fans", "W", "power of the servers' fans, from their telemetry"),
            m("Q_evaporator", "W", "heat taken by the DX units"),
            m("y_fan", "1", "supply fan speed"),
            m("y_damper", "1", "outdoor share of the supply air"),
            m("y_iec", "1", "secondary fan speed of the indirect coolers"),
            m("v_spray", "1", "wetted share of the indirect coolers"),
            m("v_pad", "1", "wetted share of the supply air's pads"),
            m("n_dx", "1", "DX units running"),
            m("y_dx", "1", "capacity of each running unit"),
            m("boost", "1", "supply air set colder because server inlets are hot, over the most that it may be"),
            m("T_wb", "K", "outdoor wet bulb"),
            m("T_db", "K", "outdoor dry bulb"),
            m("p", "Pa", "atmospheric pressure"),
        ]
    )


END_USES = (
    EndUse(name="it", words="electronics", group=Group.IT),
    EndUse(name="losses", words="UPS and distribution losses", group=Group.LOSSES),
    EndUse(name="psu", words="power supplies", group=Group.IT),
    EndUse(name="server_fans", words="server fans", group=Group.COOLING, counts_as_it=True),
    EndUse(name="fans", words="supply fans", group=Group.COOLING),
    EndUse(name="indirect", words="indirect coolers", group=Group.COOLING),
    EndUse(name="pads", words="pad pumps", group=Group.COOLING),
    EndUse(name="dx", words="DX units", group=Group.COOLING),
)
ENERGY = Balance(
    flows=(
        Flow(name="Q_it", sign=1, doc="electronics, power supplies and server fans"),
        Flow(name="Q_pdu", sign=1, doc="distribution units in the hall"),
        Flow(name="Q_fans", sign=1, doc="supply fans"),
        Flow(name="Q_water", sign=1, doc="enthalpy of the water that pads evaporate into the supply air"),
        Flow(name="Q_exchange", sign=-1, doc="relief air over outdoor air"),
        Flow(name="Q_indirect", sign=-1, doc="to the secondary air"),
        Flow(name="Q_dx", sign=-1, doc="DX evaporators, condensate included"),
        Flow(name="Q_drain", sign=-1, doc="drained fog"),
    ),
    stored=STORED, unit="W", stored_unit="J",
)  # fmt: skip
MOISTURE = Balance(
    flows=(
        Flow(name="vapour_pads", sign=1, doc="evaporated into the supply air"),
        Flow(name="vapour_exchange", sign=-1, doc="relief air over outdoor air"),
        Flow(name="vapour_drained", sign=-1, doc="condensed on evaporators, and fog"),
    ),
    stored=STORED_WATER, unit="kg/s", stored_unit="kg",
)  # fmt: skip


def limits(site: AirSite) -> tuple[LimitInfo, ...]:
    """Limits of the air at the servers."""
    lim = site.limits
    return (
        LimitInfo(name="server inlet air", worst="hottest server air", signal="T_inlet", bound=lim.T_inlet_max),
        LimitInfo(name="server inlet air, lowest", worst="coldest server air", signal="T_inlet", bound=lim.T_inlet_min, upper=False),
        LimitInfo(name="dew point at the servers", worst="highest dew point", signal="T_dew_hall", bound=lim.T_dew_max),
        LimitInfo(name="dew point at the servers, lowest", worst="lowest dew point", signal="T_dew_hall", bound=lim.T_dew_min, upper=False),
    )


def sheet(site: AirSite) -> PlantSheet:
    """The sheet of an air hall."""
    return PlantSheet(
        kind=site.kind, setpoints=setpoint_table(site), measurements=measurement_table(site), end_uses=END_USES, energy=ENERGY,
        waters=("evaporation", "blowdown"), limits=limits(site), moisture=MOISTURE, further={"m_servers": "kg/s"},
    )  # fmt: skip
