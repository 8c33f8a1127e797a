"""Pumps, fans, valves and the circuits they drive.

What
    Machines of variable speed, described by one rating point, and the quadratic circuits in which they find their flow.

Assumptions
    1. Circuits are quadratic in flow and settle at once. 2. Density does not depend on temperature. 3. Equal machines in parallel turn at
    equal speed.

Differences from EnergyPlus
    Its pumps and fans have no head curve and no speed: power is a polynomial of flow (:mod:`lowlift.thermal.part_load`).

Sources
    ASHRAE Handbook, HVAC Systems and Equipment, "Centrifugal Pumps" and "Fans" (affinity laws); part load of motors after the table of
    Modelica Buildings, ``Fluid.Movers.BaseClasses.Characteristics.motorEfficiencyCurve``, which credits U.S. DOE, Determining Electric
    Motor Load and Efficiency (2014).
"""

import functools

import numpy as np

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.ops import Signal

HEAD_WIDTH = 1e-6
"""Width of the onset of flow at shut-off speed, relative to shut-off head."""
PUMPS_SMALL = 1e-3
"""A count of running pumps below this is regularised: no pump, no flow, finite slope."""
DRIVE_STANDING = 0.005
"""Loss of a frequency converter at full speed and no load, relative to rated power (guess)."""
POWER_LEAST = 1e-6
"""Least shaft power that efficiency is referred to, relative to rated power; exact from twice that on."""
CLOSED = 1e-12
"""Flow coefficient below which two resistances in series count as closed [m^3/s/Pa^0.5]."""


def operating_flow_of_curve(H0: Signal, a: Signal, n: Signal, y: Signal, C: Signal, dp_static: Signal) -> Signal:
    """Flow [m^3/s] of ``n`` equal pumps with curve ``y^2 H0 - a V^2`` each, equation (4); zero below shut-off speed.

    Args:
        H0: shut-off head at full speed [Pa].
        a: curvature of one pump [Pa/(m^3/s)^2].
        n: pumps running.
        y: speed ratio.
        C: flow coefficient of the circuit [m^3/s/Pa^0.5].
        dp_static: pressure to be overcome before anything flows [Pa].
    """
    width = HEAD_WIDTH * H0
    head = ops.one_way(y * y * H0 - dp_static, width)
    # head / sqrt(head + width) is sqrt(head) with a finite slope at shut-off; PUMPS_SMALL^2 keeps the slope where nothing runs.
    return head * n * C / ops.sqrt((head + width) * (a * C * C + n * n + PUMPS_SMALL * PUMPS_SMALL))


def load_constant(P_rated: float) -> float:
    """``c`` of equation (3) for a motor of rated power ``P_rated`` [W]."""
    return float(np.interp(np.log(P_rated), np.log([700.0, 15e3]), [0.26, 0.115]))


def motor_part_load(load: Signal, c: float) -> Signal:
    """Motor efficiency at the load ratio ``load`` over that at rated load, ``1 - exp(-load / c)``.

    >>> [round(float(motor_part_load(x, load_constant(700.0))), 2) for x in (0.1, 0.3, 0.8)]
    [0.32, 0.68, 0.95]
    """
    return -ops.expm1(-load / c)


