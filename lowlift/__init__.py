"""lowlift: cool AI data centres with the least possible energy, water and carbon.

>>> import lowlift as ll
>>> plant = ll.models.load("gb200_hall")
>>> plant.site.n_racks
64

The packages ``ll.thermal``, ``ll.data``, ``ll.models``, ``ll.controllers``, ``ll.sim``, ``ll.wire``, ``ll.hil`` and ``ll.bms`` list their
public names in ``__all__``. Names are imported when first used: ``import lowlift`` loads neither solvers nor plotting nor protocols.
"""

from typing import TYPE_CHECKING

from lowlift.lazy import lazy

if TYPE_CHECKING:
    from lowlift import bms, controllers, data, hil, models, sim, thermal, wire
    from lowlift.sim.closed_loop import Run
    from lowlift.sim.compare import Comparison, compare
    from lowlift.sim.scenario import Scenario, build_scenario

__version__ = "0.1.0"

__all__ = [
    "Comparison", "Run", "Scenario", "__version__", "bms", "build_scenario", "compare", "controllers", "data", "hil",
    "models", "sim", "thermal", "wire",
]  # fmt: skip

_HOME = {
    "Comparison": "lowlift.sim.compare", "Run": "lowlift.sim.closed_loop", "Scenario": "lowlift.sim.scenario",
    "build_scenario": "lowlift.sim.scenario", "compare": "lowlift.sim.compare",
} | {
    package: f"lowlift.{package}" for package in ("bms", "controllers", "data", "hil", "models", "sim", "thermal", "wire")
}  # fmt: skip

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(__name__, _HOME, __all__)
