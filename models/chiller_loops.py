r"""The chilled-water plant as a dynamic system: the parts of :mod:`lowlift.models.chiller_plant` between four volumes of water.

Flow diagram (temperatures in brackets are states)::

      +--> [chw] --> load --> [return] --> pump --+
      |                                           |
      +--------------- chiller <------------------+
      +--> (condenser) ---> pump ---> [cw_return] ---> tower --+
      |                                                        |
      +---------------------- [cw] <---------------------------+

Equations
    Each volume is half of its loop and well mixed; ``C = M c``::

        C dT_chw/dt = m c (T_out - T_chw),     C dT_return/dt = m c (T_chw - T_return) + Q_it                   (1)
        C dT_cw/dt = m c (T_tower - T_cw),     C dT_cw_return/dt = m c (T_cw - T_cw_return) + Q + P + W_pump    (2)
        T_out, Q, P of the chiller for water entering at T_return + W_pump / (m c), its setpoint and T_cw       (3)
        T_tower of the tower for water at T_cw_return, its setpoint and the wet bulb                            (4)

    At rest they are the hourly relations of :mod:`lowlift.models.chiller_plant` with a balanced condenser loop
    (:func:`lowlift.models.plant_year.at_rest`).

Assumptions
    1. The capacity control of the chiller and the fan control of the tower are at rest at every instant: water volumes are slower
    (half a minute) than guide vanes, and the ramps of the setpoints than fans. 2. Condenser water flows constantly. 3. The chiller's curves
    do not depend on chilled-water flow. 4. Motor losses of pumps and fans leave with the room's air. 5. Make-up holds the basin's level at
    the basin's temperature.
"""

import dataclasses
from typing import Any

import numpy as np

from lowlift.models import chiller_tables as tables
from lowlift.models.chiller_site import ChillerSite
from lowlift.models.implicit import ImplicitStepper
from lowlift.models.linear import LinearModel, linearize_outputs
from lowlift.models.plant import Conditions, Loads, SteadyStateError, Stepper
from lowlift.models.plant_year import at_rest
from lowlift.models.sheet import STORED
from lowlift.models.signals import Role, SignalInfo, SignalVector, columns
from lowlift.thermal import ops
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.chiller_eir import CP_WATER
from lowlift.thermal.fluids import WATER
from lowlift.thermal.ops import Signal
from lowlift.thermal.tower_control import MoistAir

T_REFERENCE = 283.15
"""Water at which nothing counts as stored [K]."""
SETTLING_STEP, SETTLING_STEPS = 15.0, 400
"""Length [s] and largest number of steps to rest, from the hourly relations: setpoint control has corners, which long steps do not pass."""
T_AT_REST = 1e-6
"""Movement over a step that counts as rest [K]."""


