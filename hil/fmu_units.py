"""Units of FMU variables: how their values become ours, ``ours = factor value + offset``.

An FMU states its units by SI exponents, factor and offset; where it does not, the mapping names one of :data:`KNOWN`.
"""

import dataclasses
from typing import Any

from lowlift.data.hints import hint
from lowlift.hil.fmu_errors import FmuMappingError
from lowlift.hil.fmu_xml import UNITS

BASES = ("kg", "m", "s", "A", "K", "mol", "cd")
"""The radian is left out: an angle is a number."""


@dataclasses.dataclass(frozen=True)
class Conversion:
    """``ours = factor value + offset``."""

    factor: float = 1.0
    offset: float = 0.0


KNOWN: dict[str, tuple[str, Conversion]] = {
    **{name: (name, Conversion()) for name in UNITS},
    "": ("1", Conversion()), "%": ("1", Conversion(0.01)), "percent": ("1", Conversion(0.01)),
    "degC": ("K", Conversion(1.0, 273.15)), "°C": ("K", Conversion(1.0, 273.15)), "Cel": ("K", Conversion(1.0, 273.15)),
    "degF": ("K", Conversion(5.0 / 9.0, 273.15 - 160.0 / 9.0)),
    "kW": ("W", Conversion(1e3)), "MW": ("W", Conversion(1e6)), "kJ": ("J", Conversion(1e3)), "MJ": ("J", Conversion(1e6)),
    "kWh": ("J", Conversion(3.6e6)), "kPa": ("Pa", Conversion(1e3)), "hPa": ("Pa", Conversion(1e2)), "bar": ("Pa", Conversion(1e5)),
    "mbar": ("Pa", Conversion(1e2)), "m3/h": ("m3/s", Conversion(1.0 / 3600.0)), "l/s": ("m3/s", Conversion(1e-3)),
    "L/s": ("m3/s", Conversion(1e-3)), "L/min": ("m3/s", Conversion(1e-3 / 60.0)), "l/min": ("m3/s", Conversion(1e-3 / 60.0)),
    "kg/h": ("kg/s", Conversion(1.0 / 3600.0)), "t/h": ("kg/s", Conversion(1.0 / 3.6)), "g/kg": ("kg/kg", Conversion(1e-3)),
    "min": ("s", Conversion(60.0)), "h": ("s", Conversion(3600.0)),
}  # fmt: skip
"""Unit of the SI and the way there, by name."""


def named(name: str, ours: str, where: str) -> Conversion:
    """The way from a unit that the mapping names.

    Raises:
        FmuMappingError: it is unknown or of another quantity; ``where`` says whose it is.
    """
    if name not in KNOWN:
        raise FmuMappingError(f"{where}: unknown unit {name!r}; {hint(name, KNOWN)}")
    si, conversion = KNOWN[name]
    if _exponents(si) != _exponents(ours):
        raise FmuMappingError(f"{where}: unit {name!r} is no unit of what is in {ours!r}")
    return conversion


def declared(variable: Any, definitions: dict[str, Any], ours: str, where: str) -> Conversion:
    """The way from the unit that an FMU's variable has.

    Args:
        variable: FMPy's record of it.
        definitions: FMPy's unit definitions by name.
        ours: unit of the signal.
        where: name of the signal, for messages.

    Raises:
        FmuMappingError: there is no unit, it is not defined by SI exponents nor known by name, or it is of another quantity.
    """
    name = variable.unit or (variable.declaredType.unit if variable.declaredType is not None else None)
    if name is None:
        # Counts and switches have no unit; what is measured must.
        if _exponents(ours) == (0,) * len(BASES):
            return Conversion()
        raise FmuMappingError(
            f"{where}: {variable.name} of the FMU has no unit; {ours!r} is needed: say what it is, unit = ... in the mapping"
        )
    base = getattr(definitions.get(name), "baseUnit", None)
    if base is None:
        return named(name, ours, f"{where}: {variable.name} of the FMU")
    if tuple(int(getattr(base, k)) for k in BASES) != _exponents(ours):
        raise FmuMappingError(f"{where}: {variable.name} of the FMU is in {name!r}, which is no unit of what is in {ours!r}")
    return Conversion(float(base.factor), float(base.offset))


def _exponents(name: str) -> tuple[int, ...]:
    exponents = UNITS[name][0]
    return tuple(int(exponents.get(k, 0)) for k in BASES)
