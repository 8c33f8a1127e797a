"""What can be wrong with input data; every message names field, value, unit, place and cure."""

from collections.abc import Iterable

from lowlift.data.hints import hint, near


class DataError(ValueError):
    """Input data are unusable."""


class WeatherGapError(DataError):
    """A weather series has a gap too long to fill."""


class MissingDataError(DataError):
    """A series is shorter than needed, or has holes."""


class DuplicateTimestampError(DataError):
    """One time stamp carries two different values."""


class UnitPlausibilityError(DataError):
    """Values suggest another unit."""


class DialectError(DataError):
    """A text file is written in another dialect than declared."""


class TimeZoneError(DataError):
    """Time stamps without a zone, or zones that do not fit."""


class RemoteDataError(DataError):
    """A remote file is neither mirrored, cached nor reachable."""


class StaleMirrorError(RemoteDataError):
    """The mirror holds another edition of a file than the registry."""


class UnknownNameError(DataError):
    """A name that is not in the catalogue; near matches are in ``matches``."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        self.matches = near(name, names)
        super().__init__(f"unknown {kind} {name!r}; {hint(name, names, where='lowlift data list')}")
