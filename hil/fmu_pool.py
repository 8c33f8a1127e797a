"""The running instances behind an FMU plant: each stands at one state, and goes on from there.

A co-simulation FMU cannot be asked for its step from any state, as our plants can: it is where it is. So a step is taken by the instance
that stands at the state asked for. Where none does, one is brought there: by setting all states before it starts, or by repeating the way
by which that state was first come to.
"""

import dataclasses
from collections import OrderedDict

import numpy as np

from lowlift.hil.fmu_connection import Connection
from lowlift.hil.fmu_errors import FmuStateError
from lowlift.hil.fmu_slave import Slave
from lowlift.models.plant import SteadyStateError

WINDOW, LIMIT = 600.0, 10 * 86400.0
"""Over this time nothing may move at rest, and after that one gives up [s]."""
TOLERANCE = 1e-8
"""Largest movement over the window that counts as rest, relative to the value, to 1e-3 at least."""
MOST = 64
"""Most instances kept where no batch needs more."""


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


class Pool:
    """The instances of one connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.settled = False
        """Whether an instance has come to rest with the step of the connection."""
        self._running: OrderedDict[int, _Running] = OrderedDict()
        self._ways: dict[bytes, _Way] = {}
        self._count = 0

    def begin(self, u: np.ndarray, d: np.ndarray, *, to_rest: bool) -> np.ndarray:
        """States (b, nx) where the FMU starts with ``u`` (b, nu) and ``d`` (b, nd), or where it comes to rest with them.

        Raises:
            SteadyStateError: something still moves after ten days, or is not finite; named.
            FmuCallError: the FMU failed.
        """
        found = []
        for one_u, one_d in zip(u, d, strict=True):
            way = _Way(one_u.copy(), one_d.copy(), to_rest)
            slave, x = self._go(way)
            slave.close()
            self._ways.setdefault(x.tobytes(), way)
            self.settled |= to_rest
            found.append(x)
        return np.array(found)

    def advance(self, x: np.ndarray, u: np.ndarray, d: np.ndarray, h: float) -> np.ndarray:
        """All rows by one step, each in an instance of its own.

        Raises:
            FmuStateError: no instance stands at a state, nor can one be brought there.
            FmuCallError: the FMU failed; its instance is gone.
        """
        result, taken = np.empty_like(x), set[int]()
        for row in range(len(x)):
            key = x[row].tobytes()
            at = next((i for i, r in self._running.items() if i not in taken and r.key == key), None)
            if at is None:
                at = self._new(x[row], u[row], d[row], taken)
            taken.add(at)
            self._running.move_to_end(at)
            running = self._running[at]
            try:
                self.connection.hold(running.slave, u[row], d[row])
                running.slave.step(h)
                result[row] = self.connection.seen(running.slave, u[row], d[row])
            except BaseException:
                self._running.pop(at).slave.close()
                raise
            running.key = result[row].tobytes()
        return result

    def close(self) -> None:
        """End all instances."""
        while self._running:
            self._running.popitem()[1].slave.close()

    def _new(self, x: np.ndarray, u: np.ndarray, d: np.ndarray, taken: set[int]) -> int:
        c = self.connection
        idle = [i for i in self._running if i not in taken]
        once = c.file.description.coSimulation.canBeInstantiatedOnlyOncePerProcess
        if once and c.by_states and idle:
            # Where it stands can be come to again.
            self._running.pop(idle.pop()).slave.close()
        if once and self._running:
            raise FmuStateError(f"{c.file.path.name}: can be instantiated only once in a process, and a second plant is asked for")
        if len(self._running) >= MOST and idle:
            self._running.pop(idle[0]).slave.close()
        key = x.tobytes()
        if c.by_states:
            slave = c.start(float(x[0]), u, d, x[1 : c.edge])
        elif key in self._ways:
            slave = self._go(self._ways[key])[0]
        else:
            raise FmuStateError(
                f"{c.file.path.name}: no instance stands at the state asked for (time {x[0]:g} s), and it can be reached neither by "
                'setting states (see restart = "states") nor by the way of steady() or begin(); an FMU goes on from where it stands'
            )
        self._count += 1
        self._running[self._count] = _Running(slave, key)
        return self._count

    def _go(self, way: _Way) -> tuple[Slave, np.ndarray]:
        """A new instance that has gone a way, and its state."""
        c, (u, d) = self.connection, (way.u, way.d)
        states = None
        if way.to_rest and c.by_states and c.model is not None and c.edge - 1 == c.model.states.size:
            # Near rest already, if the FMU is what its site says.
            states = c.model.steady(u[None], d[None])[0]
        slave = c.start(0.0, u, d, states)
        try:
            return slave, self._settled(slave, u, d) if way.to_rest else c.seen(slave, u, d)
        except BaseException:
            slave.close()
            raise

    def _settled(self, slave: Slave, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        c, h = self.connection, self.connection.settle_step
        steps = max(round(WINDOW / h), 1)
        x, name = c.seen(slave, u, d), c.file.path.name
        moved = np.full(len(x) - 1, np.inf)
        while slave.t < LIMIT:
            for _ in range(steps):
                slave.step(h)
            before, x = x, c.seen(slave, u, d)
            if not np.isfinite(x).all():
                raise SteadyStateError(f"{name}: {c.table.names[int(np.argmin(np.isfinite(x)))]} is not finite at {slave.t:g} s")
            moved = np.abs(x - before)[1:] / np.maximum(np.abs(x[1:]), 1e-3)
            if not (moved > TOLERANCE).any():
                return x
        worst = int(np.argmax(moved))
        raise SteadyStateError(f"{name}: after {slave.t / 86400.0:.0f} days {c.table.names[1 + worst]} still moves by {moved[worst]:.2g} "
                               f"of itself in {steps * h:g} s")  # fmt: skip