class Pump(Component):
    """A centrifugal pump with motor and frequency converter.

    Equations
        ::

            dp(V, y) = y^2 H0 - a V^2,   H0 = k dp_n,  a = (k - 1) dp_n / V_n^2                           (1)
            P_shaft = y^2 P_n (s0 y + (1 - s0) V / V_n),   P_n = V_n dp_n / eta_n,  s0 = 2 (k - 1)        (2)
            P_el = P_rated y c / eta_motor / exprel(-l / c) / eta_drive + standing loss of the drive,
                   l = P_shaft / (P_rated y)                                                              (3)
            V = n C sqrt((y^2 H0 - dp_static) / (a C^2 + n^2))                                            (4)

        (1) and (2) obey the affinity laws exactly; ``s0`` puts the best efficiency at the nominal point and gives a shut-off power of
        ``s0`` of nominal. (3) is ``P_shaft / eta`` with ``eta = eta_motor (1 - exp(-l / c))``, ``c`` = 0.26 at 0.7 kW and 0.115 from
        15 kW, finite at no load. It follows the table of motors within 0.04 at both sizes and 0.07 between them; the larger motors of the
        table are better than one of 15 kW at low load (70 kW: by 0.14 up to a fifth of load, 0.06 at 0.3). The load ``l`` is relative
        to what the motor can give at its present speed (constant-torque drive). (4) is the intersection of ``n`` equal pumps in parallel
        with a static lift and a quadratic resistance of flow coefficient ``C``; no flow without pumps, below shut-off speed and against a
        closed circuit.

    Validity
        Speed 0 to 1, flow from none to where the head is used up.

    >>> pump = Pump(V_dot_nominal=0.03, dp_nominal=2.0e5)
    >>> round(float(pump.P_el(0.03, 1.0)))
    8588
    """

    V_dot_nominal: float = parameter(unit="m^3/s", above=0.0, doc="flow at the best-efficiency point, full speed")
    dp_nominal: float = parameter(unit="Pa", above=0.0, doc="head at that point")
    shutoff_ratio: float = parameter(default=1.25, unit="1", above=1.0, below=1.5, doc="shut-off over nominal head")
    eta_hydraulic: float = parameter(default=0.78, unit="1", above=0.0, below=1.0, doc="hydraulic efficiency at that point")
    eta_motor: float = parameter(default=0.93, unit="1", above=0.0, below=1.0, doc="motor efficiency at rated load")
    eta_drive: float = parameter(default=0.97, unit="1", above=0.0, below=1.0, doc="frequency converter efficiency")
    motor_margin: float = parameter(default=1.15, unit="1", low=1.0, high=3.0, doc="motor rating over nominal shaft power")
    motor_units: float = parameter(default=1.0, unit="1", above=0.0, doc="units of this curve driven by one motor")

    @property
    def H0(self) -> float:
        """Shut-off head at full speed [Pa]."""
        return self.shutoff_ratio * self.dp_nominal

    @property
    def a(self) -> float:
        """Curvature of the head curve [Pa/(m^3/s)^2]."""
        return (self.shutoff_ratio - 1.0) * self.dp_nominal / self.V_dot_nominal**2

    @property
    def P_rated(self) -> float:
        """Rated motor power [W]."""
        return self.motor_margin * self.V_dot_nominal * self.dp_nominal / self.eta_hydraulic

    @functools.cached_property
    def load_constant(self) -> float:
        """``c`` of equation (3), by motor size."""
        return load_constant(self.motor_units * self.P_rated)

    @property
    def ranges(self) -> dict[str, Range]:
        """Flow [m^3/s] and speed ratio."""
        run_out = self.V_dot_nominal * float(np.sqrt(self.shutoff_ratio / (self.shutoff_ratio - 1.0)))
        return {"V_dot": Range(0.0, run_out, "m^3/s"), "y": Range(0.0, 1.0)}

    def dp(self, V_dot: Signal, y: Signal) -> Signal:
        """Head [Pa] at flow ``V_dot`` and speed ratio ``y``, equation (1)."""
        return y * y * self.H0 - self.a * V_dot * V_dot

    def P_shaft(self, V_dot: Signal, y: Signal) -> Signal:
        """Shaft power [W], equation (2); all of it ends as heat in the fluid and its circuit."""
        return y * self.P_rated * self._load(V_dot, y)

    def _load(self, V_dot: Signal, y: Signal) -> Signal:
        """``l`` of equation (3): shaft power over what the motor can give at its speed."""
        s0 = 2.0 * (self.shutoff_ratio - 1.0)
        return y * (s0 * y + (1.0 - s0) * V_dot / self.V_dot_nominal) / self.motor_margin

    def efficiency(self, V_dot: Signal, y: Signal) -> Signal:
        """Hydraulic efficiency; zero at shut-off, at run-out and at standstill, ``eta_hydraulic`` at the nominal point."""
        return V_dot * self.dp(V_dot, y) / ops.at_least(self.P_shaft(V_dot, y), POWER_LEAST * self.P_rated)

    def P_el(self, V_dot: Signal, y: Signal) -> Signal:
        """Electric power at the wire [W], equation (3)."""
        motor = self.P_rated * y * self.load_constant / self.eta_motor / ops.exprel(-self._load(V_dot, y) / self.load_constant)
        return motor / self.eta_drive + DRIVE_STANDING * self.P_rated * y


