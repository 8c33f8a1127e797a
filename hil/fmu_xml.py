"""The ``modelDescription.xml`` of a plant's FMU, FMI 2.0 and 3.0, and the ``buildDescription.xml`` of FMI 3.0."""

import importlib.metadata
import math
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from lowlift.hil.fmu_errors import FmuUnitError
from lowlift.hil.fmu_layout import STEP_MAX, Variable
from lowlift.models.plant import Plant

SOURCE = "plant.c"
"""Name of the source file."""
UNITS: dict[str, tuple[dict[str, float], tuple[str, float, float] | None]] = {
    "1": ({}, ("%", 100.0, 0.0)),
    "K": ({"K": 1}, ("degC", 1.0, -273.15)),
    "W": ({"kg": 1, "m": 2, "s": -3}, ("kW", 1e-3, 0.0)),
    "J": ({"kg": 1, "m": 2, "s": -2}, ("kWh", 1.0 / 3.6e6, 0.0)),
    "Pa": ({"kg": 1, "m": -1, "s": -2}, ("kPa", 1e-3, 0.0)),
    "kg/s": ({"kg": 1, "s": -1}, None),
    "m3/s": ({"m": 3, "s": -1}, ("m3/h", 3600.0, 0.0)),
    "kg/kg": ({}, ("g/kg", 1e3, 0.0)),
    "kg": ({"kg": 1}, None),
    "s": ({"s": 1}, None),
    "K/W": ({"K": 1, "kg": -1, "m": -2, "s": 3}, None),
}
"""SI exponents of every unit of our tables, and how people like to see it: name, factor, offset."""
DAY = 86400.0


def identifier(plant: Plant) -> str:
    """Name of the binary: that of the site, as C allows."""
    text = "".join(c if c.isalnum() and c.isascii() else "_" for c in plant.site.name)
    return text if text[:1].isalpha() else f"plant_{text}"


def description(plant: Plant, variables: Sequence[Variable], fmi: int, token: str, *, needs_python: bool = False) -> str:
    """Text of ``modelDescription.xml``.

    Args:
        plant: the plant.
        variables: of its FMU.
        fmi: 2 or 3.
        token: GUID or instantiation token.
        needs_python: of the form that runs in the host's Python, which keeps no snapshots.

    Raises:
        FmuUnitError: a table has a unit without SI exponents in :data:`UNITS`.
    """
    version = importlib.metadata.version("lowlift")
    root = ET.Element("fmiModelDescription", {
        "fmiVersion": f"{fmi}.0", "modelName": plant.site.name, "guid" if fmi == 2 else "instantiationToken": token,
        "description": f"{plant.site.title}: full-order plant, actuators and disturbances as inputs", "author": "the lowlift developers",
        "version": version, "license": "BSD-3-Clause", "generationTool": f"lowlift {version}",
        "variableNamingConvention": "structured",
    })  # fmt: skip
    able = {"canHandleVariableCommunicationStepSize": "true"}
    if needs_python:
        able |= {"needsExecutionTool": "true"}
    elif fmi == 2:
        able |= {"canGetAndSetFMUstate": "true", "canSerializeFMUstate": "true"}
    else:
        able |= {"canGetAndSetFMUState": "true", "canSerializeFMUState": "true"}
    unit = ET.SubElement(root, "CoSimulation", {"modelIdentifier": identifier(plant), **able})
    if fmi == 2:
        ET.SubElement(ET.SubElement(unit, "SourceFiles"), "File", {"name": SOURCE})
    _units(ET.SubElement(root, "UnitDefinitions"), variables)
    categories = ET.SubElement(root, "LogCategories")
    for name in ("logStatusDiscard", "logStatusError"):
        ET.SubElement(categories, "Category", {"name": name})
    ET.SubElement(root, "DefaultExperiment", {"startTime": "0", "stopTime": f"{DAY:.0f}", "stepSize": f"{STEP_MAX:g}"})
    (_variables2 if fmi == 2 else _variables3)(root, variables)
    return _text(root)


def build_description(plant: Plant) -> str:
    """Text of ``buildDescription.xml``, FMI 3.0."""
    root = ET.Element("fmiBuildDescription", {"fmiVersion": "3.0"})
    build = ET.SubElement(root, "BuildConfiguration", {"modelIdentifier": identifier(plant)})
    sources = ET.SubElement(build, "SourceFileSet", {"language": "C11"})
    ET.SubElement(sources, "SourceFile", {"name": SOURCE})
    ET.SubElement(build, "Library", {"name": "m"})
    return _text(root)


def _text(root: ET.Element) -> str:
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _number(value: float) -> str:
    return repr(float(value))


def _units(parent: ET.Element, variables: Sequence[Variable]) -> None:
    for name in sorted({v.unit for v in variables}):
        if name not in UNITS:
            of = next(v.name for v in variables if v.unit == name)
            raise FmuUnitError(f"{of}: unit {name!r} has no SI exponents here; known are {', '.join(UNITS)}")
        exponents, shown = UNITS[name]
        unit = ET.SubElement(parent, "Unit", {"name": name})
        ET.SubElement(unit, "BaseUnit", {k: str(v) for k, v in exponents.items()})
        if shown is not None:
            words, factor, offset = shown
            ET.SubElement(unit, "DisplayUnit", {"name": words, "factor": _number(factor), "offset": _number(offset)})


def _numbers(v: Variable) -> dict[str, str]:
    """Unit, range and start."""
    found = {"unit": v.unit}
    if v.unit == "K" and v.causality != "independent":
        found["displayUnit"] = "degC"
    for name, value in (("min", v.low), ("max", v.high)):
        if math.isfinite(value):
            found[name] = _number(value)
    return found | ({} if v.start is None else {"start": _number(v.start)})


def _behaviour(v: Variable) -> dict[str, str]:
    if v.causality == "parameter":
        return {"variability": "fixed", "initial": "exact"}
    return {"variability": "continuous"} | ({"initial": "exact"} if v.causality == "local" else {})


def _variables2(root: ET.Element, variables: Sequence[Variable]) -> None:
    parent, structure = ET.SubElement(root, "ModelVariables"), ET.SubElement(root, "ModelStructure")
    outputs, unknowns = (ET.SubElement(structure, name) for name in ("Outputs", "InitialUnknowns"))
    for index, v in enumerate(variables, 1):
        scalar = ET.SubElement(parent, "ScalarVariable", {
            "name": v.name, "valueReference": str(v.reference), "description": v.doc, "causality": v.causality, **_behaviour(v),
        })  # fmt: skip
        ET.SubElement(scalar, "Real", _numbers(v))
        if v.causality == "output":
            # Between steps outputs belong to the step that has ended: they follow no input.
            ET.SubElement(outputs, "Unknown", {"index": str(index), "dependencies": ""})
            ET.SubElement(unknowns, "Unknown", {"index": str(index)})


def _variables3(root: ET.Element, variables: Sequence[Variable]) -> None:
    parent, structure = ET.SubElement(root, "ModelVariables"), ET.SubElement(root, "ModelStructure")
    for v in variables:
        ET.SubElement(parent, "Float64", {
            "name": v.name, "valueReference": str(v.reference), "description": v.doc, "causality": v.causality,
            **_behaviour(v), **_numbers(v),
        })  # fmt: skip
    of = [str(v.reference) for v in variables if v.causality == "output"]
    for reference in of:
        ET.SubElement(structure, "Output", {"valueReference": reference, "dependencies": ""})
    for reference in of:
        ET.SubElement(structure, "InitialUnknown", {"valueReference": reference})
