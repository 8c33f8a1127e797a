"""Signals of a plant wired to variables of an FMU: units, sums, constants, and what the site's own model works out."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lowlift.hil.fmu_errors import FmuMappingError
from lowlift.hil.fmu_file import FmuFile
from lowlift.hil.fmu_mapping import Entry, FmuMapping
from lowlift.hil.fmu_slave import Access
from lowlift.hil.fmu_units import Conversion, declared, named
from lowlift.models.signals import SignalInfo, SignalVector

READABLE = ("output", "local", "calculatedParameter", "parameter", "input")


class Weights:
    """A matrix of which only what is not zero is multiplied: one value that is not finite spoils only what is made of it."""

    def __init__(self, matrix: np.ndarray) -> None:
        self.dense = matrix
        self.rows, self.columns = np.nonzero(matrix)
        self.values = matrix[self.rows, self.columns]

    def __matmul__(self, vector: np.ndarray) -> np.ndarray:
        return np.bincount(self.rows, self.values * vector[self.columns], len(self.dense))


@dataclasses.dataclass(frozen=True)
class Inputs:
    """Our packed inputs to values of FMU variables: ``value = (matrix ours - offset) / factor``."""

    access: Access
    matrix: Weights
    factor: np.ndarray
    offset: np.ndarray
    start: np.ndarray
    """Start values of the FMU's variables, in its units."""

    @property
    def initial(self) -> np.ndarray:
        """Our inputs that are nearest to the start values."""
        return np.linalg.pinv(self.matrix.dense) @ (self.factor * self.start + self.offset)

    def values(self, ours: np.ndarray) -> np.ndarray:
        """What is written."""
        return (self.matrix @ ours - self.offset) / self.factor


@dataclasses.dataclass(frozen=True)
class Outputs:
    """Values of FMU variables to our packed outputs: ``ours = matrix (factor value + offset) + constant``."""

    access: Access
    matrix: Weights
    factor: np.ndarray
    offset: np.ndarray
    constant: np.ndarray
    modelled: np.ndarray
    """Components that the site's model works out."""

    def ours(self, values: np.ndarray) -> np.ndarray:
        """What was read, in our units; modelled components are left at zero."""
        return self.matrix @ (self.factor * values + self.offset) + self.constant


