"""Equal pumps or fans in parallel: equal split, speed for a duty, and how many should run.

What
    Pumps of one kind on one header share a flow; more of them turn slower and draw less, until drives and motors are poorly loaded.
    Fans of one kind on one plenum, each behind a damper, are such a group too: the laws are the same, and a
    :class:`~lowlift.thermal.hydraulics.Pump` rated by air flow, pressure rise and efficiency is a fan. "Water" then reads "air".

Equations
    ::

        V_each = V / n,   dp = y^2 H0 - a V_each^2                                                        (1)
        y = sqrt((dp + a V_each^2) / H0)             speed that gives flow and head                        (2)
        n(V) = 1 + sum_k S((V / (k s V_n) - 1) / band + 1/2),  k = 1 .. N - 1                              (3)

    (3) starts the next pump as the running ones pass the share ``s`` of their nominal flow; ``S`` is a smooth step over the
    band. Plants that switch whole pumps round it; an optimiser may use it as it is, since it is a whole number outside the bands.

Validity
    Flow 0 to ``N`` times nominal, speed 0 to 1; pumps as :class:`lowlift.thermal.hydraulics.Pump`.

Assumptions
    1. All running pumps turn at the same speed, so they split the flow equally. 2. Check valves keep water from running back through
    pumps that stand (backdraught dampers, through fans). 3. All shaft power becomes heat in the water, once.

Differences from EnergyPlus
    ``HeaderedPumps:VariableSpeed`` stages by flow alone with affine power; here head and speed are kept.

Sources
    ASHRAE Handbook, HVAC Systems and Equipment, "Centrifugal Pumps", for pumps in parallel; share and band of (3) are guesses.
"""

import dataclasses

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.hydraulics import PUMPS_SMALL, Pump, operating_flow
from lowlift.thermal.ops import Signal


@dataclasses.dataclass(frozen=True)
class GroupState:
    """Pumps at work; powers of all together."""

    V_dot: Signal
    """Total flow [m^3/s]."""
    V_each: Signal
    """Flow of each running pump [m^3/s]."""
    dp: Signal
    """Head [Pa]."""
    P_hydraulic: Signal
    """Power given to the flow [W]."""
    P_shaft: Signal
    """Heat into water and circuit [W]."""
    P_el: Signal
    """Electric power at the wire [W]."""


class PumpGroup(Component):
    """``n_max`` equal pumps on one header.

    >>> group = PumpGroup(pump=Pump(V_dot_nominal=0.03, dp_nominal=2.0e5), n_max=3.0)
    >>> [round(float(group.pumps_needed(V)), 2) for V in (0.01, 0.04, 0.08)]
    [1.0, 2.0, 3.0]
    >>> state = group.operate(0.06, 2.0, 1.0)
    >>> float(state.V_each), round(float(state.dp))
    (0.03, 200000)
    """

    pump: Pump
    """One of the equal pumps."""
    n_max: float = parameter(unit="1", low=1.0, high=20.0, doc="pumps installed, a whole number")
    stage_share: float = parameter(default=0.9, unit="1", above=0.3, high=1.1, doc="of nominal flow, where the next pump starts (guess)")
    band: float = parameter(default=0.05, unit="1", above=0.0, high=0.3, doc="relative width of a change of stage")

    def check(self) -> None:
        """Pumps are counted."""
        if self.n_max != int(self.n_max):
            self.reject("n_max", "must be a whole number")

    @property
    def ranges(self) -> dict[str, Range]:
        """Total flow [m^3/s], pumps running and speed."""
        return {"V_dot": Range(0.0, self.n_max * self.pump.V_dot_nominal, "m^3/s"), "n": Range(0.0, self.n_max), "y": Range(0.0, 1.0)}

    def pumps_needed(self, V_dot: Signal) -> Signal:
        """How many pumps should run for the total flow ``V_dot`` [m^3/s], equation (3)."""
        n: Signal = 1.0
        for k in range(1, int(self.n_max)):
            excess = V_dot / (k * self.stage_share * self.pump.V_dot_nominal) - 1.0
            n = n + ops.smooth_step(excess / self.band + 0.5)
        return n

    def speed(self, V_dot: Signal, n: Signal, dp: Signal) -> Signal:
        """Speed ratio at which ``n`` pumps give the total flow against ``dp`` [Pa], equation (2); above one when they cannot."""
        V_each = V_dot / ops.blended_max(n, PUMPS_SMALL, PUMPS_SMALL)
        square = (dp + self.pump.a * V_each * V_each) / self.pump.H0
        return ops.sqrt(ops.smooth_max(square, 0.0, 1e-9))

    def flow(self, n: Signal, y: Signal, C: Signal, dp_static: Signal) -> Signal:
        """Total flow [m^3/s] of ``n`` pumps at speed ``y`` in a circuit of coefficient ``C`` with lift ``dp_static`` [Pa]."""
        return operating_flow(self.pump, n, y, C, dp_static)

    def operate(self, V_dot: Signal, n: Signal, y: Signal) -> GroupState:
        """Head and powers of ``n`` pumps at speed ``y`` sharing the total flow ``V_dot`` [m^3/s]."""
        V_each = V_dot / ops.blended_max(n, PUMPS_SMALL, PUMPS_SMALL)
        dp = self.pump.dp(V_each, y)
        return GroupState(V_dot, V_each, dp, V_dot * dp, n * self.pump.P_shaft(V_each, y), n * self.pump.P_el(V_each, y))
