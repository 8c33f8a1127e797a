"""Somebody else's plant behind our protocol: an FMU for co-simulation as a :class:`lowlift.models.plant.Plant`.

An FMU that takes the place of a site's plant (``site``) is run by the same closed loop, regulatory layer, safety envelope and controllers;
controllers that predict do so with the site's own model, :attr:`FmuPlant.model`. An FMU that stands for itself is stepped and read.

The state ``x`` is what is seen of the FMU: its time, mapped states, and outputs. How a step is taken from it: :mod:`lowlift.hil.fmu_pool`.

>>> from lowlift.hil.fmu_plant import FmuPlant
>>> plant = FmuPlant("gb200_hall.fmu", site="gb200_hall")  # doctest: +SKIP
"""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lowlift.hil.fmu_connection import connect
from lowlift.hil.fmu_errors import FmuFileError
from lowlift.hil.fmu_file import FmuFile
from lowlift.hil.fmu_layout import outputs_of
from lowlift.hil.fmu_mapping import FmuMapping, read_mapping
from lowlift.hil.fmu_pool import Pool
from lowlift.hil.fmu_site import site_of
from lowlift.models.plant import Conditions, Loads, Plant, Stepper
from lowlift.models.sheet import STORED
from lowlift.models.signals import SignalVector
from lowlift.thermal.ops import Signal

if TYPE_CHECKING:
    from lowlift.models.linear import LinearModel


