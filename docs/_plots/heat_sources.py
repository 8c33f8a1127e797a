"""Plots of what gives off heat: chips, plates, servers, racks and the electric path."""

import numpy as np

from _plots.canvas import ZERO_C, Line, Panel, behaviour, celsius
from lowlift.thermal import (
    AirServer,
    AuxiliaryRacks,
    ColdPlate,
    Converter,
    IteServer,
    LeakyChip,
    MicrochannelPlate,
    PowerChain,
    Rack,
)
from lowlift.thermal.fluids import WATER


@behaviour("LeakyChip")
def leaky_chip() -> tuple[Panel, ...]:
    """A chip at full load with the default leakage, at three resistances from chip to coolant. Warmer coolant costs power through
    leakage; the loop gain says how much of each further watt comes back as leakage, and one is the edge of thermal runaway.
    """
    chip, T = LeakyChip(), np.linspace(15.0, 60.0, 91) + ZERO_C
    states = {R: chip.steady(1.0, T, R) for R in (0.02, 0.035, 0.05)}
    return (
        Panel("Power", "coolant entering [°C]", "chip power [W]", [Line(f"{R} K/W", celsius(T), s.P) for R, s in states.items()],
              legend="resistance"),
        Panel("Loop gain", "coolant entering [°C]", "loop gain [1]", [Line(f"{R} K/W", celsius(T), s.gain) for R, s in states.items()],
              legend="resistance", low=0.0),
    )  # fmt: skip


@behaviour("ColdPlate")
def cold_plate() -> tuple[Panel, ...]:
    """Resistance and pressure drop over coolant flow. Left: the default power law, and a plate whose channels turn turbulent at the
    nominal flow, where its resistance begins to fall faster. Right: three mixtures of laminar and turbulent friction, equal at the
    rating.
    """
    r = np.geomspace(0.1, 4.0, 121)
    m, kg_min = 0.0275 * r, 60.0 * 0.0275 * r
    plates = {"power law, 0.6": ColdPlate(), "0.3, then 0.8": ColdPlate(exponent=0.3, exponent_turbulent=0.8, transition=1.0)}
    law = [Line(name, kg_min, 1e3 / plate.UA_coolant(m)) for name, plate in plates.items()]
    drop = [Line(f"{share:.0%} laminar", kg_min, ColdPlate(laminar_share=share).dp(m) / 1e3) for share in (0.0, 0.3, 1.0)]
    return (
        Panel("Plate to coolant", "coolant per chip [kg/min]", "resistance [K/kW]", law, legend="exponent", rated=(1.65, 16.0), log="xy"),
        Panel("Pressure drop", "coolant per chip [kg/min]", "pressure drop [kPa]", drop, legend="friction", rated=(1.65, 20.0), log="xy"),
    )


@behaviour("MicrochannelPlate")
def microchannel_plate() -> tuple[Panel, ...]:
    """Water at 25 °C through channels 4 mm high with fins as thick as two thirds of the channel. Finer channels buy temperature with
    pressure, and each further step gains less. Lines end where the flow leaves the laminar range.
    """
    T, flow = 298.15, np.linspace(2.0, 40.0, 120)
    R, dp = [], []
    for width in (0.2e-3, 0.3e-3, 0.5e-3):
        plate = MicrochannelPlate(width=width, height=4e-3, fin=width * 2.0 / 3.0, channels=float(round(0.07 / (width * 5.0 / 3.0))))
        V = flow[plate.reynolds(WATER, T, flow / 6e4) < 2300.0]
        label = f"{1e3 * width:.1f} mm"
        R.append(Line(label, V, 1e3 / plate.conductance(WATER, T, V / 6e4)))
        dp.append(Line(label, V, plate.dp(WATER, T, V / 6e4) / 1e3))
    return (
        Panel("Base of the fins to liquid", "water [L/min]", "resistance [K/kW]", R, legend="channel", low=0.0),
        Panel("Pressure drop", "water [L/min]", "pressure drop [kPa]", dp, legend="channel", low=0.0),
    )


@behaviour("Rack")
def rack() -> tuple[Panel, ...]:
    """A rack of 125 kW on 108 plates. Left: where its power goes at three liquid shares. Right: chips at full power after the coolant stops
    or falls to a part of its rating, from the state of rest at rated flow: without flow they heat without end.
    """
    plates = {"plates": 108.0, "cold_plate": ColdPlate()}
    P = np.linspace(0.0, 125e3, 51)
    racks = {f: Rack(P_nominal=125e3, liquid_share=f, **plates) for f in (0.7, 0.85, 0.945)}
    shares = [Line(f"{100 * f:g}%", P / 1e3, rack.heat(P).Q_air / 1e3) for f, rack in racks.items()]
    hall, t, T_in, cp = racks[0.85], np.linspace(0.0, 60.0, 121), 30.0, 3969.0
    q, full = float(hall.heat(125e3).Q_liquid), hall.ladder(hall.m_nominal, cp).resistances()
    courses = []
    for r in (0.0, 0.25, 0.5):
        ladder = hall.ladder(r * hall.m_nominal, cp)
        rest = ladder.resistances()
        courses.append(Line(f"{r:.0%}", t, T_in + q * (ladder.decay(t).apply(full.minus(rest)).chip + rest.chip)))
    return (
        Panel("Heat to air", "IT power [kW]", "heat to air [kW]", shares, legend="to liquid"),
        Panel("Flow falls at full power", "time [s]", "chip [°C]", courses, legend="flow left"),
    )


