"""What can go wrong when an FMU is made, and with somebody else's."""


class FmuError(RuntimeError):
    """An FMU cannot be made or used; the message says why."""


class FmuBuildError(FmuError):
    """The FMU cannot be made here; the message says what would help."""


class FmuUnitError(FmuError):
    """A unit of a plant's table that the description cannot state."""


class FmuFileError(FmuError):
    """The file is no FMU for co-simulation that runs here."""


class FmuMappingError(FmuError):
    """FMU and mapping do not give what a plant needs: a variable is missing, has the wrong causality, type or unit."""


class FmuCallError(FmuError):
    """A call of the FMU failed.

    Attributes:
        function: the FMI function.
        status: ``discard``, ``error`` or ``fatal``; after the last the instance is gone.
    """

    def __init__(self, message: str, function: str, status: str) -> None:
        self.function, self.status = function, status
        super().__init__(message)


class FmuStateError(FmuError):
    """A state is asked for that the FMU cannot be brought to."""