class FmuPlant:
    """An FMU as a plant.

    Args:
        path: of the FMU, FMI 2.0 or 3.0, for co-simulation.
        site: the plant that it takes the place of: a packaged site or a site file; by default that of the mapping, else none.
        mapping: where the FMU's names or units are not those of our own FMUs: a file, or what :func:`read_mapping` made of it.

    Raises:
        FmuFileError: the FMU is none that runs here, or FMPy is not installed.
        FmuMappingError: variables are missing, or have the wrong causality, type or unit; all of them are named.
        SiteError: the site is unknown.
    """

    def __init__(self, path: str | Path, *, site: str | Path | None = None, mapping: FmuMapping | str | Path | None = None) -> None:
        from lowlift.models import load

        self.file = FmuFile(path)
        m = mapping if isinstance(mapping, FmuMapping) else FmuMapping() if mapping is None else read_mapping(mapping)
        named = site if site is not None else m.site
        self.model: Plant | None = None if named is None else load(named, check=False)
        """The site's own plant, for controllers that predict and for readings that need no state; none where the FMU stands for itself."""
        self.site: Any
        self._own: list[str] = []
        if self.model is None:
            self.site, m = site_of(self.file, m)
            self.actuators, self.disturbances = SignalVector(self.site.actuators), SignalVector(self.site.disturbances)
            self._read, self._ledger = self.site.sheet.measurements, SignalVector([])
        else:
            self.site, self.actuators, self.disturbances = self.model.site, self.model.actuators, self.model.disturbances
            signals = [dataclasses.replace(s, name=s.name.partition(".")[2]) for s in outputs_of(self.model).table.signals]
            first = len(signals) - len(self.site.sheet.units)
            self._read, self._ledger = SignalVector(signals[:first]), SignalVector(signals[first:])
            self._own = [s.name for s in self.site.sheet.measurements.signals if s.name not in self._read]
        self._connection = connect(
            self.file, m, self.model, {"actuators": self.actuators, "disturbances": self.disturbances},
            {"measurements": self._read, "ledger": self._ledger},
        )  # fmt: skip
        self.states = self._connection.table
        """Time, states and outputs of the FMU."""
        self._pool = Pool(self._connection)

    @property
    def goes_back(self) -> bool:
        """Whether an instance can be brought to any state, as a snapshot wants it; otherwise it goes on from where it stands."""
        return self._connection.by_states

    def close(self) -> None:
        """End all instances."""
        self._pool.close()

    def __enter__(self) -> "FmuPlant":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # -- physics --------------------------------------------------------------------------------------------------

    def integrator(self, h: float) -> Stepper:
        """Steps of ``h`` seconds.

        Raises:
            ValueError: ``h`` is not above zero.
            FmuFileError: the FMU takes no steps of this length.
        """
        if not h > 0.0:
            raise ValueError(f"h = {h} s: must be above 0")
        unit = self.file.description.coSimulation
        fixed = unit.fixedInternalStepSize
        if fixed is not None and float(fixed) > 0.0 and abs(h / float(fixed) - round(h / float(fixed))) > 1e-9:
            raise FmuFileError(f"{self.file.path.name}: h = {h:g} s: must be a multiple of its fixed internal step, {float(fixed):g} s")
        settle = self._connection.settle_step
        if not unit.canHandleVariableCommunicationStepSize and self._pool.settled and h != settle:
            raise FmuFileError(f"{self.file.path.name}: h = {h:g} s: it cannot change its step, and has come to rest with {settle:g} s; "
                               f"put settle_step = {h:g} into the mapping")  # fmt: skip
        return FmuStepper(self, h)

    def steady(self, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """States (b, nx) where the FMU comes to rest with ``u`` (b, nu) and ``d`` (b, nd) held.

        Raises:
            SteadyStateError: something still moves after ten days, or is not finite; named.
            FmuCallError: the FMU failed on the way.
        """
        return self._pool.begin(np.atleast_2d(u), np.atleast_2d(d), to_rest=True)

    def begin(self, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """States (b, nx) in which the FMU starts by itself with ``u`` (b, nu) and ``d`` (b, nd).

        Raises:
            FmuCallError: the FMU failed to initialise.
        """
        return self._pool.begin(np.atleast_2d(u), np.atleast_2d(d), to_rest=False)

    def derivatives(self, x: Signal, u: Signal, d: Signal) -> Signal:
        """Not to be had: FMUs for co-simulation keep them."""
        raise NotImplementedError(f"{self.file.path.name}: an FMU for co-simulation gives no derivatives; see FmuPlant.model")

    def linearize(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> "LinearModel":
        """Not to be had, for the same reason."""
        raise NotImplementedError(f"{self.file.path.name}: an FMU for co-simulation cannot be linearised; see FmuPlant.model")

    def stored_heat(self, x: Signal) -> Signal:
        """Heat held, as the ledger's column says; 0 where there is no ledger."""
        part = self.states.slices.get(f"ledger.{STORED}")
        return np.zeros((len(x), 1)) if part is None else x[..., part]

    # -- what runs record -----------------------------------------------------------------------------------------

    def flows(self, u: Any) -> None:
        """Nothing: whatever flows is the FMU's business."""

    def flux_vector(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Outputs of the FMU at ``x`` (b, nf)."""
        return np.asarray(x)[..., self._connection.edge :]

    def measure(
        self, x: np.ndarray, u: np.ndarray, d: np.ndarray, fluxes: np.ndarray, own: np.ndarray, flows: None
    ) -> dict[str, np.ndarray]:
        """Readings by name, each (b, n), from the FMU's outputs; ``own`` is what the regulatory layer reports of itself."""
        return self._read.unpack(fluxes[..., : self._read.size]) | dict.fromkeys(self._own, own)

    def ledger(self, x: np.ndarray, d: np.ndarray, fluxes: np.ndarray, flows: None) -> dict[str, np.ndarray]:
        """Powers, heat rates and water, each (b, 1), from the FMU's outputs; empty where it stands for itself."""
        return self._ledger.unpack(fluxes[..., self._read.size :])

    # -- what scenarios and checks need ---------------------------------------------------------------------------

    def _site_model(self, what: str) -> Plant:
        if self.model is None:
            raise NotImplementedError(f"{self.file.path.name}: {what} needs a site that the FMU takes the place of")
        return self.model

    @property
    def equations(self) -> Any:
        """Equations of the site's model, from which some regulatory layers take constants."""
        model: Any = self._site_model("equations")
        return model.equations

    def disturbances_from(self, conditions: Conditions) -> np.ndarray:
        """Packed disturbances (n, nd), as the site packs them."""
        return self._site_model("a scenario").disturbances_from(conditions)

    def loads(self, conditions: Conditions) -> Loads:
        """What the site's load meters will read."""
        return self._site_model("a scenario").loads(conditions)

    def initial_actuators(self) -> np.ndarray:
        """Those of the site, or the start values of the FMU's inputs."""
        return self._connection.inputs.initial[: self.actuators.size] if self.model is None else self.model.initial_actuators()

    def initial_disturbances(self) -> np.ndarray:
        """Start values of the FMU's inputs (nd,)."""
        return self._connection.inputs.initial[self.actuators.size :]

    def margins(self, share: float) -> dict[str, float]:
        """Those of the site's own model: the FMU has no design check."""
        return self._site_model("a design check").margins(share)

    def extrapolated(self, share: float) -> list[str]:
        """Those of the site's own model."""
        return self._site_model("a design check").extrapolated(share)


class FmuStepper:
    """Steps an :class:`FmuPlant` by ``h`` seconds."""

    def __init__(self, plant: FmuPlant, h: float) -> None:
        self.plant, self.h = plant, h

    def step(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """States after the step (b, nx) and the FMU's outputs (b, nf); ``u`` (b, nu) and ``d`` (b, nd) are held.

        Raises:
            FmuStateError: no instance stands at ``x``, nor can one be brought there.
            FmuCallError: the FMU failed, discarded the step or ended; its words are quoted.
        """
        x, u, d = (np.atleast_2d(np.asarray(v, dtype=float)) for v in (x, u, d))
        after = self.plant._pool.advance(x, u, d, self.h)
        return after, self.plant.flux_vector(after, u, d)
