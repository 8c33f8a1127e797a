"""What a liquid hall shows and is told: its setpoints, readings, end uses, heat flows and limits, as one sheet."""

import dataclasses

from lowlift.models.sheet import STORED, Balance, EndUse, Flow, Group, LimitInfo, PlantSheet
from lowlift.models.signals import Role, SignalInfo, SignalVector
from lowlift.models.site import Site


def sheet(site: Site) -> PlantSheet:
    """The sheet of a liquid hall."""
    return PlantSheet(
        kind=site.kind, setpoints=setpoint_table(site), measurements=measurement_table(site), end_uses=END_USES, energy=ENERGY,
        waters=("evaporation", "drift", "blowdown"), limits=limits(site),
    )  # fmt: skip


END_USES = (
    EndUse(name="it", words="IT", group=Group.IT),
    EndUse(name="losses", words="power losses", group=Group.LOSSES),
    EndUse(name="cdu_pumps", words="CDU pumps", group=Group.COOLING),
    EndUse(name="fws_pumps", words="facility pumps", group=Group.COOLING),
    EndUse(name="cw_pumps", words="tower pumps", group=Group.COOLING),
    EndUse(name="tower_fans", words="tower fans", group=Group.COOLING),
    EndUse(name="chillers", words="chillers", group=Group.COOLING),
    EndUse(name="crah_fans", words="CRAH fans", group=Group.COOLING),
    EndUse(name="air_path", words="air path", group=Group.COOLING),
)
ENERGY = Balance(
    flows=(
        Flow(name="Q_liquid", sign=1, doc="heat of IT to liquid"),
        Flow(name="Q_air", sign=1, doc="heat of IT to air"),
        Flow(name="Q_work", sign=1, doc="shaft, fan and compressor work that becomes heat"),
        Flow(name="Q_tower", sign=-1, doc="rejected by the towers"),
        Flow(name="Q_wse", sign=0, doc="through the economiser"),
        Flow(name="Q_chiller", sign=0, doc="taken by the chillers"),
        Flow(name="Q_crah", sign=0, doc="from hall air to water"),
        Flow(name="Q_boundary", sign=-1, doc="heat to air that leaves over the boundary"),
    ),
    stored=STORED, unit="W", stored_unit="J",
)  # fmt: skip


def limits(site: Site) -> tuple[LimitInfo, ...]:
    """Declared limits; all water that reaches the hall must stay above the dew point plus margin, chilled water where its range is dry."""
    lim = site.limits
    above = [("supply above dew point", "coldest secondary supply", "T_supply"),
             ("facility supply above dew point", "coldest facility supply", "T_fws")]  # fmt: skip
    if chilled_water_is_dry(site):
        above.append(("chilled water above dew point", "coldest chilled water", "T_chw"))
    result = [
        LimitInfo(name="hottest chip", worst="hottest chip", signal="T_chip", bound=lim.T_chip_max),
        LimitInfo(name="rack return", worst="hottest rack return", signal="T_return_hot", bound=lim.T_return_max),
        LimitInfo(name="secondary supply, highest", worst="hottest secondary supply", signal="T_supply", bound=lim.T_supply_max),
        *(LimitInfo(name=name, worst=worst, signal=signal, bound="T_dew_hall", margin=lim.dew_point_margin, upper=False)
          for name, worst, signal in above),
    ]  # fmt: skip
    if lim.T_inlet_max is not None:
        result.append(LimitInfo(name="server inlet air", worst="hottest server air", signal="T_inlet", bound=lim.T_inlet_max))
    return (
        *result,
        LimitInfo(name="basin, lowest", worst="coldest tower water", signal="T_tower", bound=lim.T_basin_min, upper=False),
    )


def chilled_water_is_dry(site: Site) -> bool:
    """Whether the site's own range keeps chilled water above the hall's declared dew point plus margin."""
    return site.chilled is not None and site.chilled.T_chw_min >= site.T_dew_hall + site.limits.dew_point_margin


