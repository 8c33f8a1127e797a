"""Towards the building management system.

Schedules on their way to it (formats, differences, preview, approval, devices, and what they saved), and the control client with its write
gateway and audit log.
"""

from typing import TYPE_CHECKING

from lowlift.lazy import lazy

if TYPE_CHECKING:
    from lowlift.bms.adjustments import Adjustment, read_adjustments
    from lowlift.bms.audit_log import AuditError, AuditTrail, verify
    from lowlift.bms.bacnet_device import read_from_device, write_to_device
    from lowlift.bms.bacnet_link import BacnetError, Device
    from lowlift.bms.control import ControlClient
    from lowlift.bms.control_loop import ControlLoop
    from lowlift.bms.daylight import held_over
    from lowlift.bms.difference import compare_schedules
    from lowlift.bms.formats import FORMATS, read_schedule, write_schedule
    from lowlift.bms.gateway import Gateway, GatewayError
    from lowlift.bms.ledger import Ledger, LedgerError
    from lowlift.bms.meter import Meter, SavingsError, meter_of, metered, read_meter
    from lowlift.bms.preview import save_preview
    from lowlift.bms.savings import BaselineError, Savings, measure_savings
    from lowlift.bms.savings_report import write_report
    from lowlift.bms.store import ApprovalError, ScheduleStore

_NAMES = {
    "adjustments": ("Adjustment", "read_adjustments"), "audit_log": ("AuditError", "AuditTrail", "verify"),
    "bacnet_device": ("read_from_device", "write_to_device"), "bacnet_link": ("BacnetError", "Device"), "control": ("ControlClient",),
    "control_loop": ("ControlLoop",), "daylight": ("held_over",), "difference": ("compare_schedules",),
    "formats": ("FORMATS", "read_schedule", "write_schedule"), "gateway": ("Gateway", "GatewayError"),
    "ledger": ("Ledger", "LedgerError"), "meter": ("Meter", "SavingsError", "meter_of", "metered", "read_meter"),
    "preview": ("save_preview",), "savings": ("BaselineError", "Savings", "measure_savings"), "savings_report": ("write_report",),
    "store": ("ApprovalError", "ScheduleStore"),
}  # fmt: skip

__all__ = [
    "FORMATS", "Adjustment", "ApprovalError", "AuditError", "AuditTrail", "BacnetError", "BaselineError", "ControlClient", "ControlLoop",
    "Device", "Gateway", "GatewayError", "Ledger", "LedgerError", "Meter", "Savings", "SavingsError", "ScheduleStore",
    "compare_schedules", "held_over", "measure_savings", "meter_of", "metered", "read_adjustments", "read_from_device", "read_meter",
    "read_schedule", "save_preview", "verify", "write_report", "write_schedule", "write_to_device",
]  # fmt: skip

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(__name__, {name: f"{__name__}.{module}" for module, names in _NAMES.items() for name in names}, __all__)
