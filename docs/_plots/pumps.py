"""Plots of pumps, fans and valves."""

import numpy as np

from _plots.canvas import Line, Panel, behaviour
from lowlift.thermal import ControlValve, CurvePump, Fan, PartLoadCurve, Pump, PumpGroup
from lowlift.thermal.hydraulics import series_conductance
from lowlift.thermal.part_load import FAN_VSD, PUMP_LINEAR, PUMP_RIDING, PUMP_VSD, PUMP_VSD_RESET, TOWER_FAN

SPEEDS = (0.5, 0.75, 1.0)


@behaviour("Pump")
def pump() -> tuple[Panel, ...]:
    """A pump of 30 L/s against 200 kPa at three speeds. Head follows the affinity laws; the best efficiency from wire to water falls at low
    speed, where motor and drive are poorly loaded.
    """
    p = Pump(V_dot_nominal=0.03, dp_nominal=2.0e5)
    head, wire = [], []
    for y in SPEEDS:
        V = np.linspace(0.02, 0.999, 99) * y * (p.H0 / p.a) ** 0.5
        head.append(Line(f"{y:.0%}", 1e3 * V, p.dp(V, y) / 1e3))
        wire.append(Line(f"{y:.0%}", 1e3 * V, V * p.dp(V, y) / p.P_el(V, y)))
    return (
        Panel("Head", "flow [L/s]", "head [kPa]", head, legend="speed", rated=(30.0, 200.0), low=0.0),
        Panel("Wire to water", "flow [L/s]", "efficiency [1]", wire, legend="speed", low=0.0),
    )


@behaviour("ControlValve")
def control_valve() -> tuple[Panel, ...]:
    """Left: the valve's own equal-percentage characteristic at three ratios of open to closed. Right: the flow of a branch of constant
    pressure difference, in which the valve takes a half, a quarter or a tenth of it when open. The less it takes, the more it only acts
    near its seat.
    """
    v = np.linspace(0.0, 1.0, 101)
    own = [Line(f"{R:g}", v, ControlValve(C_max=1.0, rangeability=R).conductance(v)) for R in (20.0, 30.0, 50.0)]
    valve, branch = ControlValve(C_max=1.0), []
    for authority in (0.5, 0.25, 0.1):
        fixed = (authority / (1.0 - authority)) ** 0.5
        C = series_conductance(valve.conductance(v), fixed)
        branch.append(Line(f"{authority:g}", v, C / C[-1]))
    return (
        Panel("Valve", "opening [1]", "flow coefficient over open [1]", own, legend="rangeability", low=0.0),
        Panel("In its branch", "opening [1]", "flow over open [1]", branch, legend="authority", low=0.0),
    )


@behaviour("Fan")
def fan() -> tuple[Panel, ...]:
    """A fan of 10 kW with the default mixture of linear and cubic power, beside a pure cube. Right: power per air moved, the reason why
    all fans should run slow before one runs fast.
    """
    y = np.linspace(0.01, 1.0, 100)
    fans = {"default": Fan(P_nominal=1.0e4), "pure cube": Fan(P_nominal=1.0e4, c1=0.0, c3=1.0)}
    return (
        Panel("Power", "speed [1]", "electric power [kW]", [Line(n, y, f.P_el(y) / 1e3) for n, f in fans.items()], low=0.0),
        Panel("Power per air", "speed [1]", "power over air flow, full speed = 1 [1]",
              [Line(n, y, f.P_el(y) / 1e4 / y) for n, f in fans.items()], low=0.0),
    )  # fmt: skip


@behaviour("CurvePump")
def curve_pump() -> tuple[Panel, ...]:
    """A pump of 45 L/s against 180 kPa by the default cubic of building simulation programs, beside one whose power is proportional to
    flow. All but the motor's loss ends in the water.
    """
    V = np.linspace(0.0, 0.05, 101)
    kw = {"V_dot_nominal": 0.045, "dp_nominal": 1.8e5}
    cubic, linear = CurvePump(**kw), CurvePump(**kw, c1=1.0, c2=0.0, c3=0.0)
    lines = [Line("default cubic", 1e3 * V, cubic.P_el(V) / 1e3), Line("its heat into the water", 1e3 * V, cubic.heat(V) / 1e3),
             Line("proportional", 1e3 * V, linear.P_el(V) / 1e3)]  # fmt: skip
    return (Panel("Power", "flow [L/s]", "power [kW]", lines, low=0.0),)


@behaviour("PartLoadCurve")
def part_load_curve() -> tuple[Panel, ...]:
    """The packaged curves. None is a pure cube: each is a machine with its control and the pressure that the control holds."""
    x = np.linspace(0.0, 1.0, 101)
    curves: dict[str, PartLoadCurve] = {
        "TOWER_FAN": TOWER_FAN, "FAN_VSD": FAN_VSD, "PUMP_LINEAR": PUMP_LINEAR, "PUMP_RIDING": PUMP_RIDING, "PUMP_VSD": PUMP_VSD,
        "PUMP_VSD_RESET": PUMP_VSD_RESET,
    }  # fmt: skip
    lines = [Line(name, x, curve.P_el(x)) for name, curve in curves.items()]
    return (Panel("Part load", "flow over nominal [1]", "power over nominal [1]", lines, low=0.0),)


@behaviour("PumpGroup")
def pump_group() -> tuple[Panel, ...]:
    """Three pumps of 30 L/s in a circuit that takes 200 kPa at 80 L/s. Left: how many should run. Right: electric power of one, two or
    three pumps at the speed that gives the flow; each line ends where full speed does.
    """
    group, V = PumpGroup(pump=Pump(V_dot_nominal=0.03, dp_nominal=2.0e5), n_max=3.0), np.linspace(0.004, 0.09, 173)
    dp = 2.0e5 * (V / 0.08) ** 2
    power = []
    for n in (1.0, 2.0, 3.0):
        y = group.speed(V, n, dp)
        within = y <= 1.0
        power.append(Line(f"{n:.0f}", 1e3 * V[within], group.operate(V[within], n, y[within]).P_el / 1e3))
    return (
        Panel("Pumps needed", "flow [L/s]", "pumps [1]", [Line("equation (3)", 1e3 * V, group.pumps_needed(V))], low=0.0),
        Panel("Power", "flow [L/s]", "electric power [kW]", power, legend="pumps", low=0.0),
    )