@behaviour("AirServer")
def air_server() -> tuple[Panel, ...]:
    """A rack of 10 kW. Fans follow load and, from about 26 °C inlet, temperature; their power grows with the 2.8th power of flow. Raising
    the inlet saves chillers and costs server fans, inside IT power where PUE does not show it.
    """
    rack, T = AirServer(P_nominal=1.0e4, V_nominal=0.52, P_fan_nominal=900.0), np.linspace(16.0, 45.0, 117) + ZERO_C
    states = {u: rack.state(u, T) for u in (0.2, 0.6, 1.0)}
    return (
        Panel("Fans", "inlet air [°C]", "fan power [W]", [Line(f"{u:.0%}", celsius(T), s.P_fan) for u, s in states.items()], legend="load",
              low=0.0),
        Panel("Exhaust", "inlet air [°C]", "exhaust above inlet [K]",
              [Line(f"{u:.0%}", celsius(T), s.T_exhaust - T) for u, s in states.items()], legend="load", low=0.0),
    )  # fmt: skip


@behaviour("IteServer")
def ite_server() -> tuple[Panel, ...]:
    """Equipment of 20 kW with its default curves (proportional to load) and with an inlet-dependent air flow, at an inlet of 22 °C and of
    32 °C. The loss of the power supply goes to the room, not through the air stream.
    """
    u = np.linspace(0.05, 1.0, 96)
    plain = IteServer(P_nominal=2.0e4)
    warm = IteServer(P_nominal=2.0e4, air_ft=(-0.35, 1.0, 0.0, 0.016, 0.0, 0.0), fan_ff=(0.0, 0.2, 0.0, 0.8))
    cases = {"default curves": (plain, 295.15), "air follows inlet, 22 °C": (warm, 295.15), "air follows inlet, 32 °C": (warm, 305.15)}
    states = {name: server.state(u, T) for name, (server, T) in cases.items()}
    return (
        Panel("Heat to the room", "load [1]", "all heat [kW]", [Line(name, u, s.Q_zone / 1e3) for name, s in states.items()], low=0.0),
        Panel("Fans", "load [1]", "fan power [kW]", [Line(name, u, s.P_fan / 1e3) for name, s in states.items()], low=0.0),
    )


@behaviour("AuxiliaryRacks")
def auxiliary_racks() -> tuple[Panel, ...]:
    """Eight switch racks that idle at 60 % of their maximum, a third of their heat to liquid. Traffic hardly moves what they draw."""
    u = np.linspace(0.0, 1.0, 51)
    heat = AuxiliaryRacks(n=8.0, P_idle=9.0e3, P_max=1.5e4, liquid_share=1.0 / 3.0).heat(u)
    lines = [Line("power", u, heat.P_it / 1e3), Line("heat to liquid", u, heat.Q_liquid / 1e3), Line("heat to air", u, heat.Q_air / 1e3)]
    return (Panel("Power and heat", "traffic [1]", "power, heat [kW]", lines, low=0.0),)


@behaviour("Converter")
def converter() -> tuple[Panel, ...]:
    """Efficiency and loss of two units through their three published points: a power supply of the Titanium class and the default double-
    conversion UPS. Efficiency falls towards no load, where the loss stays.
    """
    x = np.linspace(0.01, 1.2, 239)
    units = {
        "power supply, Titanium": Converter(P_nominal=1.0, load_1=0.2, eta_1=0.94, load_2=0.5, eta_2=0.96, eta_3=0.91),
        "UPS, default": Converter(P_nominal=1.0),
    }
    done = {name: unit.convert(x) for name, unit in units.items()}
    return (
        Panel("Efficiency", "output over rated [1]", "efficiency [1]", [Line(n, x, c.eta) for n, c in done.items()], low=0.6, high=1.0),
        Panel("Loss", "output over rated [1]", "loss over rated output [1]", [Line(n, x, c.P_loss) for n, c in done.items()], low=0.0),
    )


@behaviour("PowerChain")
def power_chain() -> tuple[Panel, ...]:
    """Four UPS units of 500 kW and eight distribution units of 250 kW. At part load the same IT power over fewer UPS units loses less:
    redundancy costs energy.
    """
    P = np.linspace(5.0e4, 1.6e6, 156)
    pdu = Converter(P_nominal=2.5e5, eta_1=0.975, eta_2=0.982, eta_3=0.98)
    chains = {n: PowerChain(ups=Converter(P_nominal=5.0e5), pdu=pdu, n_ups=float(n), n_pdu=8.0) for n in (4, 5, 6)}
    total = {n: chain.supply(P).total for n, chain in chains.items()}
    return (
        Panel("Efficiency", "IT power [MW]", "efficiency [1]", [Line(f"{n} UPS", P / 1e6, c.eta) for n, c in total.items()],
              low=0.8, high=1.0),
        Panel("Loss", "IT power [MW]", "loss [kW]", [Line(f"{n} UPS", P / 1e6, c.P_loss / 1e3) for n, c in total.items()], low=0.0),
    )  # fmt: skip
