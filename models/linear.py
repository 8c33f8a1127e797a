"""The plant as a linear model around one point, for control design and estimators.

States and inputs are the plant's own; the outputs are what a controller of this plant is about::

    dx/dt = A (x - x0) + B (u - u0) + E (d - d0) + f(x0, u0, d0)                                                  (1)
    y - y0 = C (x - x0) + D (u - u0) + F (d - d0)                                                                 (2)

with y: hottest chip and hottest rack outlet of each CDU, secondary supply (as its sensor reads it) and return of each CDU, all facility
nodes, the lagged sensors of the facility side [K], and the total cooling power [W]. At a steady state ``f`` is zero and (1), (2) are the
usual ``A, B, C, D`` in deviations. All derivatives are exact (CasADi).

Validity: small deviations. Numbers of machines (``n_cells``, ``n_chillers``, ...) are inputs like the others and are differentiated as if
they were continuous. The hottest rack of a CDU is the one that is hottest at the point; if another one takes over, the row no longer holds.
Of racks that are equally hot the first one is taken.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from lowlift.models.signals import Role, SignalInfo, SignalVector

if TYPE_CHECKING:
    import pandas as pd

    from lowlift.models.liquid_hall import LiquidHall


@dataclasses.dataclass(frozen=True)
class LinearModel:
    """``dx/dt = A x + B u + E d``, ``y = C x + D u + F d`` in deviations from the point, as labelled tables.

    Rows and columns carry the names of the signals; :attr:`units` has the unit of every output. NumPy arrays for python-control::

        control.ss(linear.A.to_numpy(), linear.B.to_numpy(), linear.C.to_numpy(), linear.D.to_numpy(),
                   states=list(linear.A.index), inputs=list(linear.B.columns), outputs=list(linear.C.index))
    """

    A: "pd.DataFrame"
    """States by states [1/s]."""
    B: "pd.DataFrame"
    """States by actuators [K/s per unit of the actuator]."""
    C: "pd.DataFrame"
    """Outputs by states."""
    D: "pd.DataFrame"
    """Outputs by actuators."""
    E: "pd.DataFrame"
    """States by disturbances [K/s per unit of the disturbance]."""
    F: "pd.DataFrame"
    """Outputs by disturbances."""
    y: "pd.Series[float]"
    """Outputs at the point."""
    units: "pd.Series[str]"
    """Unit of each output."""


def output_table(plant: "LiquidHall") -> SignalVector:
    """The outputs of a linear model, in order."""
    n = plant.site.n_cdu

    def output(name: str, doc: str, size: int = 1, per: str = "plant", unit: str = "K") -> SignalInfo:
        return SignalInfo(name=name, role=Role.OUTPUT, unit=unit, doc=doc, size=size, per=per)

    return SignalVector(
        [
            output("T_chip", "hottest chip of a CDU", n, "cdu"),
            output("T_return_hot", "hottest rack outlet of a CDU", n, "cdu"),
            output("T_supply", "secondary supply, as its sensor reads it", n, "cdu"),
            output("T_return", "secondary return", n, "cdu"),
            *(output(name, "facility node") for name in plant.facility.nodes),
            *(output(name, "sensor reading") for name in plant.sensor_nodes),
            output("P_cooling", "total cooling power", unit="W"),
        ]
    )


def linearize(plant: "LiquidHall", x: np.ndarray, u: np.ndarray, d: np.ndarray) -> LinearModel:
    """The linear model at one point; see :meth:`lowlift.models.LiquidHall.linearize`."""
    import pandas as pd

    point = [np.asarray(v, dtype=float).reshape(-1) for v in (x, u, d)]
    A, B, E = (_dense(v) for v in plant.rhs_function(*point)[1:])
    power, P_x, P_u, P_d = (_dense(v) for v in _power_function(plant)(*point))
    picked = _picked(plant, point[0])
    outputs = output_table(plant)
    C = np.zeros((outputs.size, plant.states.size))
    C[np.arange(outputs.size - 1), picked] = 1.0
    C[-1] = P_x
    D, F = np.zeros((outputs.size, plant.actuators.size)), np.zeros((outputs.size, plant.disturbances.size))
    D[-1], F[-1] = P_u, P_d
    rows, states = outputs.names, plant.states.names
    inputs, outside = plant.actuators.names, plant.disturbances.names
    units = [s.unit for s in outputs.signals for _ in range(s.size)]
    return LinearModel(
        A=pd.DataFrame(A, states, states), B=pd.DataFrame(B, states, inputs), C=pd.DataFrame(C, rows, states),
        D=pd.DataFrame(D, rows, inputs), E=pd.DataFrame(E, states, outside), F=pd.DataFrame(F, rows, outside),
        y=pd.Series(np.append(point[0][picked], power), rows), units=pd.Series(units, rows),
    )  # fmt: skip


def linearize_outputs(
    plant: Any, outputs: SignalVector, equations: Callable[[Any, Any, Any], Any], x: np.ndarray, u: np.ndarray, d: np.ndarray
) -> LinearModel:
    """The linear model of any plant written with ``thermal.ops``, for outputs ``equations(x, u, d)`` in the order of ``outputs``."""
    import pandas as pd

    point = [np.asarray(v, dtype=float).reshape(-1) for v in (x, u, d)]
    A, B, E, y, C, D, F = (_dense(v) for v in _derivatives(plant, equations)(*point))
    rows, states, inputs, outside = outputs.names, plant.states.names, plant.actuators.names, plant.disturbances.names
    units = [s.unit for s in outputs.signals for _ in range(s.size)]
    return LinearModel(
        A=pd.DataFrame(A, states, states), B=pd.DataFrame(B, states, inputs), C=pd.DataFrame(C, rows, states),
        D=pd.DataFrame(D, rows, inputs), E=pd.DataFrame(E, states, outside), F=pd.DataFrame(F, rows, outside),
        y=pd.Series(y.reshape(-1), rows), units=pd.Series(units, rows),
    )  # fmt: skip


@functools.lru_cache(maxsize=16)
def _derivatives(plant: Any, equations: Callable[[Any, Any, Any], Any]) -> Any:
    """``(x, u, d) -> A, B, E, y, C, D, F`` as one CasADi function."""
    import casadi as ca

    at = [ca.SX.sym(k, v.size) for k, v in (("x", plant.states), ("u", plant.actuators), ("d", plant.disturbances))]
    dx, y = plant.derivatives(*at), equations(*at)
    return ca.Function("linear", at, [*(ca.jacobian(dx, v) for v in at), y, *(ca.jacobian(y, v) for v in at)], {"cse": True})


def _picked(plant: "LiquidHall", x: np.ndarray) -> np.ndarray:
    """For each temperature output the state that it is, at the point."""
    s, at = plant.site, plant.states.slices
    cdus = range(s.n_cdu)

    def hottest(name: str) -> list[int]:
        racks = np.arange(s.n_racks)
        return [int(at[name].start + max(racks[s.cdu_of_rack == j], key=lambda k: x[at[name]][k])) for j in cdus]

    single = [at[name].start for name in (*plant.facility.nodes, *plant.sensor_nodes)]
    readings = [at[name].start + j for name in ("T_supply_sensor", "T_return") for j in cdus]
    return np.array([*hottest("T_chip"), *hottest("T_cool"), *readings, *single])


@functools.lru_cache(maxsize=16)
def _power_function(plant: "LiquidHall") -> Any:
    """Total cooling power [W] and its gradients, as a CasADi function of ``x, u, d``."""
    import casadi as ca

    x, u, d = (ca.SX.sym(k, v.size) for k, v in (("x", plant.states), ("u", plant.actuators), ("d", plant.disturbances)))
    power = plant.powers(plant.flows(u), d, plant.fluxes(x, u, d).P_chiller).cooling
    gradients = [ca.jacobian(power, v) for v in (x, u, d)]
    return ca.Function("cooling", [x, u, d], [power, *gradients], {"cse": True})


def _dense(value: Any) -> np.ndarray:
    return np.asarray(value.full() if hasattr(value, "full") else value)
