"""What the builders of all kinds of plants share, from the data sheet of a site to its record in SI.

Site files give nominal conditions; builders derive resistances, flow coefficients and capacities from them, so that the rating points of
the file are met exactly by construction. Where a component refuses its values, the error names the key of the site file that they come
from.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from lowlift.models.schema import ColdPlateData, Head, Section, SiteValueError
from lowlift.models.site import ZERO_C
from lowlift.thermal.coldplate import ColdPlate
from lowlift.thermal.component import ParameterError
from lowlift.thermal.psychrometrics import pressure_at_altitude


def identity(head: Head) -> dict[str, Any]:
    """Fields of :class:`lowlift.models.record.Record` that stand in the ``[site]`` section of a file."""
    return {
        "name": head.name,
        "title": head.title,
        "weather": head.weather,
        "workload": head.workload,
        "p": float(pressure_at_altitude(head.altitude_m)),
        "T_wb_design": head.T_wb_design_degC + ZERO_C,
        "T_db_design": head.T_db_design_degC + ZERO_C,
    }


def in_kelvin(limits: Section) -> dict[str, Any]:
    """Limits by name, without the unit of their key: temperatures [K], absent ones as none, and margins [K]."""
    kelvin: dict[str, Any] = {}
    for key, value in limits.model_dump().items():
        name, _, unit = key.rpartition("_")
        kelvin[name] = value if value is None or unit == "K" else value + ZERO_C
    return kelvin


def cold_plate(c: ColdPlateData) -> ColdPlate:
    """The cold plate of a site file's section of that name."""
    with keys("cold_plate", exponent="cold_plate.exponent"):
        return ColdPlate(
            R_chip_plate=c.R_chip_plate_K_W,
            R_plate_coolant_nominal=c.R_plate_coolant_K_W,
            m_dot_nominal=c.m_dot_nominal_kg_s,
            exponent=c.exponent,
            C_chip=c.C_chip_J_K,
            C_plate=c.C_plate_J_K,
            C_cool=c.C_cool_J_K,
        )


@contextlib.contextmanager
def keys(section: str, **keys: str) -> Iterator[None]:
    """Blame the site key behind a field of the component built inside; the section where a field has no key of its own."""
    try:
        yield
    except ParameterError as error:
        parts = re.fullmatch(r"(\w+)\.(\w+) = (.*?): (.*)", str(error))
        if parts is None:
            raise SiteValueError(section, str(error)) from error
        component, field, value, reason = parts.groups()
        raise SiteValueError(keys.get(field, section), f"{component}.{field}, here {value}, {reason}") from error
