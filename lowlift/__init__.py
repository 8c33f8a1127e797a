"""lowlift: cool AI data centres with the least possible energy, water and carbon.

>>> import lowlift as ll
>>> plant = ll.models.load("gb200_hall")
>>> plant.site.n_racks
64

Names are imported when first used: ``import lowlift`` loads neither solvers nor plotting.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lowlift import controllers, data, models, sim, thermal
    from lowlift.sim.closed_loop import Run
    from lowlift.sim.compare import Comparison, compare
    from lowlift.sim.scenario import Scenario, build_scenario

__version__ = "0.1.0"

_HOME = {
    "Run": "lowlift.sim.closed_loop", "Comparison": "lowlift.sim.compare", "compare": "lowlift.sim.compare",
    "Scenario": "lowlift.sim.scenario", "build_scenario": "lowlift.sim.scenario",
}  # fmt: skip
_PACKAGES = ("controllers", "data", "models", "sim", "thermal")

__all__ = [
    "Comparison", "Run", "Scenario", "__version__", "build_scenario", "compare", "controllers", "data", "models", "sim",
    "thermal",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return importlib.import_module(f"lowlift.{name}")
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
