"""An air hall at rest, for many choices of its actuators at once: what a search over setpoints evaluates.

The plant's own equations, solved for rest in two unknowns instead of all states: nothing moves, so the humidity is one and the same
everywhere, rows are steady, and supply temperature and humidity must come back as they went round::

    T_supply = T(treat(return air of (T_supply, w))),   w = w(same)                                       (1)

Newton's method with exact derivatives, a fixed number of steps of bounded length, compiled once. Choices without a state of rest (no
cooling) do not converge and say so.
"""

import dataclasses
import functools
from typing import Any

import numpy as np

from lowlift.models.air_equations import T_FLOW, W_FLOW
from lowlift.models.air_hall import AirHall
from lowlift.thermal import ops
from lowlift.thermal import psychrometrics as psy

CHOSEN = ("y_damper", "y_iec", "v_spray", "v_pad", "n_dx", "y_dx")
"""Actuators of a choice, in order; the fan speed holds the pressure between the aisles."""
NEWTON_STEPS = {False: 8, True: 4}
"""Newton steps, by whether they start near the result."""
INLET_STEPS = 5
"""Substitutions of the inlet, on which fans depend weakly."""
CONVERGED = 1e-5
"""Residual of (1) up to which a state counts as one of rest [K]; a kilogram of water a kilogram of air weighs 2500 K."""
WATER_WEIGHT = 2500.0
REACH_T, REACH_W = 8.0, 4e-3
"""Longest Newton step [K, kg/kg]."""


@dataclasses.dataclass(frozen=True)
class AirRest:
    """States of rest, arrays (b,)."""

    T_supply: np.ndarray
    T_inlet: np.ndarray
    T_dew: np.ndarray
    """Dew point of the hall [K]."""
    y_fan: np.ndarray
    P_facility: np.ndarray
    """[W]."""
    w: np.ndarray
    """Humidity ratio of the hall [kg/kg]."""
    residual: np.ndarray
    """Of equation (1) [K]."""

    def pick(self, k: int) -> "AirRest":
        """The state of one choice, arrays (1,)."""
        return AirRest(*(getattr(self, f.name)[k : k + 1] for f in dataclasses.fields(self)))

    @property
    def converged(self) -> np.ndarray:
        """Whether (1) holds, (b,)."""
        result: np.ndarray = self.residual < CONVERGED
        return result


def at_rest(plant: AirHall, choices: np.ndarray, dp: float, weather: np.ndarray, near: AirRest | None = None) -> AirRest:
    """Rest for a batch of choices under one load and weather.

    Args:
        plant: the plant.
        choices: actuators in the order of :data:`CHOSEN`, (b, 6).
        dp: pressure of the cold over the hot aisle [Pa].
        weather: disturbances (nd,).
        near: rest of a choice near all of them, (1,); it saves half the work.
    """
    guess = np.zeros(2) if near is None else np.array([near.T_supply[0], near.w[0]])
    rows = np.asarray(rest_function(plant, near is not None)(np.asarray(choices).T, guess, dp, weather))
    return AirRest(*rows)


@functools.lru_cache(maxsize=16)
def rest_function(plant: AirHall, guessed: bool) -> Any:
    """``(choice, guess, dp, d) -> AirRest`` in the order of its fields, as a CasADi function; columns are a batch."""
    import casadi as ca

    choice, dp, d = (ca.SX.sym(k, n) for k, n in (("choice", len(CHOSEN)), ("dp", 1), ("d", plant.disturbances.size)))
    a = dict(zip(CHOSEN, ca.vertsplit(choice), strict=True))
    weather = plant.disturbances.unpack(d)
    at = ca.SX.sym("at", 2)
    T_next, w_next, shown = _once(plant, at[0], at[1], a, dp, weather)
    miss = ca.vertcat(T_next - at[0], w_next - at[1])
    f = ca.Function("once", [at, choice, dp, d], [miss, ca.jacobian(miss, at), ca.vertcat(*shown)], {"cse": True})
    w_out = psy.humidity_ratio_from_wet_bulb(weather["T_db"], ops.minimum(weather["T_wb"], weather["T_db"]), weather["p"])
    guess = ca.SX.sym("guess", 2)
    point: Any = guess if guessed else ca.vertcat(296.15, ca.fmax(w_out, 5e-4))
    for _ in range(NEWTON_STEPS[guessed]):
        e, J, _ = f(point, choice, dp, d)
        determinant = J[0, 0] * J[1, 1] - J[0, 1] * J[1, 0]
        step_T = (e[0] * J[1, 1] - e[1] * J[0, 1]) / determinant
        step_w = (e[1] * J[0, 0] - e[0] * J[1, 0]) / determinant
        point = ca.vertcat(ops.clip(point[0] - ops.clip(step_T, -REACH_T, REACH_T), 253.15, 343.15),
                           ops.clip(point[1] - ops.clip(step_w, -REACH_W, REACH_W), 1e-5, 0.06))  # fmt: skip
    e, _, found = f(point, choice, dp, d)
    residual = ca.fabs(e[0]) + WATER_WEIGHT * ca.fabs(e[1])
    return ca.Function("rest", [choice, guess, dp, d], [ca.vertcat(point[0], found, point[1], residual)], {"cse": True})


def _once(
    plant: AirHall, T_supply: Any, w: Any, a: dict[str, Any], dp: Any, d: dict[str, Any]
) -> tuple[Any, Any, tuple[Any, Any, Any, Any]]:  # fmt: skip
    """Once round the hall: supply temperature and humidity that come back; inlet, dew point, fan speed and facility power."""
    s, equations = plant.site, plant.equations
    rho = 1.0 / psy.specific_volume(T_FLOW, W_FLOW, d["p"])
    h = psy.enthalpy(T_supply, w)
    T_cold = T_supply
    for _ in range(INLET_STEPS):
        rows = equations.rows(T_cold, w, d["q_row"], rho)
        m_servers = ops.sum_components(rows.m)
        y_fan = ops.minimum((m_servers + s.C_leak * ops.sqrt(dp)) / (rho * s.V_supply), 1.0)
        m = rho * s.V_supply * y_fan
        flows = s.aisles.flows(m, m_servers)
        IT = ops.sum_components(d["q_row"] + rows.P_fan + rows.P_psu)
        chain = s.chain.supply(IT)
        h_hot = h + (ops.sum_components(rows.Q_air) + chain.pdu.P_loss) / flows.through
        T_cold = psy.temperature_from_enthalpy(h + flows.recirculation * (h_hot - h), w)
    air = equations.treat(h_hot + flows.bypass * (h - h_hot), w, m, rho, a, d)
    P_fans = s.fan.P_el(y_fan)
    P = IT + chain.total.P_loss + P_fans + air.P_dx + s.pad.P_el(a["v_pad"]) + equations.P_indirect(a)
    T_next = psy.temperature_from_enthalpy(air.h + P_fans / m, air.w)
    return T_next, air.w, (T_cold, psy.dew_point(ops.maximum(w, 1e-6), d["p"]), y_fan, P)
