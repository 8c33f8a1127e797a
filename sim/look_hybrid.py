"""How a hybrid hall is shown."""

from lowlift.models.hybrid_site import HybridSite
from lowlift.models.site import ZERO_C
from lowlift.sim.looks import (
    AIR,
    COLD,
    ELECTRIC,
    LIQUID,
    LIQUID_COOLED,
    LOST,
    WORK,
    Cause,
    Energies,
    Flow,
    HeatChart,
    Look,
    Shown,
    Signal,
    temperature,
)

# Okabe and Ito's palette, and two greys.
TINTS = {
    "cdu_pumps": "#0072B2", "warm_pumps": "#56B4E9", "warm_fans": "#E69F00", "crah_fans": "#CC79A7", "chw_pumps": "#8d8f94",
    "chillers": "#D55E00", "cold_pumps": "#009E73", "cold_fans": "#F0E442",
}  # fmt: skip
CAUSES = {
    "cdu_pumps": Cause(
        lever=Signal(name="V_sec", words="the secondary flow of a CDU", unit="L/s", factor=1e3, digits=2),
        law="pump power goes with about the cube of flow", effect=temperature("T_return", "coolant coming back from the racks"),
    ),
    "warm_pumps": Cause(
        lever=Signal(name="m_warm", words="the warm water flow", unit="kg/s"), law="pump power goes with about the cube of flow",
        effect=temperature("T_warm_return", "warm water coming back"),
    ),
    "warm_fans": Cause(
        lever=Signal(name="y_warm_fan", words="the fan speed of the warm dry coolers", unit="% of full speed", factor=100.0, digits=0),
        law="fan power goes with about the cube of speed", effect=temperature("T_warm", "warm water"),
    ),
    "crah_fans": Cause(
        lever=Signal(name="m_air", words="the air through the CRAHs", unit="kg/s"), law="fan power goes with about the cube of air flow",
        effect=temperature("T_inlet", "air at the servers"),
    ),
    "chw_pumps": Cause(
        lever=Signal(name="m_chw", words="the chilled water flow", unit="kg/s"), law="pump power goes with about the cube of flow",
        effect=temperature("T_chw_return", "chilled water coming back"),
    ),
    "chillers": Cause(
        lever=temperature("T_cold", "the condenser coolant"), law="compressor power is heat times lift",
        effect=temperature("T_chw", "chilled water"),
    ),
    "cold_pumps": Cause(
        lever=Signal(name="m_cold", words="the condenser coolant flow", unit="kg/s"), law="pump power goes with about the cube of flow",
        effect=temperature("T_cold_return", "condenser coolant coming back"),
    ),
    "cold_fans": Cause(
        lever=Signal(name="y_cold_fan", words="the fan speed of the cold dry coolers", unit="% of full speed", factor=100.0, digits=0),
        law="fan power goes with about the cube of speed", effect=temperature("T_cold", "condenser coolant"),
    ),
}  # fmt: skip
TEMPERATURES = (
    *LIQUID_COOLED,
    Shown(title="warm water", signal="T_warm", worst="max", limits=lambda site: {}),
    Shown(title="condenser coolant", signal="T_cold", worst="min", limits=lambda site: {"lower limit": site.limits.T_cold_min}),
)  # fmt: skip
STORED, DRAWN = "Stored in the loops", "Drawn from the loops"
WARM, FREE, CHILLED, SKY = "Warm dry coolers", "Economiser", "Chillers", "Outdoor air"
NODES = {
    "Electricity": 0, "IT": 1, "Power losses": 1, "Cooling plant": 1, "Liquid loops": 2, "Hall air": 2, "Pump and fan heat": 2, DRAWN: 2,
    "Chiller power": 2, "Fan and motor losses": 2, "All loops": 3, WARM: 4, FREE: 4, CHILLED: 4, STORED: 4, SKY: 5,
}  # fmt: skip


def ribbons(e: Energies) -> list[Flow]:
    """Electricity and heat of a hybrid hall; compressor work meets the heat at the chillers.

    What the cold dry coolers reject beyond the chillers' heat and work has passed the economiser, is pump heat of that loop, or comes
    out of (or stays in) its volumes; all of it counts as free cooling.
    """
    heat, use, stored = e.heat, e.use, e.stored
    work = heat["Q_work_warm"] + heat["Q_work_cold"] - use["chillers"]
    condensed = heat["Q_chiller"] + use["chillers"]
    free = heat["Q_cold"] - condensed
    return [
        Flow("Electricity", "IT", use["it"], ELECTRIC),
        Flow("Electricity", "Power losses", use["losses"], LOST),
        Flow("Electricity", "Cooling plant", e.cooling, WORK),
        Flow("IT", "Liquid loops", heat["Q_liquid"], LIQUID),
        Flow("IT", "Hall air", heat["Q_air"], AIR),
        Flow("Cooling plant", "Pump and fan heat", work, WORK),
        Flow("Cooling plant", "Chiller power", use["chillers"], WORK),
        Flow("Cooling plant", "Fan and motor losses", e.cooling - use["chillers"] - work, LOST),
        Flow("Liquid loops", "All loops", heat["Q_liquid"], LIQUID),
        Flow("Hall air", "All loops", heat["Q_air"], AIR),
        Flow("Pump and fan heat", "All loops", work, WORK),
        Flow(DRAWN, "All loops", -stored, LOST),
        Flow("All loops", STORED, stored, LOST),
        Flow("All loops", WARM, heat["Q_warm"], COLD),
        Flow("All loops", FREE, free, COLD),
        Flow("All loops", CHILLED, heat["Q_chiller"], COLD),
        Flow("Chiller power", CHILLED, use["chillers"], WORK),
        Flow(WARM, SKY, heat["Q_warm"], COLD),
        Flow(FREE, SKY, free, COLD),
        Flow(CHILLED, SKY, condensed, COLD),
    ]


def method(site: HybridSite) -> list[str]:
    """What a hybrid hall assumes."""
    return [
        f"Distribution losses are {100 * site.loss_fraction:.3g} % of IT energy.",
        "Water: make-up is what the pads of the dry coolers evaporate, and blowdown; there is no open tower.",
        "Heat to air is taken up by CRAHs on chilled water, which the cold dry coolers cool first and the trim chillers then; the chillers "
        "reject to the same dry coolers. All of it is inside the figures. Fans inside servers are part of IT power.",
        f"The dew point in the hall is held at {site.T_dew_hall - ZERO_C:.3g} °C (assumed).",
    ]


LOOK = Look(
    tints=TINTS, causes=CAUSES, temperatures=TEMPERATURES, predicted={}, method=method,
    heat=HeatChart(
        nodes=NODES, ribbons=ribbons, sources=("Electricity", DRAWN), sinks=("Power losses", "Fan and motor losses", STORED, SKY), sky=SKY,
        beside=(STORED, "Fan and motor losses"),
    ),
)  # fmt: skip
