"""Hardware in the loop: a simulated plant in real time behind a point image, to which controllers, PLCs and BMSs connect."""

from typing import TYPE_CHECKING

from lowlift.lazy import lazy

if TYPE_CHECKING:
    from lowlift.hil.commission_charts import chart
    from lowlift.hil.commission_file import load_script
    from lowlift.hil.commission_report import write_report
    from lowlift.hil.commission_run import Result
    from lowlift.hil.commission_script import ScriptError
    from lowlift.hil.commission_watch import Verdict
    from lowlift.hil.commissioning import commission
    from lowlift.hil.default_scenario import scenario_of
    from lowlift.hil.fault import Fault, FaultError, What
    from lowlift.hil.fault_file import load_faults
    from lowlift.hil.fmu_export import export_fmu
    from lowlift.hil.fmu_plant import FmuPlant
    from lowlift.hil.pacing import Jitter, Pacer
    from lowlift.hil.record import Recorder, RecordError, load_record, save_record
    from lowlift.hil.replaying import replay
    from lowlift.hil.runner import Runner
    from lowlift.hil.sensor_faults import SensorFaults
    from lowlift.hil.served_plant import ServedPlant
    from lowlift.hil.snapshot import SnapshotError, restore, save

__all__ = [
    "Fault", "FaultError", "FmuPlant", "Jitter", "Pacer", "RecordError", "Recorder", "Result", "Runner", "ScriptError",
    "SensorFaults", "ServedPlant", "SnapshotError", "Verdict", "What", "chart", "commission", "export_fmu", "load_faults",
    "load_record", "load_script", "replay", "restore", "save", "save_record", "scenario_of", "write_report",
]  # fmt: skip

_HOME = {
    "Fault": "fault", "FaultError": "fault", "FmuPlant": "fmu_plant", "Jitter": "pacing", "Pacer": "pacing", "RecordError":
    "record", "Recorder": "record", "Result": "commission_run", "Runner": "runner", "ScriptError": "commission_script",
    "SensorFaults": "sensor_faults", "ServedPlant": "served_plant", "SnapshotError": "snapshot", "Verdict": "commission_watch",
    "What": "fault", "chart": "commission_charts", "commission": "commissioning", "export_fmu": "fmu_export", "load_faults":
    "fault_file", "load_record": "record", "load_script": "commission_file", "replay": "replaying", "restore": "snapshot", "save":
    "snapshot", "save_record": "record", "scenario_of": "default_scenario", "write_report": "commission_report",
}  # fmt: skip

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(__name__, {name: f"{__name__}.{module}" for name, module in _HOME.items()}, __all__)
