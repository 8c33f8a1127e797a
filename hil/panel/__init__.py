"""A web page for a running HIL plant: schematic, trends, setpoints, hand-off-auto, faults, alarms, events.

The web server (Starlette on uvicorn) is imported when a panel is made, and is installed with ``lowlift[panel]``. The page is plain HTML,
CSS and JavaScript modules in :mod:`lowlift.hil.panel`'s own ``static`` folder: nothing is fetched from elsewhere and nothing is built.
"""

from typing import TYPE_CHECKING

from lowlift.lazy import lazy

if TYPE_CHECKING:
    from lowlift.hil.panel.fault_switch import FaultButton, FaultSwitch
    from lowlift.hil.panel.plans import PlanBoard, PlanError, ShownPlan
    from lowlift.hil.panel.server import PanelServer

__all__ = ["FaultButton", "FaultSwitch", "PanelServer", "PlanBoard", "PlanError", "ShownPlan"]

_HOME = {
    "FaultButton": "fault_switch", "FaultSwitch": "fault_switch", "PanelServer": "server", "PlanBoard": "plans", "PlanError": "plans",
    "ShownPlan": "plans",
}  # fmt: skip

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(__name__, {name: f"{__name__}.{module}" for name, module in _HOME.items()}, __all__)
