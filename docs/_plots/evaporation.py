"""Plots of evaporative coolers for air."""

import numpy as np

from _plots.canvas import ZERO_C, Line, Panel, behaviour, celsius
from lowlift.thermal import AdiabaticAssist, CelDekPad, DirectEvaporativeCooler, IndirectDryCoil, IndirectWetCoil
from lowlift.thermal import psychrometrics as psy

P_SEA_LEVEL = 101325.0
HUMIDITY = (0.2, 0.4, 0.7)


def wet_bulb(T: np.ndarray, rh: float) -> np.ndarray:
    """Wet bulb [K] at dry bulb [K] and relative humidity."""
    return np.asarray(psy.wet_bulb(T, psy.humidity_ratio_from_relative_humidity(T, rh, P_SEA_LEVEL), P_SEA_LEVEL))


@behaviour("CelDekPad")
def celdek_pad() -> tuple[Panel, ...]:
    """Effectiveness and pressure drop of pads of three depths over the face velocity. Deep pads and slow air evaporate more; depth is
    paid for in fan power all year, wet or dry.
    """
    V = np.linspace(0.9, 4.5, 109)
    pads = {f"{D:g} m": CelDekPad(area=1.0, depth=D) for D in (0.1, 0.2, 0.3)}
    return (
        Panel("Effectiveness", "face velocity [m/s]", "effectiveness [1]", [Line(n, V, p.effectiveness(V)) for n, p in pads.items()],
              legend="depth", low=0.4, high=1.0),
        Panel("Pressure drop", "face velocity [m/s]", "pressure drop [Pa]", [Line(n, V, p.dp(V)) for n, p in pads.items()], legend="depth",
              low=0.0),
    )  # fmt: skip


@behaviour("DirectEvaporativeCooler")
def direct_cooler() -> tuple[Panel, ...]:
    """A pad of 2 m² in 3.5 kg/s of air. Left: what leaves, at three humidities outdoors; the drier, the colder. Right: the water that it
    takes, blowdown included.
    """
    cooler, T = DirectEvaporativeCooler(pad=CelDekPad(area=2.0, depth=0.3)), np.linspace(15.0, 45.0, 121) + ZERO_C
    air = {rh: cooler.leave(T, wet_bulb(T, rh), P_SEA_LEVEL, 3.5) for rh in HUMIDITY}
    return (
        Panel("Air leaving", "outdoor dry bulb [°C]", "air leaving [°C]",
              [Line(f"{rh:.0%}", celsius(T), celsius(a.T_out)) for rh, a in air.items()],
              legend="relative humidity"),
        Panel("Water", "outdoor dry bulb [°C]", "makeup water [L/h]",
              [Line(f"{rh:.0%}", celsius(T), 3600.0 * cooler.makeup(a.evaporation)) for rh, a in air.items()], legend="relative humidity",
              low=0.0),
    )  # fmt: skip


@behaviour("IndirectDryCoil")
def indirect_dry_coil() -> tuple[Panel, ...]:
    """Supply air of 2 m³/s entering at 35 °C, secondary air from outdoors. Left: the supply leaving over the outdoor temperature at 30 %
    relative humidity, the pad wet, half wet and dry. Right: power of pump and secondary fan over the secondary flow.
    """
    cooler = IndirectDryCoil(pad=CelDekPad(area=1.12, depth=0.15))
    T, V = np.linspace(10.0, 40.0, 121) + ZERO_C, np.linspace(0.0, 3.0, 121)
    lines = [Line(f"{s:.0%}", celsius(T), celsius(cooler.leave(308.15, 2.0, T, wet_bulb(T, 0.3), P_SEA_LEVEL, 2.0, s).T_out))
             for s in (1.0, 0.5, 0.0)]  # fmt: skip
    wet, dry = (cooler.leave(308.15, 2.0, 303.15, 291.15, P_SEA_LEVEL, V, s).P_el for s in (1.0, 0.0))
    return (
        Panel("Supply air", "outdoor dry bulb [°C]", "supply air leaving [°C]", lines, legend="pad wet"),
        Panel("Power", "secondary air [m³/s]", "electric power [W]", [Line("wet", V, wet), Line("dry", V, dry)], low=0.0),
    )


@behaviour("IndirectWetCoil")
def indirect_wet_coil() -> tuple[Panel, ...]:
    """Supply air of 2 m³/s entering at 35 °C. Left: what leaves over the wet bulb of the secondary air at three secondary flows. Right:
    the effectiveness of the stage over the ratio of the flows, with the water that it evaporates in proportion.
    """
    cooler, T_wb = IndirectWetCoil(), np.linspace(5.0, 35.0, 121) + ZERO_C
    lines = [Line(f"{V:g} m³/s", celsius(T_wb), celsius(cooler.leave(308.15, 2.0, T_wb, V, 1.15).T_out)) for V in (0.5, 1.0, 3.0)]
    V = np.linspace(0.2, 6.0, 146)
    stage = [Line(f"{s:.0%}", V / 2.0, cooler.leave(308.15, 2.0, 291.15, V, 1.15, s).stage) for s in (1.0, 0.5)]
    return (
        Panel("Supply air", "wet bulb of the secondary air [°C]", "supply air leaving [°C]", lines, legend="secondary air"),
        Panel("Stage", "secondary over supply air [1]", "effectiveness [1]", stage, legend="coil wet", low=0.0, high=1.0),
    )


@behaviour("AdiabaticAssist")
def adiabatic_assist() -> tuple[Panel, ...]:
    """Pads before a dry cooler that draws 100 kg/s, at 25 % relative humidity. The air that the cooler sees is colder by the wetted share
    of 70 % of the wet-bulb depression, and every kelvin costs water.
    """
    assist, T = AdiabaticAssist(), np.linspace(10.0, 45.0, 141) + ZERO_C
    air = {s: assist.leave(T, wet_bulb(T, 0.25), P_SEA_LEVEL, 100.0, s) for s in (0.0, 0.5, 1.0)}
    return (
        Panel("Air to the cooler", "outdoor dry bulb [°C]", "air to the cooler [°C]",
              [Line(f"{s:.0%}", celsius(T), celsius(a.T_out)) for s, a in air.items()], legend="pads wet"),
        Panel("Water", "outdoor dry bulb [°C]", "makeup water [m³/h]",
              [Line(f"{s:.0%}", celsius(T), 3.6 * assist.makeup(a.evaporation)) for s, a in air.items()], legend="pads wet", low=0.0),
    )  # fmt: skip
