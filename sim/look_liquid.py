"""How a liquid hall is shown."""

import numpy as np

from lowlift.models.site import ZERO_C, Site
from lowlift.sim.looks import (
    AIR,
    COLD,
    ELECTRIC,
    LIQUID,
    LIQUID_COOLED,
    LOST,
    TEMPERATURE,
    WORK,
    Cause,
    Energies,
    Flow,
    HeatChart,
    Look,
    Predicted,
    Shown,
    Signal,
    degC,
    temperature,
)

# Okabe and Ito's palette.
TINTS = {
    "cdu_pumps": "#0072B2", "fws_pumps": "#56B4E9", "cw_pumps": "#009E73", "tower_fans": "#E69F00", "chillers": "#D55E00",
    "crah_fans": "#CC79A7", "air_path": "#8d8f94",
}  # fmt: skip
CAUSES = {
    "cdu_pumps": Cause(
        lever=Signal(name="V_sec", words="the secondary flow of a CDU", unit="L/s", factor=1e3),
        law="pump power goes with about the cube of flow", effect=temperature("T_return", "coolant coming back from the racks"),
    ),
    "fws_pumps": Cause(
        lever=Signal(name="dp_header", words="the pressure held across the CDU branches", unit="kPa", factor=1e-3),
        law="pump power is pressure times flow", effect=temperature("T_fws_return", "facility water coming back"),
    ),
    "cw_pumps": Cause(
        lever=Signal(name="m_cw", words="the tower water flow", unit="kg/s", digits=0),
        law="pump power goes with about the cube of flow", effect=temperature("T_tower_return", "water on its way to the towers"),
    ),
    "tower_fans": Cause(
        lever=Signal(name="y_fan", words="the speed of the tower fans", unit="% of full speed", factor=100.0, digits=0),
        law="fan power goes with about the cube of speed", effect=temperature("T_tower", "tower water"),
    ),
    "chillers": Cause(
        lever=Signal(name="Q_chiller", words="the heat taken by the chillers", unit="kW", factor=1e-3, digits=0),
        law="compressor power is heat times lift",
        effect=temperature("T_chw", "chilled water"),
    ),
    "crah_fans": Cause(
        lever=Signal(name="m_air", words="the air through the CRAHs", unit="kg/s"),
        law="fan power goes with about the cube of air flow", effect=temperature("T_inlet", "air at the servers"),
    ),
}  # fmt: skip
"""By end use. The air path of the building follows the load alone: no controller can change it."""
TEMPERATURES = (
    *LIQUID_COOLED,
    Shown(title="tower leaving water", signal="T_tower", worst="min", limits=lambda site: {"freeze limit": site.limits.T_basin_min}),
)  # fmt: skip
PREDICTED = {
    "P_it": Predicted(title="IT power, as forecast and as it came", label="power [kW]", measured=lambda run: run.power("P_it") / 1e3),
    "P_cooling": Predicted(title="cooling power", label="power [kW]", measured=lambda run: run.power() / 1e3),
    "T_chip": Predicted(
        title="hottest chip", label=TEMPERATURE, measured=degC("T_chip", np.max), limit=lambda limits: limits.T_chip_max, worst=True
    ),
    "T_inlet": Predicted(
        title="hottest server air",
        label=TEMPERATURE,
        measured=degC("T_inlet", np.max),
        limit=lambda limits: limits.T_inlet_max,
        worst=True,
    ),
    "T_supply": Predicted(
        title="secondary supply", label=TEMPERATURE, measured=degC("T_supply", np.mean), limit=lambda limits: limits.T_supply_max
    ),
    "T_tower": Predicted(title="tower leaving water", label=TEMPERATURE, measured=degC("T_tower", np.mean)),
}
NODES = {
    "Electricity": 0, "IT": 1, "Power losses": 1, "Cooling plant": 1, "Liquid loops": 2, "Hall air": 2, "Pump and fan heat": 2,
    "Drawn from the loops": 2, "Chiller power": 2, "Fan and motor losses": 2, "Facility water": 3, "Building chillers": 3,
    "Economiser": 4, "Chillers": 4, "Stored in the loops": 4, "Towers": 5,
}  # fmt: skip
BUILDING, STORED, DRAWN = "Building chillers", "Stored in the loops", "Drawn from the loops"


def ribbons(e: Energies) -> list[Flow]:
    """Electricity and heat of a liquid hall.

    Compressor work meets the heat at the chillers. Heat of pumps and CRAH fans enters the facility water, that of the tower pumps
    included: runs do not record it apart. The building's own chillers (the air path) take heat and electricity of their own.
    """
    heat, use, cooling, stored = e.heat, e.use, e.cooling, e.stored
    through_air = heat["Q_air"] - heat["Q_boundary"]
    work = heat["Q_work"] - use["chillers"]
    lost = cooling - use["chillers"] - use["air_path"] - work
    free = heat["Q_liquid"] + through_air + work - heat["Q_chiller"] - stored
    return [
        Flow("Electricity", "IT", use["it"], ELECTRIC),
        Flow("Electricity", "Power losses", use["losses"], LOST),
        Flow("Electricity", "Cooling plant", cooling, WORK),
        Flow("IT", "Liquid loops", heat["Q_liquid"], LIQUID),
        Flow("IT", "Hall air", heat["Q_air"], AIR),
        Flow("Cooling plant", "Pump and fan heat", work, WORK),
        Flow("Cooling plant", "Fan and motor losses", lost, LOST),
        Flow("Cooling plant", "Chiller power", use["chillers"] + use["air_path"], WORK),
        Flow("Liquid loops", "Facility water", heat["Q_liquid"], LIQUID),
        Flow("Hall air", "Facility water", through_air, AIR),
        Flow("Hall air", BUILDING, heat["Q_boundary"], AIR),
        Flow("Pump and fan heat", "Facility water", work, WORK),
        Flow("Facility water", "Economiser", free, COLD),
        Flow("Facility water", "Chillers", heat["Q_chiller"], COLD),
        Flow("Facility water", STORED, stored, LOST),
        Flow(DRAWN, "Facility water", -stored, LOST),
        Flow("Chiller power", "Chillers", use["chillers"], WORK),
        Flow("Chiller power", BUILDING, use["air_path"], WORK),
        Flow("Economiser", "Towers", free, COLD),
        Flow("Chillers", "Towers", heat["Q_chiller"] + use["chillers"], COLD),
    ]


def method(site: Site) -> list[str]:
    """What a liquid hall assumes."""
    dew = site.T_dew_hall - ZERO_C
    air = (
        "Heat to air is taken up by CRAHs on chilled water, all of which is inside the figures."
        if site.air_path_COP is None
        else "Heat to air leaves through the building's own chilled water and is charged at 1 kWh per "
        f"{site.air_path_COP:g} kWh of heat, the same for every controller (assumed)."
    )
    return [
        f"Distribution losses are {100 * site.loss_fraction:.3g} % of IT energy.",
        "Water: make-up is evaporation, drift and blowdown of the towers.",
        air,
        f"The dew point in the hall is held at {dew:.3g} °C (assumed).",
    ]


LOOK = Look(
    tints=TINTS, causes=CAUSES, temperatures=TEMPERATURES, predicted=PREDICTED, method=method,
    heat=HeatChart(
        nodes=NODES, ribbons=ribbons, sources=("Electricity", DRAWN),
        sinks=("Power losses", "Fan and motor losses", STORED, BUILDING, "Towers"), sky="Towers",
        beside=(BUILDING, STORED, "Fan and motor losses"), to_sky=(BUILDING,),
    ),
)  # fmt: skip
