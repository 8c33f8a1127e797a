"""The variables of a plant's FMU: one list, from the plant's own tables, that C source, description and importer read.

Value references count through it: ``time``, ``step_max``, actuators, disturbances, states, outputs. Outputs are the readings (those that
the regulatory layer reports of itself excepted) and the columns of the ledger, under ``measurements.`` and ``ledger.``.
"""

import dataclasses
import functools
import math
from typing import Any

import numpy as np

from lowlift.models.plant import Conditions, Plant
from lowlift.models.signals import Role, SignalInfo, SignalVector

STEP_MAX = 15.0
"""Longest step that the FMU makes at once [s]: that of the closed loop."""
START_SHARE = 0.8
"""Share of the rated load at which an FMU starts where nothing else is set."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Variable:
    """One scalar variable of type 64-bit real, in SI units."""

    name: str
    reference: int
    causality: str
    """As in FMI: ``independent``, ``parameter``, ``input``, ``local`` or ``output``."""
    unit: str
    doc: str
    start: float | None = None
    low: float = -math.inf
    high: float = math.inf


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outputs:
    """What the FMU of a plant puts out."""

    table: SignalVector
    """Readings and ledger columns, with prefix."""
    function: Any
    """CasADi function ``(x, u, d, fluxes) -> y``."""
    fluxes: Any
    """CasADi function ``(x, u, d) -> fluxes`` at one instant."""


def own_size(plant: Plant) -> int:
    """Numbers that the plant's regulatory layer reports of itself."""
    from lowlift.controllers.operation import regulator_of

    return int(regulator_of(plant, STEP_MAX).idle(1).shape[1])


@functools.lru_cache(maxsize=16)
def outputs_of(plant: Plant) -> Outputs:
    """Readings and ledger of a plant, traced from its own methods."""
    import casadi as ca

    x, u, d = (ca.SX.sym(k, v.size) for k, v in (("x", plant.states), ("u", plant.actuators), ("d", plant.disturbances)))
    fluxes: Any = plant.flux_vector(x, u, d)
    f, own = ca.SX.sym("f", fluxes.shape[0]), ca.SX.sym("own", own_size(plant))
    flows = plant.flows(u)
    read = plant.measure(x, u, d, f, own, flows)
    kept = {s.name: ca.SX(read[s.name]) for s in plant.site.sheet.measurements.signals if not ca.depends_on(ca.SX(read[s.name]), own)}
    infos = [dataclasses.replace(s, name=f"measurements.{s.name}") for s in plant.site.sheet.measurements.signals if s.name in kept]
    units, ledger = plant.site.sheet.units, plant.ledger(x, d, f, flows)
    infos += [SignalInfo(name=f"ledger.{name}", role=Role.OUTPUT, unit=unit, doc=_ledger_doc(plant, name)) for name, unit in units.items()]
    y = ca.vertcat(*(ca.densify(v) for v in kept.values()), *(ca.densify(ca.SX(ledger[name])) for name in units))
    return Outputs(
        table=SignalVector(infos), function=ca.Function("plant_outputs", [x, u, d, f], [y], {"cse": True}),
        fluxes=ca.Function("plant_fluxes", [x, u, d], [ca.densify(fluxes)], {"cse": True}),
    )  # fmt: skip


def _ledger_doc(plant: Plant, name: str) -> str:
    sheet = plant.site.sheet
    for use in sheet.end_uses:
        if use.column == name:
            return f"electric power of {use.words}, mean over the step"
    balances = [sheet.energy] + ([sheet.moisture] if sheet.moisture is not None else [])
    for balance in balances:
        if name == balance.stored:
            return "held at the end of the step"
        for flow in balance.flows:
            if flow.name == name:
                return f"{flow.doc or 'flow of the balance'}, mean over the step"
    return ("make-up water, mean over the step") if name in sheet.waters else "mean over the step"


def start_point(plant: Plant) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States at rest (nx,), initial actuators (nu,) and the disturbances (nd,) of :data:`START_SHARE` on the design day.

    Raises:
        SteadyStateError: the plant has no rest there.
    """
    s = plant.site
    one = np.ones(1)
    liquid, air = START_SHARE * s.rack_power * s.liquid_share, START_SHARE * s.P_it_nominal * (1.0 - s.liquid_share)
    d = plant.disturbances_from(
        Conditions(q_liquid=np.full((1, s.n_racks), liquid), q_air=air * one, T_wb=s.T_wb_design * one, T_db=s.T_db_design * one,
                   p=s.p * one)
    )  # fmt: skip
    u = plant.initial_actuators()
    return plant.steady(u[None], d)[0], u, d[0]


@functools.lru_cache(maxsize=16)
def layout(plant: Plant) -> tuple[Variable, ...]:
    """All variables, in the order of their value references."""
    x, u, d = start_point(plant)
    found = [
        Variable(name="time", reference=0, causality="independent", unit="s", doc="simulation time"),
        Variable(name="step_max", reference=1, causality="parameter", unit="s", start=STEP_MAX, low=0.0,
                 doc="longest step made at once; communication steps are cut into equal ones of at most this length"),
    ]  # fmt: skip
    parts: list[tuple[str, str, SignalVector, np.ndarray | None]] = [
        ("actuators.", "input", plant.actuators, u), ("disturbances.", "input", plant.disturbances, d),
        ("states.", "local", plant.states, x), ("", "output", outputs_of(plant).table, None),
    ]  # fmt: skip
    for prefix, causality, table, start in parts:
        for signal, part in zip(table.signals, table.slices.values(), strict=True):
            for k, name in enumerate(signal.components()):
                value = None if start is None else float(start[part.start + k])
                found.append(Variable(name=prefix + name, reference=len(found), causality=causality, unit=signal.unit, doc=signal.doc,
                                      start=value, low=signal.low, high=signal.high))  # fmt: skip
    return tuple(found)
