"""What a plant is to everything above it: the one protocol that the closed loop, key figures, reports and schedules work with.

A plant is a dynamic system ``dx/dt = f(x, u, d)`` with four signal tables of its own vectors (states, actuators, disturbances) and of what
people and controllers see of it (readings and setpoints). Everything else that differs between plants is data, on the plant's sheet
(:mod:`lowlift.models.sheet`), which its site record carries, so that a finished run can be read without the plant.

Readings that every plant has: ``T_wb``, ``T_db``, ``p`` outdoors, and its loads under the names ``q_cdu``, ``q_rack`` (liquid heat of each
CDU and of the hottest rack of each) and ``q_air`` (heat to air); a plant without CDUs leaves the first two out. Forecasts are made of
these.

How to add a plant: ``docs/decisions/0007-plants.md``.
"""

import dataclasses
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from lowlift.models.sheet import PlantSheet
from lowlift.models.signals import SignalVector
from lowlift.thermal.ops import Signal

if TYPE_CHECKING:
    from lowlift.models.linear import LinearModel

LOADS = ("q_cdu", "q_rack", "q_air")
"""Readings of which forecasts of the load are made."""
WEATHER = ("T_wb", "T_db")
"""Readings of which forecasts of the weather are made."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Conditions:
    """What a scenario brings, on its grid of ``n`` steps: heat of the IT equipment and weather."""

    q_liquid: np.ndarray
    """Heat of each rack to liquid [W], shape (n, r)."""
    q_air: np.ndarray
    """Heat of all racks to air [W], shape (n,); without that of fans that follow the air, where the plant has such."""
    T_wb: np.ndarray
    """Wet bulb [K], shape (n,)."""
    T_db: np.ndarray
    """Dry bulb [K], shape (n,)."""
    p: np.ndarray
    """Pressure [Pa], shape (n,)."""

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """All of them by name with ``n`` rows each, as tables of disturbances are packed: ``q_liquid`` (n, r), the others (n, 1)."""
        series = {"q_air": self.q_air, "T_wb": self.T_wb, "T_db": self.T_db, "p": self.p}
        return {"q_liquid": self.q_liquid} | {name: values[:, None] for name, values in series.items()}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Loads:
    """The loads of a scenario as the plant's meters read them; no columns where the plant has no CDUs."""

    q_cdu: np.ndarray
    """Liquid heat of each CDU [W], shape (n, n_cdu)."""
    q_rack: np.ndarray
    """Liquid heat of the hottest rack of each CDU [W], shape (n, n_cdu)."""
    q_air: np.ndarray
    """Heat to air [W], shape (n,)."""


class SiteRecord(Protocol):
    """What everything above needs of the record of a site; each kind of plant adds its components. A frozen dataclass."""

    @property
    def kind(self) -> str:
        """Kind of plant, a key of :data:`lowlift.models.kinds.KINDS`."""

    @property
    def name(self) -> str:
        """Name of the site."""

    @property
    def title(self) -> str:
        """What it is called."""

    @property
    def weather(self) -> str:
        """Its own weather, a name of the catalogue or a file."""

    @property
    def workload(self) -> str:
        """Its own load."""

    @property
    def p(self) -> float:
        """Atmospheric pressure [Pa], where the weather has none."""

    @property
    def T_wb_design(self) -> float:
        """Wet bulb of the design day [K]."""

    @property
    def T_db_design(self) -> float:
        """Dry bulb of the design day [K]."""

    @property
    def n_racks(self) -> int:
        """Racks."""

    @property
    def rack_power(self) -> float:
        """Rated power of one [W]."""

    @property
    def liquid_share(self) -> float:
        """Share of it that goes to liquid."""

    @property
    def P_it_nominal(self) -> float:
        """Rated IT power [W]."""

    @property
    def sheet(self) -> PlantSheet:
        """The plant's data for all who read runs."""


class Stepper(Protocol):
    """An integrator of one plant with its step length: second order, L-stable, conserving to rounding."""

    def step(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """States after the step (b, nx) and step means of the plant's own fluxes (b, nf); ``u`` (b, nu) and ``d`` (b, nd) are held."""


class Vectors(Protocol):
    """The site of a plant and the tables of its own vectors."""

    @property
    def site(self) -> Any:
        """Its data sheet, a :class:`SiteRecord`."""

    @property
    def states(self) -> SignalVector:
        """Table of ``x``."""

    @property
    def actuators(self) -> SignalVector:
        """Table of ``u``, with physical ranges and stroke or ramp rates."""

    @property
    def disturbances(self) -> SignalVector:
        """Table of ``d``."""


class Plant(Vectors, Protocol):
    """A plant as a dynamic system; arrays carry a leading batch axis."""

    def __hash__(self) -> int:
        """By identity: what is traced from a plant is kept for it."""

    # -- physics --------------------------------------------------------------------------------------------------

    def derivatives(self, x: Signal, u: Signal, d: Signal) -> Signal:
        """``f(x, u, d)``, in NumPy and CasADi."""

    def stored_heat(self, x: Signal) -> Signal:
        """Heat held by all lumps [J], relative to a reference of the plant's own."""

    def integrator(self, h: float) -> Stepper:
        """The plant's integrator for steps of ``h`` seconds."""

    def steady(self, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """States at rest for held inputs.

        Raises:
            SteadyStateError: none was found.
        """

    def linearize(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> "LinearModel":
        """The linear model around one point."""

    # -- what runs record -----------------------------------------------------------------------------------------

    def flows(self, u: Any) -> Any:
        """Whatever depends on the actuators alone: found once a step, handed to :meth:`measure` and :meth:`ledger`."""

    def flux_vector(self, x: Signal, u: Signal, d: Signal) -> Signal:
        """The fluxes of :meth:`Stepper.step` at one instant (b, nf), for the first readings of a run; in NumPy and CasADi."""

    def measure(self, x: Signal, u: Signal, d: Signal, fluxes: Signal, own: Signal, flows: Any) -> dict[str, Any]:
        """Readings by name, each (b, n), as the sheet lists them; in NumPy and CasADi.

        Args:
            x: states.
            u: actuators.
            d: disturbances.
            fluxes: of the last step.
            own: what the regulatory layer reports of itself, (b, k) as :meth:`lowlift.controllers.operation.Regulator.act` returns it.
            flows: of ``u``.
        """

    def ledger(self, x: Signal, d: Signal, fluxes: Signal, flows: Any) -> dict[str, Any]:
        """Every column of :attr:`PlantSheet.units` for one step, each (b, 1): step means, and what is stored at its end in ``x``.

        In NumPy and CasADi.
        """

    # -- what scenarios and checks need ---------------------------------------------------------------------------

    def disturbances_from(self, conditions: Conditions) -> np.ndarray:
        """Packed disturbances, shape (n, nd)."""

    def loads(self, conditions: Conditions) -> Loads:
        """What the load meters will read: perfect forecasts are made of it."""

    def initial_actuators(self) -> np.ndarray:
        """Actuators (nu,) of the steady state in which every run begins."""

    def margins(self, share: float) -> dict[str, float]:
        """Distance of each temperature to its limit [K] at a share of the rated load on the design day, all equipment at full capacity."""

    def extrapolated(self, share: float) -> list[str]:
        """Declared ranges of components (:attr:`lowlift.thermal.Component.ranges`) that are left there, in words; empty inside all."""


class SteadyStateError(RuntimeError):
    """The plant has no steady state at these inputs, or none was found."""