def setpoint_table(site: Site) -> SignalVector:
    """Setpoints that a controller decides, with the limits and rates that the safety envelope keeps.

    ``T_supply_set`` and the flows are per group of CDUs: every CDU of a group gets the same value.
    """
    lim, g, V = site.limits, site.n_groups, site.cdu.pump.V_dot_nominal

    def s(name: str, unit: str, doc: str, low: float, high: float, minutes: float, size: int = 1) -> SignalInfo:
        return SignalInfo(
            name=name, role=Role.SETPOINT, unit=unit, doc=doc, size=size, per="plant" if size == 1 else "group",
            low=low, high=high, rate=(high - low) / (60.0 * minutes),
        )  # fmt: skip

    def per_group(name: str, unit: str, doc: str, low: float, high: float, minutes: float) -> SignalInfo:
        return dataclasses.replace(s(name, unit, doc, low, high, minutes, g), per="group")

    dp_high = site.facility_pump.dp_nominal * 0.8
    table = [
        per_group("T_supply_set", "K", "secondary supply temperature", lim.T_supply_min, lim.T_supply_max, 20.0),
        per_group("V_sec_set", "m3/s", "secondary flow of each CDU", 0.25 * V, V, 4.0),
        per_group("dp_set", "Pa", "pressure difference across the CDU branches", 5e3, dp_high, 4.0),
        s("T_tower_set", "K", "tower leaving water temperature", lim.T_basin_min + 2.0, 313.15, 30.0),
        s("m_cw_set", "kg/s", "tower water flow", 0.25 * site.m_tower_nominal, site.m_tower_nominal, 4.0),
    ]
    if site.chilled is not None:
        c = site.chilled
        table += [
            s("split", "1", "share of the CDU water that passes the chillers", 0.0, 0.5, 4.0),
            s("T_chw_set", "K", "leaving temperature of the chillers", c.T_chw_min, c.T_chw_max, 10.0),
            s("T_air_set", "K", "supply air temperature of the CRAHs", 291.15, 301.15, 20.0),
            s("air_ratio_set", "1", "CRAH air over the air that the servers draw", 0.9, 1.4, 4.0),
        ]
    return SignalVector(table)


def measurement_table(site: Site) -> SignalVector:
    """Readings that a controller gets; sizes ``cdu``, ``group`` or one."""
    n, g = site.n_cdu, site.n_groups

    def m(name: str, unit: str, doc: str, size: int = 1, per: str = "plant") -> SignalInfo:
        return SignalInfo(name=name, role=Role.OUTPUT, unit=unit, doc=doc, size=size, per=per)

    table = [
        m("T_supply", "K", "secondary supply", n, "cdu"),
        m("T_return", "K", "secondary return", n, "cdu"),
        m("T_return_hot", "K", "hottest rack outlet of a CDU", n, "cdu"),
        m("T_chip", "K", "hottest chip of a CDU", n, "cdu"),
        m("q_cdu", "W", "liquid heat of a CDU, from power meters", n, "cdu"),
        m("q_rack", "W", "liquid heat of the hottest rack of a CDU, from power meters", n, "cdu"),
        m("V_sec", "m3/s", "secondary flow", n, "cdu"),
        m("m_pri", "kg/s", "facility water through a CDU", n, "cdu"),
        m("y_cdu", "1", "secondary pump speed", n, "cdu"),
        m("v_cdu", "1", "primary valve opening", n, "cdu"),
        m("override", "1", "share of speed added by a CDU's temperature override", n, "cdu"),
        m("dp_header", "Pa", "pressure difference across the CDU branches", g, "group"),
        m("y_fws", "1", "facility pump speed", g, "group"),
        m("T_fws", "K", "facility water supply at the hall"),
        m("T_fws_return", "K", "facility water return"),
        m("T_tower", "K", "tower leaving water"),
        m("T_tower_return", "K", "water to the towers"),
        m("m_cw", "kg/s", "tower water"),
        m("y_cw", "1", "tower pump speed"),
        m("y_fan", "1", "tower fan speed"),
        m("n_cells", "1", "tower cells with water"),
        m("n_cw", "1", "tower pumps running"),
        m("n_fws", "1", "facility pumps running", g, "group"),
        m("q_air", "W", "heat to air, from power meters"),
        m("T_wb", "K", "outdoor wet bulb"),
        m("T_db", "K", "outdoor dry bulb"),
        m("p", "Pa", "atmospheric pressure"),
        m("T_dew_hall", "K", "dew point in the hall"),
    ]
    if site.chilled is not None:
        table += [
            m("T_chw", "K", "chilled water leaving"),
            m("T_plant", "K", "facility water after the economiser, before the chillers"),
            m("T_air", "K", "supply air"),
            m("T_inlet", "K", "server inlet air, recirculation included"),
            m("n_chillers", "1", "chillers running"),
            m("Q_chiller", "W", "heat taken by the chillers"),
            m("y_chw", "1", "chilled-water pump speed"),
            m("m_chw", "kg/s", "water through the evaporators"),
            m("m_air", "kg/s", "air through the CRAHs"),
        ]
    return SignalVector(table)
