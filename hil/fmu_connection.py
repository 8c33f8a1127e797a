"""An FMU connected to the signals of a plant: how an instance starts, and what is seen of it."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from lowlift.hil.fmu_errors import FmuMappingError
from lowlift.hil.fmu_file import FmuFile
from lowlift.hil.fmu_layout import outputs_of
from lowlift.hil.fmu_mapping import FmuMapping
from lowlift.hil.fmu_slave import Access, Slave
from lowlift.hil.fmu_wiring import Inputs, Outputs, Wiring
from lowlift.models.plant import Plant
from lowlift.models.signals import Role, SignalInfo, SignalVector

STEP = 15.0
"""Step on the way to rest where neither mapping nor FMU names one [s]."""
TIME = SignalInfo(name="time", role=Role.STATE, unit="s", doc="time of the FMU")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Connection:
    """One FMU and the way between its variables and a plant's signals; :func:`connect` makes it."""

    file: FmuFile
    model: Plant | None
    """The site's own plant, for outputs that it works out."""
    inputs: Inputs
    input_names: tuple[str, ...]
    states: Outputs
    outputs: Outputs
    parameters: tuple[Access, np.ndarray]
    table: SignalVector
    """Of ``x``: time, states, outputs."""
    edge: int
    """Where outputs begin in ``x``."""
    by_states: bool
    """Whether setting all states before the start brings an instance to a state."""
    settle_step: float
    """[s]."""

    def start(self, t: float, u: np.ndarray, d: np.ndarray, states: np.ndarray | None = None) -> Slave:
        """A new instance at time ``t`` with inputs ``u`` (nu,), ``d`` (nd,); ``states`` are set before it initialises."""
        starts = [self.parameters] if self.parameters[0].size else []
        if states is not None:
            s = self.states
            # Each state is one variable: the matrix only orders them.
            starts.append((s.access, (s.matrix.dense.T @ (states - s.constant) - s.offset) / s.factor))
        return Slave(self.file, t, starts, (self.inputs.access, self._written(u, d)))

    def hold(self, slave: Slave, u: np.ndarray, d: np.ndarray) -> None:
        """Set the inputs."""
        slave.set(self.inputs.access, self._written(u, d))

    def _written(self, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        ours = np.concatenate([u, d])
        if not np.isfinite(ours).all():
            k = int(np.argmin(np.isfinite(ours)))
            raise ValueError(f"{self.input_names[k]} = {ours[k]}: must be finite")
        return self.inputs.values(ours)

    def seen(self, slave: Slave, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """The state ``x`` (nx,) at which an instance stands."""
        x = np.empty(self.table.size)
        x[0] = slave.t
        x[1 : self.edge] = self.states.ours(slave.get(self.states.access))
        x[self.edge :] = self.outputs.ours(slave.get(self.outputs.access))
        if self.outputs.modelled.any():
            x[self.edge :][self.outputs.modelled] = self.worked_out(u, d)
        return x

    def worked_out(self, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Modelled outputs, from actuators and disturbances alone: whatever needs a state comes out as nan."""
        assert self.model is not None  # noqa: S101 - connect() sees to it
        return np.asarray(outputs_of(self.model).function(np.nan, u, d, np.nan)).ravel()[self.outputs.modelled]


def connect(
    file: FmuFile, m: FmuMapping, model: Plant | None, inputs: Mapping[str, SignalVector], outputs: Mapping[str, SignalVector]
) -> Connection:
    """Connect an FMU to the tables ``actuators``, ``disturbances`` and ``measurements``, ``ledger``.

    Raises:
        FmuMappingError: variables are missing, or have the wrong causality, type or unit; all of them are named.
    """
    wiring = Wiring(file, m)
    states, ours = _states(file, m, model)
    for section, table in {**inputs, "states": states, **outputs}.items():
        wiring.known(section, table)
    wired = wiring.inputs(inputs), wiring.outputs([("states", states)]), wiring.outputs(list(outputs.items()))
    wiring.check()
    if m.restart == "states" and not states.size:
        raise FmuMappingError(f'{m.name}: restart = "states" needs the FMU\'s states under [states]')
    where = f"{m.name}: parameters"
    parameters = [file.variable(name, ("parameter", "structuralParameter"), where) for name in m.parameters]
    stated = file.description.defaultExperiment
    step = None if stated is None or stated.stepSize is None else float(stated.stepSize)
    prefixed = [
        dataclasses.replace(s, name=f"{section}.{s.name}", role=Role.STATE)
        for section, table in {"states": states, **outputs}.items()
        for s in table.signals
    ]
    made = Connection(
        file=file, model=model, inputs=wired[0], input_names=tuple(f"{k}.{n}" for k, table in inputs.items() for n in table.names),
        states=wired[1], outputs=wired[2], edge=1 + states.size,
        parameters=(Access(parameters, file.fmi), np.array([float(v) for v in m.parameters.values()])),
        table=SignalVector([TIME, *prefixed]), by_states=ours if m.restart is None else m.restart == "states",
        settle_step=m.settle_step or step or STEP,
    )  # fmt: skip
    _check_modelled(made, m)
    return made


def _states(file: FmuFile, m: FmuMapping, model: Plant | None) -> tuple[SignalVector, bool]:
    """Those of the site that the FMU has under our names, all or none; else those that the mapping names. And whether they are all."""
    named = m.sections["states"]
    if model is None:
        return SignalVector([SignalInfo(name=name, role=Role.STATE, unit="1", doc="state of the FMU") for name in named]), False
    if not named and {f"states.{name}" for name in model.states.names} <= set(file.variables):
        return model.states, True
    return SignalVector([s for s in model.states.signals if s.name in named]), False


def _check_modelled(c: Connection, m: FmuMapping) -> None:
    if not c.outputs.modelled.any():
        return
    if c.model is None:
        raise FmuMappingError(f"{m.name}: model = true needs a site")
    lacking = ~np.isfinite(c.worked_out(c.model.actuators.high, np.ones(c.model.disturbances.size)))
    names = [name for name, modelled in zip(c.table.names[c.edge :], c.outputs.modelled, strict=True) if modelled]
    if lacking.any():
        words = ", ".join([name for name, bad in zip(names, lacking, strict=True) if bad][:5])
        raise FmuMappingError(f"{m.name}: {words}: follows from states too; model = true is not enough")
