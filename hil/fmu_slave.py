"""One running instance of an FMU, driven through FMPy; every failure becomes an error that quotes the FMU's own words."""

import contextlib
import ctypes
import functools
import itertools
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lowlift.hil.fmu_errors import FmuCallError, FmuFileError
from lowlift.hil.fmu_file import FmuFile, import_fmpy

STATUS = {2: "discard", 3: "error", 4: "fatal"}
SLACK = 1e-9
"""Relative accuracy of points in time."""
_numbers = itertools.count(1)
_listeners: dict[str, list[str]] = {}
"""What FMI 2 instances have said, by their names."""
logger = logging.getLogger(__name__)


class Access:
    """A list of variables, read or written with one call for each type."""

    def __init__(self, variables: Sequence[Any], fmi: int) -> None:
        self.size = len(variables)
        types: dict[str, list[int]] = {}
        for k, v in enumerate(variables):
            types.setdefault(_function(v.type, fmi), []).append(k)
        self.parts = [(name, np.array(index), [variables[k].valueReference for k in index]) for name, index in types.items()]


def _function(kind: str, fmi: int) -> str:
    """Ending of FMPy's method for a type."""
    if kind == "Enumeration":
        return "Int64" if fmi == 3 else "Integer"
    return kind


class Slave:
    """An instance: instantiated, initialised and stepped. Not for use by several threads at once.

    Args:
        file: the FMU.
        t: start time [s].
        starts: values to set before initialisation: access and values in the FMU's units.
        inputs: the same, set during initialisation.

    Raises:
        FmuFileError: it cannot be loaded or instantiated.
        FmuCallError: initialisation failed.
    """

    def __init__(self, file: FmuFile, t: float, starts: Sequence[tuple[Access, np.ndarray]], inputs: tuple[Access, np.ndarray]) -> None:
        self.file, self.t = file, t
        self._said: list[str] = []
        self._gone = True
        self._name = f"plant_{next(_numbers)}"
        self._fmu = self._load()
        self._gone = False
        with self._explained():
            if file.fmi == 2:
                self._fmu.setupExperiment(startTime=t)
            for access, values in starts:
                self._set(access, values)
            if file.fmi == 2:
                self._fmu.enterInitializationMode()
            else:
                self._fmu.enterInitializationMode(startTime=t)
            self._set(*inputs)
            self._fmu.exitInitializationMode()

    def _load(self) -> Any:
        import_fmpy()
        from fmpy import fmi2, fmi3

        d = self.file.description
        made = fmi3.FMU3Slave if self.file.fmi == 3 else fmi2.FMU2Slave
        try:
            fmu = made(guid=d.guid if self.file.fmi == 2 else d.instantiationToken, unzipDirectory=self.file.folder,
                       modelIdentifier=d.coSimulation.modelIdentifier, instanceName=self._name)  # fmt: skip
            if self.file.fmi == 3:
                fmu.instantiate(logMessage=self._log3)
            else:
                _listeners[self._name] = self._said
                fmu.instantiate(callbacks=_callbacks())
        except Exception as error:  # FMPy raises bare exceptions here
            _listeners.pop(self._name, None)
            raise FmuFileError(f"{self.file.path}: cannot be started: {error}{self._words()}") from error
        return fmu

    # -- what it says ---------------------------------------------------------------------------------------------

    def _log3(self, environment: Any, status: int, category: bytes, message: bytes) -> None:
        if status >= 1:
            self._said.append(message.decode("utf-8", "replace").strip())

    def _words(self) -> str:
        words = " | ".join(self._said[-3:])
        self._said.clear()
        return f": {words}" if words else ""

    @contextlib.contextmanager
    def _explained(self, what: str = "") -> Iterator[None]:
        from fmpy.fmi1 import FMICallException

        if self._gone:
            raise FmuCallError(f"{self.file.path.name}: the instance has ended", "none", "fatal")
        try:
            yield
        except FMICallException as error:
            status = STATUS.get(error.status, str(error.status))
            message = f"{self.file.path.name}: {what or error.function} failed with status {status}{self._words()}"
            if status == "fatal":
                self._gone = True  # nothing may be called any more, not even to free it
            else:
                self.close()
            raise FmuCallError(message, error.function, status) from error

    # -- values and steps -----------------------------------------------------------------------------------------

    def get(self, access: Access) -> np.ndarray:
        """Values of variables, shape (n,)."""
        values = np.empty(access.size)
        with self._explained():
            for kind, index, references in access.parts:
                values[index] = getattr(self._fmu, f"get{kind}")(references)
        return values

    def set(self, access: Access, values: np.ndarray) -> None:
        """Write variables; whole numbers are rounded, switches are on from one half."""
        with self._explained():
            self._set(access, values)

    def _set(self, access: Access, values: np.ndarray) -> None:
        for kind, index, references in access.parts:
            part = values[index]
            if kind == "Boolean":
                written: list[Any] = [bool(v >= 0.5) for v in part]
            elif "Int" in kind:
                written = [round(float(v)) for v in part]
            else:
                written = part.tolist()
            getattr(self._fmu, f"set{kind}")(references, written)

    def step(self, h: float) -> None:
        """Go on by ``h`` seconds.

        Raises:
            FmuCallError: the step was discarded, failed, ended early, or the FMU asked to end.
        """
        what = f"a step of {h:g} s at {self.t:g} s"
        with self._explained(what):
            done = self._fmu.doStep(self.t, h)
        if self.file.fmi == 3:
            _, ended, _, last = done
            if ended or last < self.t + h - SLACK * (abs(self.t) + h):
                self.close()
                why = "the FMU asked to end the simulation" if ended else f"it stopped at {last:g} s"
                raise FmuCallError(f"{self.file.path.name}: {what}: {why}{self._words()}", "fmi3DoStep", "discard")
        self.t += h

    def close(self) -> None:
        """End the instance; nothing may be asked of it afterwards."""
        if not self._gone:
            self._gone = True
            with contextlib.suppress(Exception):  # an instance that failed may refuse to end in order
                self._fmu.terminate()
            self._fmu.freeInstance()
            _listeners.pop(self._name, None)


def _hear(environment: Any, name: bytes, status: int, category: bytes, message: bytes) -> None:
    """Messages of FMI 2 instances, by their name."""
    text = message.decode("utf-8", "replace").strip()
    listener = _listeners.get(name.decode("utf-8", "replace"))
    if listener is None:
        logger.info("%s: %s", name.decode("utf-8", "replace"), text)
    elif status >= 1:
        listener.append(text)


@functools.cache
def _callbacks() -> Any:
    """FMI 2 callbacks of all instances.

    FMPy's helper, which fills in the arguments of messages, knows one logger for the whole process: ours must therefore never go away.
    """
    fmpy = import_fmpy()
    from fmpy import fmi2

    made = fmi2.fmi2CallbackFunctions()
    made.logger = fmi2.fmi2CallbackLoggerTYPE(_hear)
    made.allocateMemory = fmi2.fmi2CallbackAllocateMemoryTYPE(fmpy.calloc)
    made.freeMemory = fmi2.fmi2CallbackFreeMemoryTYPE(fmpy.free)
    with contextlib.suppress(Exception):  # without the helper messages stay unformatted
        from fmpy.logging import addLoggerProxy

        addLoggerProxy(ctypes.byref(made))
    return made
