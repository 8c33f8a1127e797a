"""Hardware in the loop: a simulated plant in real time behind a point image, to which controllers, PLCs and BMSs connect."""

from typing import TYPE_CHECKING

from lowlift.lazy import lazy

if TYPE_CHECKING:
    from lowlift.hil.default_scenario import scenario_of
    from lowlift.hil.fmu_export import export_fmu
    from lowlift.hil.fmu_plant import FmuPlant
    from lowlift.hil.pacing import Jitter, Pacer
    from lowlift.hil.runner import Runner
    from lowlift.hil.served_plant import ServedPlant
    from lowlift.hil.snapshot import SnapshotError, restore, save

__all__ = ["FmuPlant", "Jitter", "Pacer", "Runner", "ServedPlant", "SnapshotError", "export_fmu", "restore", "save", "scenario_of"]

_HOME = {
    "Jitter": "pacing", "Pacer": "pacing", "Runner": "runner", "ServedPlant": "served_plant", "SnapshotError": "snapshot",
    "FmuPlant": "fmu_plant", "export_fmu": "fmu_export", "restore": "snapshot", "save": "snapshot", "scenario_of": "default_scenario",
}  # fmt: skip

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(__name__, {name: f"{__name__}.{module}" for name, module in _HOME.items()}, __all__)
