"""Non-routine adjustments (IPMVP): what else changed at the meter and is no saving, as an engineer worked it out, and how sure that is.

Weather and IT load are routine adjustments, made by the baseline model. Everything else that has an effect on the metered energy (static
factors: racks added or removed, another use of the hall, a machine out of order) must be worked out from measurements of its own and be
stated with its energy. A file of them::

    [[adjustment]]
    what = "chiller 2 out of order, 3 to 17 May; pumps by their own meter"
    energy_kWh = -4200       # added to the adjusted baseline: below 0 where as before less would have been used
    uncertainty_kWh = 600    # standard uncertainty
"""

import dataclasses
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lowlift.bms.meter import SavingsError

KWH = 3.6e6
KEYS = ("what", "energy_kWh", "uncertainty_kWh")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Adjustment:
    """One non-routine adjustment."""

    what: str
    """What changed, when, and how its energy was found."""
    energy: float
    """Added to the adjusted baseline [J]."""
    uncertainty: float
    """Its standard uncertainty [J]."""

    def __post_init__(self) -> None:
        if not self.what.strip():
            raise SavingsError("adjustment.what is empty: say what changed, when, and how its energy was found")
        if not math.isfinite(self.energy):
            raise SavingsError(f"adjustment {self.what!r}: energy = {self.energy / KWH:g} kWh: must be a number")
        if not 0.0 <= self.uncertainty < math.inf:
            raise SavingsError(f"adjustment {self.what!r}: uncertainty = {self.uncertainty / KWH:g} kWh: must be a number of at least 0")


def read_adjustments(path: str | Path) -> tuple[Adjustment, ...]:
    """The adjustments of a TOML file.

    Raises:
        SavingsError: unreadable, or an entry is not as it must be; the message says which.
    """
    try:
        whole = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SavingsError(f"{path}: {error}") from error
    entries = whole.get("adjustment")
    if set(whole) != {"adjustment"} or not isinstance(entries, list) or not entries:
        raise SavingsError(f"{path}: must hold [[adjustment]] entries and nothing else")
    return tuple(_adjustment(f"{path}: adjustment {k}", entry) for k, entry in enumerate(entries, 1))


def _adjustment(at: str, entry: Mapping[str, Any]) -> Adjustment:
    if set(entry) != set(KEYS):
        raise SavingsError(f"{at}: must have {', '.join(KEYS)}; has {', '.join(entry) or 'nothing'}")
    numbers = {key: entry[key] for key in KEYS[1:]}
    for key, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise SavingsError(f"{at}.{key} = {value!r}: must be a number")
    if not isinstance(entry["what"], str):
        raise SavingsError(f"{at}.what = {entry['what']!r}: must be a text")
    energy, uncertainty = (float(value) * KWH for value in numbers.values())
    try:
        return Adjustment(what=entry["what"], energy=energy, uncertainty=uncertainty)
    except SavingsError as error:
        raise SavingsError(f"{at}: {error}") from error