def operating_flow(pump: Pump, n: Signal, y: Signal, C: Signal, dp_static: Signal) -> Signal:
    """Total flow [m^3/s] of ``n`` equal pumps at speed ``y`` in a circuit, equation (4)."""
    return operating_flow_of_curve(pump.H0, pump.a, n, y, C, dp_static)


def series_conductance(C1: Signal, C2: Signal) -> Signal:
    """Flow coefficient of two resistances in series: ``1/C^2 = 1/C1^2 + 1/C2^2``; zero where both are closed."""
    return C1 * C2 / ops.sqrt(C1 * C1 + C2 * C2 + CLOSED * CLOSED)


class ControlValve(Component):
    """Equal-percentage control valve; a closed valve leaks ``C_max / R``.

    Equations
        ::

            C(v) = C_max R^(v - 1),   V = C sqrt(dp)                                                      (1)
            1 / C^2 = 1 / C_1^2 + 1 / C_2^2   in series                                                   (2)

    Validity
        Opening 0 to 1, turbulent flow of a liquid that does not cavitate.
    """

    C_max: float = parameter(unit="m^3/s/Pa^0.5", above=0.0, doc="flow coefficient, fully open")
    rangeability: float = parameter(default=30.0, unit="1", above=1.0, high=200.0, doc="ratio of open to closed coefficient")

    @property
    def ranges(self) -> dict[str, Range]:
        """Opening and flow coefficient [m^3/s/Pa^0.5]."""
        return {"v": Range(0.0, 1.0), "C": Range(self.C_max / self.rangeability, self.C_max, "m^3/s/Pa^0.5")}

    def conductance(self, v: Signal) -> Signal:
        """Flow coefficient [m^3/s/Pa^0.5] at opening ``v`` 0..1."""
        return self.C_max * ops.exp((v - 1.0) * float(np.log(self.rangeability)))

    def opening(self, C: Signal) -> Signal:
        """Opening that gives the flow coefficient ``C``: the inverse of :meth:`conductance`."""
        return 1.0 + ops.log(C / self.C_max) / float(np.log(self.rangeability))


class Fan(Component):
    """A fan on a frequency converter: power as a cubic of speed, zero when off.

    Equations
        ::

            P_el = P_n (c1 y + c3 y^3)                                                                    (1)

        The linear share stands for drive, motor and bearings (guess). Flow is proportional to speed in the components that own fans.

    Validity
        Speed 0 to 1 in a duct or coil whose resistance does not change.
    """

    P_nominal: float = parameter(unit="W", above=0.0, doc="electric power at full speed")
    c1: float = parameter(default=0.05, unit="1", low=0.0, high=1.0, doc="linear share of power (guess)")
    c3: float = parameter(default=0.95, unit="1", low=0.0, high=1.1, doc="cubic share of power")

    @property
    def ranges(self) -> dict[str, Range]:
        """Speed ratio."""
        return {"y": Range(0.0, 1.0)}

    def P_el(self, y: Signal) -> Signal:
        """Electric power [W] at speed ratio ``y``."""
        return self.P_per_speed(y) * y

    def P_per_speed(self, y: Signal) -> Signal:
        """``P_el / y`` [W]: what heats each unit of the air moved, also as the fan stops."""
        return self.P_nominal * (self.c1 + self.c3 * y * y)
