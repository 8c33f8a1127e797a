"""How a chilled-water plant is shown."""

from lowlift.models.chiller_site import ChillerSite
from lowlift.models.site import ZERO_C
from lowlift.sim.looks import AIR, COLD, ELECTRIC, LOST, WORK, Cause, Energies, Flow, HeatChart, Look, Shown, Signal, temperature

# Okabe and Ito's palette.
TINTS = {"chw_pumps": "#56B4E9", "chillers": "#D55E00", "cw_pumps": "#009E73", "tower_fans": "#E69F00"}
CAUSES = {
    "chw_pumps": Cause(
        lever=Signal(name="V_chw", words="the chilled-water flow", unit="L/s", factor=1e3),
        law="a pump that rides its curve takes less at less flow", effect=temperature("T_return", "chilled water coming back"),
    ),
    "chillers": Cause(
        lever=temperature("T_cw", "condenser water"), law="compressor power is heat times lift",
        effect=temperature("T_chw", "chilled water"),
    ),
    "tower_fans": Cause(
        lever=Signal(name="y_fan", words="the air of the tower", unit="% of full flow", factor=100.0, digits=0),
        law="fan power goes with about the cube of air flow", effect=temperature("T_cw", "condenser water"),
    ),
}  # fmt: skip
"""By end use. Condenser water flows constantly: no controller can change its pump."""
TEMPERATURES = (
    Shown(title="chilled water", signal="T_chw", worst="max",
          limits=lambda site: {"limit": site.limits.T_chw_max, "lower limit": site.limits.T_chw_min}),
    Shown(title="chilled-water return", signal="T_return", worst="max", limits=lambda site: {"limit": site.limits.T_return_max}),
    Shown(title="condenser water at the chiller", signal="T_cw", worst="max", limits=lambda site: {"limit": site.limits.T_cw_max}),
    Shown(title="condenser water to the tower", signal="T_cw_return", worst="max", limits=lambda site: {}),
)  # fmt: skip
STORED, DRAWN, LOSSES = "Stored in the loops", "Drawn from the loops", "Fan and motor losses"
NODES = {
    "Electricity": 0, "IT": 1, "Power losses": 1, "Cooling plant": 1, "Chilled water": 2, "Compressor": 2, "Pump heat": 2, LOSSES: 2,
    "Chiller": 3, DRAWN: 3, "Condenser water": 4, "Tower": 5, STORED: 5,
}  # fmt: skip


def ribbons(e: Energies) -> list[Flow]:
    """Electricity and heat of a chilled-water plant.

    The heat of the chilled-water pump joins before the chiller; what both loops store is drawn at the condenser water, the last of them.
    """
    heat, use, stored = e.heat, e.use, e.stored
    pumps = heat["Q_pump_chw"] + heat["Q_pump_cw"]
    return [
        Flow("Electricity", "IT", use["it"], ELECTRIC),
        Flow("Electricity", "Power losses", use["losses"], LOST),
        Flow("Electricity", "Cooling plant", e.cooling, WORK),
        Flow("Cooling plant", "Compressor", use["chillers"], WORK),
        Flow("Cooling plant", "Pump heat", pumps, WORK),
        Flow("Cooling plant", LOSSES, e.cooling - use["chillers"] - pumps, LOST),
        Flow("IT", "Chilled water", heat["Q_it"], AIR),
        Flow("Chilled water", "Chiller", heat["Q_it"], COLD),
        Flow("Compressor", "Chiller", use["chillers"], WORK),
        Flow("Pump heat", "Chiller", heat["Q_pump_chw"], WORK),
        Flow("Chiller", "Condenser water", heat["Q_it"] + heat["Q_pump_chw"] + use["chillers"], COLD),
        Flow("Pump heat", "Condenser water", heat["Q_pump_cw"], WORK),
        Flow(DRAWN, "Condenser water", -stored, LOST),
        Flow("Condenser water", STORED, stored, LOST),
        Flow("Condenser water", "Tower", heat["Q_tower"], COLD),
    ]


def method(site: ChillerSite) -> list[str]:
    """What a chilled-water plant assumes."""
    lim, loops, tower = site.limits, site.parts.loops, site.parts.tower
    C = ZERO_C
    less = " as EnergyPlus reckons it, 1 to 4 % below the mass balance" if tower.moist_basis else ""
    losses = f"Distribution losses are {100 * site.loss_fraction:.3g} % of IT energy." if site.loss_fraction > 0.0 else (
        "Losses of power distribution are outside the figures: PUE has cooling as its only overhead."
    )  # fmt: skip
    return [
        losses,
        "Heat reaches the chilled water over coils whose fans are outside the figures. The hall needs chilled water of at most "
        f"{lim.T_chw_max - C:.3g} °C that returns at {lim.T_return_max - C:.3g} °C or less.",
        f"Tower water is set between {loops.T_cw_low - C:.3g} and {loops.T_cw_high - C:.3g} °C, chilled water between "
        f"{lim.T_chw_set_min - C:.3g} and {lim.T_chw_set_max - C:.3g} °C, where the chiller's published curves hold.",
        f"Water: make-up is evaporation{less}, drift and blowdown at {tower.cycles:.3g} cycles of concentration.",
        "Capacity control of the chiller and fan control of the tower are taken to be at rest at every instant; condenser water flows "
        "constantly.",
    ]


LOOK = Look(
    tints=TINTS, causes=CAUSES, temperatures=TEMPERATURES, predicted={}, method=method,
    heat=HeatChart(
        nodes=NODES, ribbons=ribbons, sources=("Electricity", DRAWN), sinks=("Power losses", LOSSES, STORED, "Tower"), sky="Tower",
        beside=(STORED, DRAWN, LOSSES),
    ),
)  # fmt: skip