class Wiring:
    """Makes inputs and outputs of one FMU; collects all faults before it complains.

    Args:
        file: the FMU.
        mapping: names and units where they are not those of our own FMUs.
    """

    def __init__(self, file: FmuFile, mapping: FmuMapping) -> None:
        self.file, self.mapping = file, mapping
        self.faults: list[str] = []

    def check(self) -> None:
        """Raise all that was found.

        Raises:
            FmuMappingError: with the first faults, one a line.
        """
        if self.faults:
            more = len(self.faults) - 8
            raise FmuMappingError("\n".join(self.faults[:8] + ([f"... and {more} more"] if more > 0 else [])))

    def known(self, section: str, table: SignalVector) -> None:
        """Complain about entries that name no signal."""
        from lowlift.data.hints import hint

        for name in self.mapping.sections[section]:
            if name not in table:
                near = hint(name, table.slices, where="lowlift describe PLANT")
                self.faults.append(f"{self.mapping.name}: {section}.{name}: no such signal; {near}")

    def inputs(self, tables: Mapping[str, SignalVector]) -> Inputs:
        """Wire actuators and disturbances, in this order."""
        total = sum(t.size for t in tables.values())
        rows: list[tuple[Any, np.ndarray, Conversion]] = []
        start = 0
        for section, table in tables.items():
            for signal in table.signals:
                entry = self._entry(section, signal)
                if entry.value is not None or entry.model is not None:
                    self.faults.append(
                        self._where(section, signal) + "an input has no value of its own; a variable or unused = true is needed"
                    )
                elif entry.unused is None:
                    rows += self._input_rows(section, signal, entry, start, total)
                start += signal.size
        seen: dict[str, str] = {}
        for v, _, _ in rows:
            if v.name in seen:
                self.faults.append(f"{self.mapping.name}: {v.name} of {self.file.path.name} is written by more than one signal")
            seen[v.name] = v.name
        matrix = np.array([r for _, r, _ in rows]).reshape(len(rows), total)
        return Inputs(
            access=Access([v for v, _, _ in rows], self.file.fmi), matrix=Weights(matrix),
            factor=np.array([c.factor for _, _, c in rows]), offset=np.array([c.offset for _, _, c in rows]),
            start=np.array([_start(v) for v, _, _ in rows]),
        )  # fmt: skip

    def _input_rows(
        self, section: str, signal: SignalInfo, entry: Entry, start: int, total: int
    ) -> list[tuple[Any, np.ndarray, Conversion]]:
        rows: list[tuple[Any, np.ndarray, Conversion]] = []
        single = [name for name in entry.names if "{n}" not in name]
        if single and signal.size > 1 and entry.combine is None:
            self.faults.append(f"{self._where(section, signal)}{signal.size} components into {single[0]}; "
                               'write {n} for the number in its name, or combine = "sum" or "mean"')  # fmt: skip
            return rows
        for name in entry.names:
            for numbers in [range(signal.size)] if "{n}" not in name else [range(k, k + 1) for k in range(signal.size)]:
                row = np.zeros(total)
                row[start + numbers.start : start + numbers.stop] = 1.0 / len(numbers) if entry.combine == "mean" else 1.0
                found = self._found(name.replace("{n}", str(numbers.start + 1)), ("input",), section, signal, entry)
                if found is not None:
                    rows.append((found[0], row, found[1]))
        return rows

    def outputs(self, tables: Sequence[tuple[str, SignalVector]]) -> Outputs:
        """Wire what is read: the tables one after the other."""
        total = sum(table.size for _, table in tables)
        constant, modelled = np.zeros(total), np.zeros(total, dtype=bool)
        variables: dict[tuple[str, float, float], int] = {}
        found: list[tuple[Any, Conversion]] = []
        places: list[tuple[int, int]] = []
        at = 0
        for section, table in tables:
            for signal in table.signals:
                entry = self._entry(section, signal)
                part = slice(at, at + signal.size)
                if entry.unused is not None:
                    self.faults.append(self._where(section, signal) + "is needed: a variable, value or model = true")
                elif entry.value is not None:
                    constant[part] = entry.value
                elif entry.model is not None:
                    modelled[part] = True
                for name in entry.names:
                    for k in range(signal.size):
                        got = self._found(name.replace("{n}", str(k + 1)), READABLE, section, signal, entry)
                        if got is not None:
                            key = (got[0].name, got[1].factor, got[1].offset)
                            if key not in variables:
                                variables[key] = len(found)
                                found.append(got)
                            places.append((at + k, variables[key]))
                at += signal.size
        matrix = np.zeros((total, len(found)))
        for place in places:
            matrix[place] += 1.0
        return Outputs(
            access=Access([v for v, _ in found], self.file.fmi), matrix=Weights(matrix), constant=constant, modelled=modelled,
            factor=np.array([c.factor for _, c in found]), offset=np.array([c.offset for _, c in found]),
        )  # fmt: skip

    def _where(self, section: str, signal: SignalInfo) -> str:
        return f"{self.mapping.name}: {section}.{signal.name}: "

    def _entry(self, section: str, signal: SignalInfo) -> Entry:
        """What the mapping says, or the name in our own FMUs."""
        given = self.mapping.sections[section].get(signal.name)
        return given or Entry(variable=f"{section}.{signal.name}" + ("" if signal.per == "plant" else "[{n}]"))

    def _found(
        self, name: str, causalities: tuple[str, ...], section: str, signal: SignalInfo, entry: Entry
    ) -> tuple[Any, Conversion] | None:
        where = self._where(section, signal).removesuffix(": ")
        try:
            v = self.file.variable(name, causalities, where)
            if entry.unit is not None:
                return v, named(entry.unit, signal.unit, where)
            return v, declared(v, self.file.units, signal.unit, where)
        except FmuMappingError as error:
            self.faults.append(str(error))
            return None


def _start(v: Any) -> float:
    """Start value of an input."""
    words = {None: 0.0, "false": 0.0, "true": 1.0}
    return words[v.start] if v.start in words else float(v.start)
