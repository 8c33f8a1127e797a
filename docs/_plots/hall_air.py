"""Plots of the air of a hall: aisles, air handlers, direct-expansion units, outdoor air, moist air itself."""

import numpy as np

from _plots.canvas import ZERO_C, Line, Panel, behaviour, celsius
from lowlift.thermal import AirsideEconomiser, Aisles, Crah, DxUnit
from lowlift.thermal import psychrometrics as psy

P_SEA_LEVEL = 101325.0


@behaviour("psychrometrics")
def moist_air() -> tuple[Panel, ...]:
    """Left: humidity over temperature at four relative humidities, at sea level. Right: how far the wet bulb lies below the dry bulb,
    which is all that evaporation can give; the notch lies where the wet bulb freezes.
    """
    T = np.linspace(-10.0, 45.0, 111) + ZERO_C
    chart, depression = [], []
    for rh in (1.0, 0.6, 0.4, 0.2):
        w = psy.humidity_ratio_from_relative_humidity(T, rh, P_SEA_LEVEL)
        chart.append(Line(f"{rh:.0%}", celsius(T), 1e3 * w))
        if rh < 1.0:
            depression.append(Line(f"{rh:.0%}", celsius(T), T - psy.wet_bulb(T, w, P_SEA_LEVEL)))
    return (
        Panel("Humidity ratio", "dry bulb [°C]", "humidity ratio [g/kg dry air]", chart, legend="relative humidity", low=0.0, high=40.0),
        Panel("Wet-bulb depression", "dry bulb [°C]", "dry bulb above wet bulb [K]", depression, legend="relative humidity", low=0.0),
    )


@behaviour("Aisles")
def aisles() -> tuple[Panel, ...]:
    """Servers drawing 80 kg/s for 1 MW, air supplied at 20 °C, in a contained, a fair and an open hall. Below the server flow hot air
    recirculates and the inlet climbs steeply; above it cold air bypasses and fan power is wasted (right, for the fair hall).
    """
    m = np.linspace(40.0, 140.0, 201)
    halls = {"contained": Aisles(), "fair": Aisles(r_0=0.08, b_0=0.12), "open": Aisles(r_0=0.15, b_0=0.25)}
    flows = {name: hall.flows(m, 80.0) for name, hall in halls.items()}
    inlets = [Line(n, m / 80.0, celsius(halls[n].at_rest(f, 293.15, 1.0e6).T_in)) for n, f in flows.items()]
    shares = [Line("recirculation, of server air", m / 80.0, flows["fair"].recirculation),
              Line("bypass, of handler air", m / 80.0, flows["fair"].bypass)]  # fmt: skip
    return (
        Panel("Inlet", "handler air over server air [1]", "server inlet [°C]", inlets, legend="hall"),
        Panel("Leaks", "handler air over server air [1]", "share [1]", shares, low=0.0),
    )


@behaviour("Crah")
def crah() -> tuple[Panel, ...]:
    """A handler of 100 kW, air at 34 °C over water at 14 °C. Left: heat over air flow, dry and at two dew points: moist air gives latent
    heat on top. Right: the water that runs off, nothing until the coil's surface passes the dew point.
    """
    unit = Crah(Q_dot_nominal=1.0e5, T_air_in_nominal=307.15, T_water_in_nominal=287.15, m_water_nominal=3.2, V_air_nominal=7.5,
                P_fan_nominal=5.0e3)  # fmt: skip
    y, T_water = np.linspace(0.1, 1.0, 91), np.linspace(6.0, 20.0, 113) + ZERO_C
    heat, water = [], []
    for T_dew in (8.0, 18.0, 22.0):
        w = psy.humidity_ratio_from_dew_point(T_dew + ZERO_C, P_SEA_LEVEL)
        heat.append(Line(f"{T_dew:g} °C", y, unit.cool(307.15, w, unit.m_air(y), 287.15, 3.2, P_SEA_LEVEL).Q_dot / 1e3))
        state = unit.cool(307.15, w, unit.m_air(1.0), T_water, 3.2, P_SEA_LEVEL)
        water.append(Line(f"{T_dew:g} °C", celsius(T_water), 3600.0 * state.condensate))
    return (
        Panel("Heat", "fan speed [1]", "heat to water [kW]", heat, legend="dew point", rated=(1.0, 100.0), low=0.0),
        Panel("Condensate", "water entering [°C]", "condensate [kg/h]", water, legend="dew point", low=0.0),
    )


@behaviour("DxUnit")
def dx_unit() -> tuple[Panel, ...]:
    """A unit of 100 kW at an entering wet bulb of 19.4 °C. Left: COP of everything it draws, over load, at three outdoor temperatures.
    Right: capacity over outdoor temperature, held at the ends of the curves.
    """
    unit = DxUnit(Q_dot_nominal=1.0e5, COP_nominal=3.2, P_fan_nominal=5.0e3)
    load, outdoor = np.linspace(5.0e3, 1.0e5, 96), np.linspace(10.0, 50.0, 161) + ZERO_C
    states = {T: unit.state(load, T + ZERO_C, 292.55, 1.0) for T in (20.0, 30.0, 40.0)}
    return (
        Panel("Efficiency", "load [kW]", "heat over all power [1]",
              [Line(f"{T:g} °C", load / 1e3, s.Q_dot / s.P_el) for T, s in states.items()],
              legend="outdoors", low=0.0),
        Panel("Capacity", "outdoor dry bulb [°C]", "capacity [kW]",
              [Line(f"{T:g} °C", celsius(outdoor), unit.capacity(outdoor, T + ZERO_C) / 1e3) for T in (15.0, 19.4, 23.0)],
              legend="entering wet bulb"),
    )  # fmt: skip


@behaviour("AirsideEconomiser")
def airside_economiser() -> tuple[Panel, ...]:
    """A hall with return air at 35 °C that wants 24 °C. Left: the share of outdoor air, all of it from 24 °C outdoors on, none near the
    return temperature. Right: permission over the outdoor dew point, with its limits at -9 °C and 15 °C.
    """
    unit, T = AirsideEconomiser(), np.linspace(-10.0, 40.0, 201) + ZERO_C
    share = []
    for T_dew in (-5.0, 8.0, 14.8):
        w = psy.humidity_ratio_from_dew_point(T_dew + ZERO_C, P_SEA_LEVEL)
        dry = T >= T_dew + ZERO_C
        share.append(Line(f"{T_dew:g} °C", celsius(T[dry]), unit.outdoor_share(T[dry], w, 308.15, 297.15, P_SEA_LEVEL)))
    dew = np.linspace(-15.0, 20.0, 281) + ZERO_C
    permit = unit.enable(295.15, psy.humidity_ratio_from_dew_point(dew, P_SEA_LEVEL), 308.15, P_SEA_LEVEL)
    return (
        Panel("Outdoor air", "outdoor dry bulb [°C]", "share of outdoor air [1]", share, legend="outdoor dew point", low=0.0, high=1.05),
        Panel(
            "Permission", "outdoor dew point [°C]", "permission [1]", [Line("at 22 °C outdoors", celsius(dew), permit)], low=0.0, high=1.05
        ),
    )
