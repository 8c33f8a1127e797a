"""Schedules on their way to a building management system: formats, differences, preview, approval, and what they saved."""

from typing import TYPE_CHECKING

from lowlift.lazy import lazy

if TYPE_CHECKING:
    from lowlift.bms.formats import FORMATS, read_schedule, write_schedule

__all__ = ["FORMATS", "read_schedule", "write_schedule"]

_HOME = {"FORMATS": "formats", "read_schedule": "formats", "write_schedule": "formats"}

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(__name__, {name: f"{__name__}.{module}" for name, module in _HOME.items()}, __all__)