@dataclasses.dataclass(frozen=True)
class ChillerFluxes:
    """Powers, heat, water and flows of one instant, each a plant-level signal."""

    P_chillers: Signal
    P_tower_fans: Signal
    P_chw_pumps: Signal
    P_cw_pumps: Signal
    Q_chiller: Signal
    Q_pump_chw: Signal
    Q_pump_cw: Signal
    Q_tower: Signal
    evaporation: Signal
    drift: Signal
    blowdown: Signal
    V_chw: Signal
    V_cw: Signal
    y_fan: Signal

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Field names in order."""
        return tuple(f.name for f in dataclasses.fields(cls))


class ChillerLoops:
    """A site as a dynamic system ``dx/dt = f(x, u, d)``; leading axes are the batch."""

    flux_names = ChillerFluxes.names()

    def __init__(self, site: ChillerSite) -> None:
        self.site = site
        self.states = tables.state_table()
        self.actuators = tables.actuator_table(site)
        self.disturbances = tables.disturbance_table(site)
        loops = site.parts.loops
        C_chw = 0.5 * loops.volume_chw * float(WATER.rho(loops.T_flow_chw)) * CP_WATER
        C_cw = 0.5 * loops.volume_cw * float(WATER.rho(loops.T_flow_cw)) * float(WATER.cp(loops.T_flow_cw))
        self.capacities = np.array([C_chw, C_chw, C_cw, C_cw])
        """Heat capacity of each volume [J/K]."""

    # -- physics --------------------------------------------------------------------------------------------------

    def conserved(self, x: Signal) -> Signal:
        """The states themselves: heat capacities are constant."""
        return x

    def recovered(self, z: Signal) -> Signal:
        """States from conserved quantities."""
        return z

    def rates(self, x: Signal, u: Signal, d: Signal) -> tuple[Signal, Signal]:
        """``dx/dt`` [K/s], equations (1) to (4), and the fluxes in the order of :attr:`flux_names`."""
        plant = self.site.parts
        T, a, w = self.states.unpack(x), self.actuators.unpack(u), self.disturbances.unpack(d)
        T_cw, T_warm, T_set = T["T_cw"], T["T_cw_return"], a["T_tower_set"]
        m_cw = plant.m_cw
        V_chw, V_cw = a["y_chw"] * plant.pump_chw.V_dot_nominal, m_cw / WATER.rho(T_warm)
        C_chw, C_cw = a["y_chw"] * plant.m_chw * CP_WATER, m_cw * WATER.cp(T_cw)
        Q_pump_chw, Q_pump_cw = plant.pump_chw.heat(V_chw), plant.pump_cw.heat(m_cw / WATER.rho(T_cw))

        T_entering = T["T_return"] + Q_pump_chw / C_chw
        chiller = plant.chiller.cool(T_entering, a["y_chw"] * plant.m_chw, a["T_chw_set"], T_cw, m_cw)
        Q, P = a["n_chillers"] * chiller.Q_dot, a["n_chillers"] * chiller.P_el
        air = moist_air(w["T_wb"], w["T_db"], w["p"])
        T_tower = plant.leave_tower(T_warm, T_set, air.T_wb)
        Q_tower = C_cw * (T_warm - T_tower)
        net = {
            "T_chw": C_chw * (T_entering - T["T_chw"]) - Q,
            "T_return": C_chw * (T["T_chw"] - T["T_return"]) + w["q_it"],
            "T_cw": C_cw * (T_tower - T_cw),
            "T_cw_return": C_cw * (T_cw - T_warm) + Q + P + Q_pump_cw,
        }
        fan = plant.tower.fan(T_warm, T_set, air.T_wb, V_cw)
        water = plant.tower.water(Q_tower, fan.air_ratio, air, m_cw)
        fluxes = ChillerFluxes(
            P_chillers=P, P_tower_fans=fan.P_el, P_chw_pumps=plant.pump_chw.P_el(V_chw), P_cw_pumps=plant.pump_cw.P_el(V_cw),
            Q_chiller=Q, Q_pump_chw=Q_pump_chw, Q_pump_cw=Q_pump_cw, Q_tower=Q_tower, evaporation=water.evaporation, drift=water.drift,
            blowdown=water.blowdown, V_chw=V_chw, V_cw=V_cw, y_fan=fan.air_ratio,
        )  # fmt: skip
        return self.states.pack(net) / ops.constant(self.capacities, x), ops.stack([getattr(fluxes, n) for n in self.flux_names])

    def derivatives(self, x: Signal, u: Signal, d: Signal) -> Signal:
        """``dx/dt`` [K/s]."""
        return self.rates(x, u, d)[0]

    def stored_heat(self, x: Signal) -> Signal:
        """Heat of all water [J] over :data:`T_REFERENCE`."""
        return ops.sum_components(ops.constant(self.capacities, x) * (x - T_REFERENCE))

    def integrator(self, h: float) -> Stepper:
        """:class:`lowlift.models.implicit.ImplicitStepper` for steps of ``h`` seconds."""
        return ImplicitStepper(self, h)

    def steady(self, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """States at rest (b, nx) for held ``u`` (b, nu) and ``d`` (b, nd).

        Raises:
            SteadyStateError: none was found.
        """
        u, d = np.atleast_2d(u), np.atleast_2d(d)
        a, w = self.actuators.unpack(u), self.disturbances.unpack(d)
        plant = self.site.parts
        V = a["y_chw"] * plant.pump_chw.V_dot_nominal
        h = at_rest(plant, moist_air(w["T_wb"], w["T_db"], w["p"]), a["T_tower_set"], a["T_chw_set"], w["q_it"], V)
        # Where the chiller stands or is out of capacity this is a guess only.
        T_chw = a["T_chw_set"]
        T_return = T_chw + w["q_it"] / (a["y_chw"] * plant.m_chw * CP_WATER)
        guess = self.states.pack({"T_chw": T_chw, "T_return": T_return, "T_cw": h.T_cw_in, "T_cw_return": h.T_tower_in})
        x, step = np.asarray(guess), self.integrator(SETTLING_STEP)
        for _ in range(SETTLING_STEPS):
            x, before = step.step(x, u, d)[0], x
            moved = np.abs(x - before).max(axis=0)
            if moved.max() < T_AT_REST:
                return x
        worst = int(np.nanargmax(np.where(np.isfinite(moved), moved, np.inf)))
        raise SteadyStateError(f"{self.site.name}: {self.states.names[worst]} still moves by {moved[worst]:.2g} K")

    def outputs(self, x: Signal, u: Signal, d: Signal) -> Signal:
        """What a controller of this plant is about, in the order of :attr:`output_table`."""
        of = dict(zip(self.flux_names, ops.split(self.rates(x, u, d)[1], [1] * len(self.flux_names)), strict=True))
        return ops.stack([x, of["P_chillers"] + of["P_tower_fans"] + of["P_chw_pumps"] + of["P_cw_pumps"]])

    @property
    def output_table(self) -> SignalVector:
        """Outputs of the linear model."""
        rows = [(s.name, s.unit, s.doc) for s in self.states.signals] + [("P_cooling", "W", "total cooling power")]
        return SignalVector([SignalInfo(name=n, role=Role.OUTPUT, unit=unit, doc=doc) for n, unit, doc in rows])

    def linearize(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> LinearModel:
        """``A, B, C, D, E, F`` around one point, exact derivatives; outputs are those of :attr:`output_table`."""
        return linearize_outputs(self, self.output_table, self.outputs, x, u, d)

    # -- what runs record -----------------------------------------------------------------------------------------

    def flows(self, u: Any) -> None:
        """Nothing: what flows is among the fluxes."""

    def flux_vector(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Fluxes at one instant (b, nf)."""
        return self.rates(x, u, d)[1]

    def measure(
        self, x: np.ndarray, u: np.ndarray, d: np.ndarray, fluxes: np.ndarray, own: np.ndarray, flows: None
    ) -> dict[str, np.ndarray]:
        """Readings by name, each (b, 1); flows, heat and air are means over the step that has ended."""
        a, w, of = self.actuators.unpack(u), self.disturbances.unpack(d), columns(self.flux_names, fluxes)
        return self.states.unpack(x) | {
            **{name: of[name] for name in ("V_chw", "V_cw", "Q_chiller", "y_fan")}, "y_chw": a["y_chw"], "n_chillers": a["n_chillers"],
            "boost": own, "q_air": w["q_it"], "T_wb": w["T_wb"], "T_db": w["T_db"], "p": w["p"],
        }  # fmt: skip

    def ledger(self, x: np.ndarray, d: np.ndarray, fluxes: np.ndarray, flows: None) -> dict[str, np.ndarray]:
        """Powers, heat and water of one step, and what is stored at its end, each (b, 1)."""
        of, P_it = columns(self.flux_names, fluxes), self.disturbances.unpack(d)["q_it"]
        return of | {
            "P_it": P_it, "P_losses": self.site.loss_fraction * P_it, "Q_it": P_it, "W_chiller": of["P_chillers"],
            STORED: self.stored_heat(x),
        }  # fmt: skip

    # -- what scenarios and checks need ---------------------------------------------------------------------------

    def disturbances_from(self, conditions: Conditions) -> np.ndarray:
        """Packed disturbances (n, nd); heat to liquid reaches the chilled water too."""
        c = conditions
        q = c.q_air[:, None] + c.q_liquid.sum(axis=1, keepdims=True)
        return np.asarray(self.disturbances.pack({"q_it": q, "T_wb": c.T_wb[:, None], "T_db": c.T_db[:, None], "p": c.p[:, None]}))

    def loads(self, conditions: Conditions) -> Loads:
        """All heat to air, no CDUs."""
        none = np.zeros((len(conditions.q_air), 0))
        return Loads(q_cdu=none, q_rack=none, q_air=conditions.q_air + conditions.q_liquid.sum(axis=1))

    def initial_actuators(self) -> np.ndarray:
        """Chilled water in the middle of its range at full flow, condenser water at 22 C."""
        lim = self.site.limits
        values = {"T_chw_set": 0.5 * (lim.T_chw_set_min + lim.T_chw_set_max), "T_tower_set": 295.15, "y_chw": 1.0, "n_chillers": 1.0}
        return np.clip(np.asarray(self.actuators.pack(values)), self.actuators.low, self.actuators.high)

    def margins(self, share: float) -> dict[str, float]:
        """Distance of each temperature to its limit [K] at a share of the rated load on the design day, all at full capacity."""
        lim, T = self.site.limits, self._design_point(share)
        bounds = {"T_chw": ("chilled water", lim.T_chw_max), "T_return": ("chilled-water return", lim.T_return_max),
                  "T_cw": ("condenser water", lim.T_cw_max)}  # fmt: skip
        return {words: bound - float(T[name][0, 0]) for name, (words, bound) in bounds.items()}

    def extrapolated(self, share: float) -> list[str]:
        """Declared ranges that are left on the design day, in words: the chiller's curves and the tower."""
        T, chiller, tower = self._design_point(share), self.site.parts.chiller, self.site.parts.tower
        at_condenser = T["T_cw_return"] if chiller.reformulated else T["T_cw"]
        return chiller.outside(T_chw=T["T_chw"], T_c=at_condenser) + tower.outside(
            T_in=T["T_cw_return"], T_wb=np.array([self.site.T_wb_design])
        )

    def _design_point(self, share: float) -> dict[str, np.ndarray]:
        """States at a share of the rated load on the design day, everything at full capacity; each (1, 1)."""
        s, one = self.site, np.ones(1)
        u = self.actuators.pack({"T_chw_set": s.limits.T_chw_set_min, "T_tower_set": s.parts.loops.T_cw_low, "y_chw": 1.0,
                                 "n_chillers": 1.0})  # fmt: skip
        conditions = Conditions(q_liquid=np.zeros((1, s.n_racks)), q_air=share * s.P_it_nominal * one, T_wb=s.T_wb_design * one,
                                T_db=s.T_db_design * one, p=s.p * one)  # fmt: skip
        return self.states.unpack(self.steady(np.asarray(u)[None], self.disturbances_from(conditions)))


def moist_air(T_wb: Signal, T_db: Signal, p: Signal) -> MoistAir:
    """Outdoor air of given wet and dry bulb [K] and pressure [Pa]; saturated where the wet bulb is not below the dry bulb."""
    T_wb = ops.minimum(T_wb, T_db)
    w = psy.humidity_ratio_from_wet_bulb(T_db, T_wb, p)
    return MoistAir(T_wb, w, p, psy.density(T_db, w, p))
