"""Somebody else's plant behind our protocol: an FMU for co-simulation as a :class:`lowlift.models.plant.Plant`.

An FMU that takes the place of a site's plant (``site``) is run by the same closed loop, regulatory layer, safety envelope and controllers;
controllers that predict do so with the site's own model, :attr:`FmuPlant.model`. An FMU that stands for itself is stepped and read.

The state ``x`` is what is seen of the FMU: its time, mapped states, and outputs. A step goes on from the instance that stands at ``x``; where
none does, one is brought there: by setting all states before it starts (our own FMUs, or ``restart = "states"``), else by repeating the way
by which :meth:`FmuPlant.steady` or :meth:`FmuPlant.begin` came to ``x``. Each plant of a batch has an instance of its own.

>>> from lowlift.hil.fmu_plant import FmuPlant
>>> plant = FmuPlant("gb200_hall.fmu", site="gb200_hall")  # doctest: +SKIP
"""

import dataclasses
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lowlift.hil.fmu_errors import FmuFileError, FmuMappingError, FmuStateError
from lowlift.hil.fmu_file import FmuFile
from lowlift.hil.fmu_layout import outputs_of
from lowlift.hil.fmu_mapping import FmuMapping, read_mapping
from lowlift.hil.fmu_site import site_of
from lowlift.hil.fmu_slave import Access, Slave
from lowlift.hil.fmu_wiring import Inputs, Outputs, Wiring
from lowlift.models.plant import Conditions, Loads, Plant, SteadyStateError, Stepper
from lowlift.models.signals import Role, SignalInfo, SignalVector
from lowlift.thermal.ops import Signal

if TYPE_CHECKING:
    from lowlift.models.linear import LinearModel

STEP = 15.0
"""Step on the way to rest where the FMU names none [s]."""
SETTLE_WINDOW, SETTLE_LIMIT = 600.0, 10 * 86400.0
"""Over this time nothing may move at rest, and after that one gives up [s]."""
SETTLE_TOLERANCE = 1e-8
"""Largest movement over the window that counts as rest, relative to the value, to 1e-3 at least."""
MOST_INSTANCES = 64
TIME = SignalInfo(name="time", role=Role.STATE, unit="s", doc="time of the FMU")


@dataclasses.dataclass
class _Running:
    slave: Slave
    key: bytes
    """The state at which it stands."""


