"""The site of an FMU that stands for itself: its signals are those that the FMU declares."""

import dataclasses
import functools
import math
from typing import Any, ClassVar

from lowlift.hil.fmu_file import NUMERIC, FmuFile
from lowlift.hil.fmu_mapping import Entry, FmuMapping
from lowlift.hil.fmu_units import KNOWN
from lowlift.models.sheet import STORED, Balance, PlantSheet
from lowlift.models.signals import Role, SignalInfo, SignalVector

ROLES = {"actuators": Role.ACTUATOR, "disturbances": Role.DISTURBANCE, "measurements": Role.OUTPUT}


@dataclasses.dataclass(frozen=True, kw_only=True)
class FmuSite:
    """Record of a plant of which nothing is known but its FMU: no racks, no rated power, no design day."""

    kind: ClassVar[str] = "fmu"

    name: str
    title: str
    actuators: tuple[SignalInfo, ...]
    disturbances: tuple[SignalInfo, ...]
    outputs: tuple[SignalInfo, ...]
    weather: str = ""
    workload: str = ""
    p: float = 101325.0
    T_wb_design: float = math.nan
    T_db_design: float = math.nan
    n_racks: int = 0
    rack_power: float = 0.0
    liquid_share: float = 0.0
    P_it_nominal: float = 0.0

    @functools.cached_property
    def sheet(self) -> PlantSheet:
        """Setpoints are the actuators themselves; readings are the outputs; there is nothing to score."""
        setpoints = [dataclasses.replace(s, role=Role.SETPOINT) for s in self.actuators]
        return PlantSheet(
            kind=self.kind, setpoints=SignalVector(setpoints), measurements=SignalVector(self.outputs), end_uses=(), waters=(), limits=(),
            energy=Balance(flows=(), stored=STORED, unit="W", stored_unit="J"),
        )  # fmt: skip


def site_of(file: FmuFile, mapping: FmuMapping) -> tuple[FmuSite, FmuMapping]:
    """The site that an FMU declares, and the mapping with an entry for each of its signals.

    Inputs are actuators unless the mapping names them as disturbances; numeric outputs are measurements. Names are the FMU's, or those of
    the mapping. Values of a unit that we do not have stay as they are; the description of the signal names it.
    """
    sections = {name: dict(entries) for name, entries in mapping.sections.items()}
    taken = {v for entries in sections.values() for entry in entries.values() for v in entry.names}
    for v in file.variables.values():
        if v.type in NUMERIC and not v.dimensions and v.name not in taken and v.causality in ("input", "output"):
            sections["actuators" if v.causality == "input" else "measurements"][v.name] = Entry(variable=v.name)
    made: dict[str, tuple[SignalInfo, ...]] = {}
    for section, role in ROLES.items():
        signals = []
        for name, entry in sections[section].items():
            causalities = ("output", "local") if role is Role.OUTPUT else ("input",)
            v = file.variable((entry.names or [name])[0], causalities, f"{mapping.name}: {section}.{name}")
            unit = entry.unit or v.unit or "1"
            ours, doc = KNOWN[unit][0] if unit in KNOWN else "1", v.description or v.name
            if unit not in KNOWN:
                sections[section][name], doc = entry.model_copy(update={"unit": "1"}), f"{doc} [{unit}]"
            signals.append(SignalInfo(name=name, role=role, unit=ours, doc=doc, **_range(v, ours)))
        made[section] = tuple(signals)
    d = file.description
    site = FmuSite(name=d.modelName, title=d.description or d.modelName, actuators=made["actuators"], disturbances=made["disturbances"],
                   outputs=made["measurements"])  # fmt: skip
    return site, dataclasses.replace(mapping, sections=sections)


def _range(v: Any, unit: str) -> dict[str, Any]:
    """Declared limits, where the unit is ours."""
    if v.type == "Boolean":
        return {"low": 0.0, "high": 1.0}
    if (v.unit or "1") != unit:
        return {}
    return {name: float(text) for name, text in (("low", v.min), ("high", v.max)) if text is not None}
