"""How an air hall is shown."""

from lowlift.models.air_site import AirSite
from lowlift.models.site import ZERO_C
from lowlift.sim.looks import AIR, COLD, ELECTRIC, LOST, WORK, Cause, Energies, Flow, HeatChart, Look, Shown, Signal, temperature

# Okabe and Ito's palette.
TINTS = {"server_fans": "#8d8f94", "fans": "#CC79A7", "indirect": "#56B4E9", "pads": "#0072B2", "dx": "#D55E00"}
CAUSES = {
    "server_fans": Cause(
        lever=temperature("T_inlet", "the air at the servers"), law="their fans speed up with their inlet",
        effect=temperature("T_hot", "the hot aisle"),
    ),
    "fans": Cause(
        lever=Signal(name="m_air", words="the supply air", unit="kg/s"), law="fan power goes with about the cube of air flow",
        effect=temperature("T_inlet", "air at the servers"),
    ),
    "indirect": Cause(
        lever=Signal(name="y_iec", words="the secondary fan speed of the indirect coolers", unit="% of full speed", factor=100.0, digits=0),
        law="fan power goes with about the cube of speed", effect=temperature("T_evaporative", "air behind the evaporative coolers"),
    ),
    "dx": Cause(
        lever=Signal(name="Q_evaporator", words="the heat taken by the DX units", unit="kW", factor=1e-3, digits=0),
        law="compressor power is heat times lift", effect=temperature("T_supply", "supply air"),
    ),
}  # fmt: skip
"""By end use; the pumps of the pads take next to nothing."""
TEMPERATURES = (
    Shown(title="server inlet air", signal="T_inlet", worst="max",
          limits=lambda site: {"limit": site.limits.T_inlet_max, "lower limit": site.limits.T_inlet_min}),
    Shown(title="dew point at the servers", signal="T_dew_hall", worst="max",
          limits=lambda site: {"limit": site.limits.T_dew_max, "lower limit": site.limits.T_dew_min}),
    Shown(title="supply air", signal="T_supply", worst="max", limits=lambda site: {}),
    Shown(title="hot aisle", signal="T_hot", worst="max", limits=lambda site: {}),
)  # fmt: skip
STORED, DRAWN, MOIST = "Stored in the hall", "Drawn from the hall", "Relief air"
NODES = {
    "Electricity": 0, "IT": 1, "Power losses": 1, "Cooling plant": 1, "Hall air": 2, "Compressors": 2, "Secondary fans, pumps": 2,
    DRAWN: 2, "Return air": 3, MOIST: 4, "Indirect coolers": 4, "DX units": 4, STORED: 4, "Outdoor air": 5,
}  # fmt: skip


def ribbons(e: Energies) -> list[Flow]:
    """Electricity and heat of an air hall.

    Heat of distribution units, in the hall, comes out of the power losses. The water that pads evaporate into the supply air takes as much
    sensible heat as it adds latent heat; both leave with the relief air. Outdoor air that is warmer than what leaves counts against it.
    """
    heat, use, stored = e.heat, e.use, e.stored
    IT = use["it"] + use["psu"] + use["server_fans"]
    relief = heat["Q_exchange"] + heat["Q_drain"] - heat["Q_water"]
    return [
        Flow("Electricity", "IT", IT, ELECTRIC),
        Flow("Electricity", "Power losses", use["losses"], LOST),
        Flow("Electricity", "Cooling plant", e.cooling - use["server_fans"], WORK),
        Flow("IT", "Hall air", IT, AIR),
        Flow("Power losses", "Hall air", heat["Q_pdu"], AIR),
        Flow("Cooling plant", "Hall air", use["fans"], WORK),
        Flow("Cooling plant", "Compressors", use["dx"], WORK),
        Flow("Cooling plant", "Secondary fans, pumps", use["indirect"] + use["pads"], LOST),
        Flow("Hall air", "Return air", IT + heat["Q_pdu"] + use["fans"], AIR),
        Flow(DRAWN, "Return air", -stored, LOST),
        Flow("Return air", STORED, stored, LOST),
        Flow("Return air", MOIST, relief, COLD),
        Flow("Return air", "Indirect coolers", heat["Q_indirect"], COLD),
        Flow("Return air", "DX units", heat["Q_dx"], COLD),
        Flow("Compressors", "DX units", use["dx"], WORK),
        Flow(MOIST, "Outdoor air", relief, COLD),
        Flow("Indirect coolers", "Outdoor air", heat["Q_indirect"], COLD),
        Flow("DX units", "Outdoor air", heat["Q_dx"] + use["dx"], COLD),
    ]


def method(site: AirSite) -> list[str]:
    """What an air hall assumes."""
    lim = site.limits
    return [
        "Losses of power supplies count as IT energy, those of UPS and distribution follow their part-load curves; distribution units heat "
        "the hall, UPS do not.",
        "Water: make-up is evaporation, into supply and secondary air, and blowdown; condensate is not credited.",
        f"Air at the servers: {lim.T_inlet_min - ZERO_C:.3g} to {lim.T_inlet_max - ZERO_C:.3g} °C, dew point "
        f"{lim.T_dew_min - ZERO_C:.3g} to {lim.T_dew_max - ZERO_C:.3g} °C.",
        "Each aisle is one well-mixed volume: hot spots of single racks are not resolved. Outdoor air is taken to be clean.",
    ]


LOOK = Look(
    tints=TINTS, causes=CAUSES, temperatures=TEMPERATURES, predicted={}, method=method,
    heat=HeatChart(
        nodes=NODES, ribbons=ribbons, sources=("Electricity", DRAWN),
        sinks=("Power losses", "Secondary fans, pumps", STORED, "Outdoor air"), sky="Outdoor air",
        beside=(STORED, "Secondary fans, pumps", "Power losses"),
    ),
)  # fmt: skip
