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
    from lowlift.thermal.cdu import CDU
    from lowlift.thermal.chiller import CarnotChiller, EirChiller
    from lowlift.thermal.chip import LeakyChip
    from lowlift.thermal.coldplate import ColdPlate
    from lowlift.thermal.component import Component, ParameterError
    from lowlift.thermal.crah import Crah
    from lowlift.thermal.dx import DxUnit
    from lowlift.thermal.evaporative import AdiabaticAssist, CelDekPad, DirectEvaporativeCooler, IndirectDryCoil, IndirectWetCoil
    from lowlift.thermal.exchange import Exchanger, FinnedCoil, PlateHeatExchanger
    from lowlift.thermal.fluids import Fluid
    from lowlift.thermal.hydraulics import ControlValve, Fan, Pump
    from lowlift.thermal.mixing import AirsideEconomiser
    from lowlift.thermal.rear_door import RearDoor
    from lowlift.thermal.server import AirServer, IteServer
    from lowlift.thermal.tower import CoolingTowerCell

__all__ = [
    "CDU", "AdiabaticAssist", "AirServer", "AirsideEconomiser", "Aisles", "CarnotChiller", "CelDekPad", "ColdPlate",
    "Component", "ControlValve", "CoolingTowerCell", "Crah", "DirectEvaporativeCooler", "DxUnit", "EirChiller", "Exchanger",
    "Fan", "FinnedCoil", "Fluid", "IndirectDryCoil", "IndirectWetCoil", "IteServer", "LeakyChip", "ParameterError",
    "PlateHeatExchanger", "Pump", "RearDoor", "ops", "psychrometrics",
]  # fmt: skip

_HOME = {
    "Aisles": "aisle", "CDU": "cdu", "CarnotChiller": "chiller", "EirChiller": "chiller", "LeakyChip": "chip", "ColdPlate":
    "coldplate", "Component": "component", "ParameterError": "component", "Crah": "crah", "DxUnit": "dx", "AdiabaticAssist":
    "evaporative", "CelDekPad": "evaporative", "DirectEvaporativeCooler": "evaporative", "IndirectDryCoil": "evaporative",
    "IndirectWetCoil": "evaporative", "Exchanger": "exchange", "FinnedCoil": "exchange", "PlateHeatExchanger": "exchange",
    "Fluid": "fluids", "ControlValve": "hydraulics", "Fan": "hydraulics", "Pump": "hydraulics", "AirsideEconomiser":
    "mixing", "RearDoor": "rear_door", "AirServer": "server", "IteServer": "server", "CoolingTowerCell": "tower", "ops":
    "ops", "psychrometrics": "psychrometrics",
}  # fmt: skip

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(__name__, {name: f"{__name__}.{module}" for name, module in _HOME.items()}, __all__)