@dataclasses.dataclass(frozen=True)
class _Way:
    """How a state was come to: inputs held from the start of an instance, and whether until rest."""

    u: np.ndarray
    d: np.ndarray
    to_rest: bool


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
        if self.model is None:
            self.site, m = site_of(self.file, m)
            self.actuators, self.disturbances = SignalVector(self.site.actuators), SignalVector(self.site.disturbances)
            measurements, ledger, own = self.site.sheet.measurements, SignalVector([]), []
        else:
            self.site, self.actuators, self.disturbances = self.model.site, self.model.actuators, self.model.disturbances
            seen = [dataclasses.replace(s, name=s.name.partition(".")[2]) for s in outputs_of(self.model).table.signals]
            columns = self.site.sheet.units
            measurements, ledger = (SignalVector([s for s in seen[: len(seen) - len(columns)]]), SignalVector(seen[len(seen) - len(columns) :]))
            own = [s.name for s in self.site.sheet.measurements.signals if s.name not in measurements]
        self._own: list[str] = own
        self._outputs_table = {"measurements": measurements, "ledger": ledger}
        self._wire(m)
        self._running: OrderedDict[int, _Running] = OrderedDict()
        self._ways: dict[bytes, _Way] = {}
        self._count = 0

    def _wire(self, m: FmuMapping) -> None:
        wiring = Wiring(self.file, m)
        tables = {"actuators": self.actuators, "disturbances": self.disturbances}
        states = self._states_of(m)
        for section, table in {**tables, "states": states, **self._outputs_table}.items():
            wiring.known(section, table)
        self._inputs: Inputs = wiring.inputs(tables)
        self._states: Outputs = wiring.outputs([("states", states)])
        self._outputs: Outputs = wiring.outputs(list(self._outputs_table.items()))
        wiring.check()
        self._restart = m.restart or ("states" if self.model is not None and states.size == self.model.states.size and not m.sections["states"]
                                      else "history")  # fmt: skip
        if self._restart == "states" and not states.size:
            raise FmuMappingError(f'{m.name}: restart = "states" needs the FMU\'s states under [states]')
        parameters = [self.file.variable(name, ("parameter", "structuralParameter"), f"{m.name}: parameters") for name in m.parameters]
        self._parameters = (Access(parameters, self.file.fmi), np.array([float(v) for v in m.parameters.values()]))
        stated = self.file.description.defaultExperiment
        step = m.settle_step or (float(stated.stepSize) if stated is not None and stated.stepSize is not None else STEP)
        self._settle_step = step
        prefixed = [dataclasses.replace(s, name=f"{section}.{s.name}", role=Role.STATE)
                    for section, table in {"states": states, **self._outputs_table}.items() for s in table.signals]  # fmt: skip
        self.states = SignalVector([TIME, *prefixed])
        """Time, states and outputs of the FMU."""
        self._edge = 1 + states.size
        self._modelled = np.flatnonzero(self._outputs.modelled)
        self._check_modelled(m)

    def _states_of(self, m: FmuMapping) -> SignalVector:
        """Those of the site that the FMU has under our names, all or none; else those that the mapping names."""
        if self.model is not None:
            names = {f"states.{name}" for name in self.model.states.names}
            if not m.sections["states"] and names <= set(self.file.variables):
                return self.model.states
            return SignalVector([s for s in self.model.states.signals if s.name in m.sections["states"]])
        return SignalVector([SignalInfo(name=name, role=Role.STATE, unit="1", doc="state of the FMU") for name in m.sections["states"]])

    def _check_modelled(self, m: FmuMapping) -> None:
        if not len(self._modelled):
            return
        if self.model is None:
            raise FmuMappingError(f"{m.name}: model = true needs a site")
        lacking = self._modelled[~np.isfinite(self._from_model(self.model.actuators.high, np.ones(self.model.disturbances.size)))]
        names = self.states.names[self._edge :]
        if len(lacking):
            raise FmuMappingError(f"{m.name}: {', '.join(names[k] for k in lacking[:5])}: follows from states too; model = true is not enough")

    def _from_model(self, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Modelled outputs, from actuators and disturbances alone: whatever needs a state comes out as nan."""
        assert self.model is not None  # noqa: S101 - checked when wired
        f = outputs_of(self.model).function
        return np.asarray(f(np.nan, u, d, np.nan)).ravel()[self._modelled]

    # -- instances ------------------------------------------------------------------------------------------------

    def _instance(self, t: float, u: np.ndarray, d: np.ndarray, states: np.ndarray | None = None) -> Slave:
        """A new instance; ``states`` in our units are set before it initialises."""
        starts = [self._parameters] if self._parameters[0].size else []
        if states is not None:
            s = self._states
            # Each state is one variable; the matrix only orders them.
            starts.append((s.access, (s.matrix.T @ (states - s.constant) - s.offset) / s.factor))
        limit = self.file.description.coSimulation.canBeInstantiatedOnlyOncePerProcess
        if limit and self._running:
            raise FmuStateError(f"{self.file.path.name}: can be instantiated only once in a process, and more than one plant is asked for")
        return Slave(self.file, t, starts, (self._inputs.access, self._inputs.values(np.concatenate([u, d]))))

    def _seen(self, slave: Slave, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """The state ``x`` (nx,) at which an instance stands."""
        x = np.empty(self.states.size)
        x[0] = slave.t
        x[1 : self._edge] = self._states.ours(slave.get(self._states.access))
        x[self._edge :] = self._outputs.ours(slave.get(self._outputs.access))
        if len(self._modelled):
            x[self._edge + self._modelled] = self._from_model(u, d)
        return x

    def _bring(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> Slave:
        """A new instance at ``x``."""
        key = x.tobytes()
        if self._restart == "states":
            return self._instance(float(x[0]), u, d, x[1 : self._edge])
        if key in self._ways:
            way = self._ways[key]
            return self._to_rest(way.u, way.d)[0] if way.to_rest else self._instance(0.0, way.u, way.d)
        raise FmuStateError(
            f"{self.file.path.name}: no instance stands at the state asked for (time {x[0]:g} s), and it can be reached neither by setting "
            'states (see restart = "states") nor by the way of steady() or begin(); an FMU goes on from where it stands'
        )

    def _advance(self, x: np.ndarray, u: np.ndarray, d: np.ndarray, h: float) -> np.ndarray:
        """All rows by one step, each in its own instance."""
        result, taken = np.empty_like(x), set[int]()
        for row in range(len(x)):
            key = x[row].tobytes()
            at = next((i for i, r in self._running.items() if i not in taken and r.key == key), None)
            if at is None:
                self._make_room(taken)
                self._count += 1
                at = self._count
                self._running[at] = _Running(self._bring(x[row], u[row], d[row]), key)
            taken.add(at)
            self._running.move_to_end(at)
            running = self._running[at]
            try:
                running.slave.set(self._inputs.access, self._inputs.values(np.concatenate([u[row], d[row]])))
                running.slave.step(h)
                result[row] = self._seen(running.slave, u[row], d[row])
            except BaseException:
                del self._running[at]
                raise
            running.key = result[row].tobytes()
        return result

    def _make_room(self, taken: set[int]) -> None:
        idle = [i for i in self._running if i not in taken]
        if len(self._running) >= MOST_INSTANCES and idle:
            self._running.pop(idle[0]).slave.close()

    def _to_rest(self, u: np.ndarray, d: np.ndarray) -> tuple[Slave, np.ndarray]:
        """A new instance run until nothing moves, and its state."""
        states = None
        if self._restart == "states" and self.model is not None and self._edge - 1 == self.model.states.size:
            states = self.model.steady(u[None], d[None])[0]
        slave, h = self._instance(0.0, u, d, states), self._settle_step
        steps = max(round(SETTLE_WINDOW / h), 1)
        x = self._seen(slave, u, d)
        while slave.t < SETTLE_LIMIT:
            for _ in range(steps):
                slave.step(h)
            before, x = x, self._seen(slave, u, d)
            moved = np.abs(x - before)[1:] / np.maximum(np.abs(x[1:]), 1e-3)
            if not (moved > SETTLE_TOLERANCE).any():
                if not np.isfinite(x).all():
                    slave.close()
                    raise SteadyStateError(f"{self.file.path.name}: {self.states.names[int(np.argmin(np.isfinite(x)))]} is not finite")
                return slave, x
        slave.close()
        worst = int(np.nanargmax(moved))
        raise SteadyStateError(f"{self.file.path.name}: after {slave.t / 86400.0:.0f} days {self.states.names[1 + worst]} still moves by "
                               f"{moved[worst]:.2g} of itself in {steps * h:g} s")  # fmt: skip

    def close(self) -> None:
        """End all instances."""
        while self._running:
            self._running.popitem()[1].slave.close()

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
        if not unit.canHandleVariableCommunicationStepSize and self._ways and h != self._settle_step:
            raise FmuFileError(f"{self.file.path.name}: h = {h:g} s: it cannot change its step, and has come to rest with {self._settle_step:g} s; "
                               f"put settle_step = {h:g} into the mapping")  # fmt: skip
        return FmuStepper(self, h)

    def steady(self, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """States (b, nx) where the FMU comes to rest with ``u`` (b, nu) and ``d`` (b, nd) held.

        Raises:
            SteadyStateError: something still moves after ten days, or is not finite; named.
            FmuCallError: the FMU failed on the way.
        """
        u, d = np.atleast_2d(u), np.atleast_2d(d)
        found = []
        for row in range(len(u)):
            slave, x = self._to_rest(u[row], d[row])
            slave.close()
            self._ways[x.tobytes()] = _Way(u[row].copy(), d[row].copy(), True)
            found.append(x)
        return np.array(found)

    def begin(self, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """States (b, nx) in which the FMU starts by itself with ``u`` (b, nu) and ``d`` (b, nd).

        Raises:
            FmuCallError: the FMU failed to initialise.
        """
        u, d = np.atleast_2d(u), np.atleast_2d(d)
        found = []
        for row in range(len(u)):
            slave = self._instance(0.0, u[row], d[row])
            x = self._seen(slave, u[row], d[row])
            slave.close()
            self._ways.setdefault(x.tobytes(), _Way(u[row].copy(), d[row].copy(), False))
            found.append(x)
        return np.array(found)

    def derivatives(self, x: Signal, u: Signal, d: Signal) -> Signal:
        """Not to be had: FMUs for co-simulation keep them."""
        raise NotImplementedError(f"{self.file.path.name}: an FMU for co-simulation gives no derivatives; see FmuPlant.model")

    def linearize(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> "LinearModel":
        """Not to be had, for the same reason."""
        raise NotImplementedError(f"{self.file.path.name}: an FMU for co-simulation cannot be linearised; see FmuPlant.model")

    def stored_heat(self, x: Signal) -> Signal:
        """Heat held, as the ledger's column says; 0 where there is no ledger."""
        from lowlift.models.sheet import STORED

        part = self.states.slices.get(f"ledger.{STORED}")
        return np.zeros((len(x), 1)) if part is None else x[..., part]

    # -- what runs record -----------------------------------------------------------------------------------------

    def flows(self, u: Any) -> None:
        """Nothing: whatever flows is the FMU's business."""

    def flux_vector(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Outputs of the FMU at ``x`` (b, nf)."""
        return np.asarray(x)[..., self._edge :]

    def _columns(self, fluxes: np.ndarray, section: str) -> dict[str, np.ndarray]:
        start = 0 if section == "measurements" else self._outputs_table["measurements"].size
        table = self._outputs_table[section]
        return dict(table.unpack(fluxes[..., start : start + table.size]))

    def measure(
        self, x: np.ndarray, u: np.ndarray, d: np.ndarray, fluxes: np.ndarray, own: np.ndarray, flows: None
    ) -> dict[str, np.ndarray]:
        """Readings by name, each (b, n), from the FMU's outputs; ``own`` is what the regulatory layer reports of itself."""
        return self._columns(fluxes, "measurements") | dict.fromkeys(self._own, own)

    def ledger(self, x: np.ndarray, d: np.ndarray, fluxes: np.ndarray, flows: None) -> dict[str, np.ndarray]:
        """Powers, heat rates and water, each (b, 1), from the FMU's outputs; empty where it stands for itself."""
        return self._columns(fluxes, "ledger")

    # -- what scenarios and checks need ---------------------------------------------------------------------------

    def _site_model(self, what: str) -> Plant:
        if self.model is None:
            raise NotImplementedError(f"{self.file.path.name}: {what} needs a site that the FMU takes the place of")
        return self.model

    @property
    def equations(self) -> Any:
        """Equations of the site's model, from which some regulatory layers take constants."""
        return getattr(self._site_model("equations"), "equations")  # noqa: B009 - not part of the protocol

    def disturbances_from(self, conditions: Conditions) -> np.ndarray:
        """Packed disturbances (n, nd), as the site packs them."""
        return self._site_model("a scenario").disturbances_from(conditions)

    def loads(self, conditions: Conditions) -> Loads:
        """What the site's load meters will read."""
        return self._site_model("a scenario").loads(conditions)

    def initial_actuators(self) -> np.ndarray:
        """Those of the site, or the start values of the FMU's inputs."""
        return self._inputs.initial[: self.actuators.size] if self.model is None else self.model.initial_actuators()

    def initial_disturbances(self) -> np.ndarray:
        """Start values of the FMU's inputs (nd,)."""
        return self._inputs.initial[self.actuators.size :]

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
        after = self.plant._advance(x, u, d, self.h)
        return after, self.plant.flux_vector(after, u, d)
