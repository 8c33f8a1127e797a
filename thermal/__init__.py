"""Component physics: pure relations between temperatures, flows and powers.

Every relation is written once with :mod:`lowlift.thermal.ops` and serves NumPy batches of shape ``(B, n)``
and CasADi columns of shape ``(n, 1)`` alike. Nothing here holds state or touches a file.

>>> import lowlift as ll
>>> p = ll.thermal.psychrometrics.pressure_at_altitude(0.0)
>>> w = ll.thermal.psychrometrics.humidity_ratio_from_relative_humidity(303.15, 0.5, p)
>>> print(f"{ll.thermal.psychrometrics.wet_bulb(303.15, w, p) - 273.15:.1f}")
22.0
"""

from typing import TYPE_CHECKING

from lowlift.lazy import lazy

if TYPE_CHECKING:
    from lowlift.thermal import ops, psychrometrics
    from lowlift.thermal.aisle import Aisles
    from lowlift.thermal.auxiliary_racks import AuxiliaryRacks
    from lowlift.thermal.cdu import CDU
    from lowlift.thermal.cdu_air import AirCDU
    from lowlift.thermal.chiller import CarnotChiller
    from lowlift.thermal.chiller_air import AirCooledChiller
    from lowlift.thermal.chiller_eir import EirChiller
    from lowlift.thermal.chip import LeakyChip
    from lowlift.thermal.coldplate import ColdPlate
    from lowlift.thermal.component import Component, ParameterError
    from lowlift.thermal.crah import Crah
    from lowlift.thermal.curve_pump import CurvePump
    from lowlift.thermal.dry_cooler import DryCooler
    from lowlift.thermal.dx import DxUnit
    from lowlift.thermal.economiser import WatersideEconomiser
    from lowlift.thermal.evaporative import AdiabaticAssist, CelDekPad, DirectEvaporativeCooler
    from lowlift.thermal.exchange import Exchanger, FinnedCoil, PlateHeatExchanger
    from lowlift.thermal.fluids import Fluid
    from lowlift.thermal.heat_reuse import HeatReuse
    from lowlift.thermal.hydraulics import ControlValve, Fan, Pump
    from lowlift.thermal.indirect_evaporative import IndirectDryCoil, IndirectWetCoil
    from lowlift.thermal.microchannel import MicrochannelPlate
    from lowlift.thermal.mixing import AirsideEconomiser
    from lowlift.thermal.part_load import PartLoadCurve
    from lowlift.thermal.power_chain import Converter, PowerChain
    from lowlift.thermal.pump_group import PumpGroup
    from lowlift.thermal.rack import Rack
    from lowlift.thermal.rear_door import RearDoor
    from lowlift.thermal.server import AirServer, IteServer
    from lowlift.thermal.storage import MixedTank, StratifiedTank
    from lowlift.thermal.thermosyphon import Thermosyphon
    from lowlift.thermal.tower import CoolingTowerCell
    from lowlift.thermal.tower_control import SetpointTower
    from lowlift.thermal.tower_york import YorkTowerCell

__all__ = [
    "CDU",
    "AdiabaticAssist",
    "AirCDU",
    "AirCooledChiller",
    "AirServer",
    "AirsideEconomiser",
    "Aisles",
    "AuxiliaryRacks",
    "CarnotChiller",
    "CelDekPad",
    "ColdPlate",
    "Component",
    "ControlValve",
    "Converter",
    "CoolingTowerCell",
    "Crah",
    "CurvePump",
    "DirectEvaporativeCooler",
    "DryCooler",
    "DxUnit",
    "EirChiller",
    "Exchanger",
    "Fan",
    "FinnedCoil",
    "Fluid",
    "HeatReuse",
    "IndirectDryCoil",
    "IndirectWetCoil",
    "IteServer",
    "LeakyChip",
    "MicrochannelPlate",
    "MixedTank",
    "ParameterError",
    "PartLoadCurve",
    "PlateHeatExchanger",
    "PowerChain",
    "Pump",
    "PumpGroup",
    "Rack",
    "RearDoor",
    "SetpointTower",
    "StratifiedTank",
    "Thermosyphon",
    "WatersideEconomiser",
    "YorkTowerCell",
    "ops",
    "psychrometrics",
]  # fmt: skip

_HOME = {
    "Aisles": "aisle", "AuxiliaryRacks": "auxiliary_racks", "CDU": "cdu", "AirCDU": "cdu_air", "CarnotChiller": "chiller",
    "AirCooledChiller": "chiller_air", "EirChiller": "chiller_eir", "LeakyChip": "chip", "ColdPlate": "coldplate",
    "Component": "component", "ParameterError": "component", "Crah": "crah", "CurvePump": "curve_pump", "DryCooler": "dry_cooler",
    "DxUnit": "dx", "WatersideEconomiser": "economiser", "AdiabaticAssist": "evaporative", "CelDekPad": "evaporative",
    "DirectEvaporativeCooler": "evaporative", "IndirectDryCoil": "indirect_evaporative", "IndirectWetCoil": "indirect_evaporative",
    "Exchanger": "exchange", "FinnedCoil": "exchange", "PlateHeatExchanger": "exchange", "Fluid": "fluids",
    "HeatReuse": "heat_reuse", "ControlValve": "hydraulics", "Fan": "hydraulics", "Pump": "hydraulics",
    "AirsideEconomiser": "mixing", "ops": "ops", "PartLoadCurve": "part_load", "Converter": "power_chain",
    "PowerChain": "power_chain", "psychrometrics": "psychrometrics", "PumpGroup": "pump_group", "Rack": "rack", "RearDoor": "rear_door",
    "AirServer": "server", "IteServer": "server", "MixedTank": "storage", "StratifiedTank": "storage",
    "MicrochannelPlate": "microchannel",
    "Thermosyphon": "thermosyphon", "CoolingTowerCell": "tower", "SetpointTower": "tower_control", "YorkTowerCell": "tower_york",
}  # fmt: skip

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(__name__, {name: f"{__name__}.{module}" for name, module in _HOME.items()}, __all__)
