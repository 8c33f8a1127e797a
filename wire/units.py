"""Units at the wire, and what each protocol calls them.

Inside, everything is SI and kelvin; integrators get the units that sites use (:func:`lowlift.sim.schedule_rows.unit_on_site`). Units change
here and nowhere else above the physics.
"""

import dataclasses

from lowlift.data.hints import hint


class UnknownUnitError(ValueError):
    """A unit that no protocol is told about; the message lists near ones."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class UnitCodes:
    """Names and codes of one unit."""

    bacnet: str
    """Name in BACnetEngineeringUnits, as bacpypes3 writes it."""
    bacnet_code: int
    """Number in the same enumeration (ASHRAE 135)."""
    unece: str
    """UN/CEFACT common code (Recommendation 20), of which OPC UA makes its unit id."""
    symbol: str
    """As displays show it."""
    haystack: str
    """Symbol in Project Haystack's unit database; empty for plain numbers."""
    qudt: str
    """QUDT unit, as Brick takes it."""

    @property
    def opcua_id(self) -> int:
        """Unit id of OPC UA: the UN/CEFACT code's characters as one number (OPC 10000-8, 5.6.3).

        >>> UNITS["degC"].opcua_id
        4408652
        """
        return int.from_bytes(self.unece.encode("ascii"), "big")


def _codes(bacnet: str, code: int, unece: str, symbol: str, haystack: str, qudt: str) -> UnitCodes:
    return UnitCodes(bacnet=bacnet, bacnet_code=code, unece=unece, symbol=symbol, haystack=haystack, qudt=qudt)


UNITS = {
    "degC": _codes("degreesCelsius", 62, "CEL", "°C", "°C", "DEG_C"),
    "kPa": _codes("kilopascals", 54, "KPA", "kPa", "kPa", "KiloPA"),
    "Pa": _codes("pascals", 53, "PAL", "Pa", "Pa", "PA"),
    "L/s": _codes("litersPerSecond", 87, "G51", "L/s", "L/s", "L-PER-SEC"),
    "kg/s": _codes("kilogramsPerSecond", 42, "KGS", "kg/s", "kg/s", "KiloGM-PER-SEC"),
    "kW": _codes("kilowatts", 48, "KWT", "kW", "kW", "KiloW"),
    "s": _codes("seconds", 73, "SEC", "s", "s", "SEC"),
    "1": _codes("noUnits", 95, "C62", "", "", "UNITLESS"),
}
"""By site unit."""


def codes(unit: str) -> UnitCodes:
    """Names and codes of a site unit.

    Raises:
        UnknownUnitError: there is none of that name.
    """
    if unit not in UNITS:
        raise UnknownUnitError(f"unit {unit!r} has no names at the wire; {hint(unit, UNITS)}")
    return UNITS[unit]
