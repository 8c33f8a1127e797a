"""One machine of each kind, for tests of relations."""

import dataclasses

from lowlift.thermal.aisle import Aisles
from lowlift.thermal.auxiliary_racks import AuxiliaryRacks
from lowlift.thermal.cdu import CDU
from lowlift.thermal.cdu_air import AirCDU
from lowlift.thermal.chiller import CarnotChiller
from lowlift.thermal.chiller_air import CARRIER_30XA500, AirCooledChiller
from lowlift.thermal.chiller_eir import EirChiller
from lowlift.thermal.chip import LeakyChip
from lowlift.thermal.coldplate import ColdPlate
from lowlift.thermal.crah import Crah
from lowlift.thermal.curve_pump import CurvePump
from lowlift.thermal.dry_cooler import DryCooler
from lowlift.thermal.dx import DxUnit
from lowlift.thermal.economiser import WatersideEconomiser
from lowlift.thermal.evaporative import AdiabaticAssist, CelDekPad, DirectEvaporativeCooler
from lowlift.thermal.exchange import PlateHeatExchanger
from lowlift.thermal.heat_reuse import HeatReuse
from lowlift.thermal.hydraulics import ControlValve, Pump
from lowlift.thermal.indirect_evaporative import IndirectDryCoil, IndirectWetCoil
from lowlift.thermal.microchannel import MicrochannelPlate
from lowlift.thermal.mixing import AirsideEconomiser
from lowlift.thermal.part_load import TOWER_FAN
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

PLATE = PlateHeatExchanger(
    Q_dot_nominal=8e5, T_hot_in_nominal=318.15, T_cold_in_nominal=303.15, m_hot_nominal=20.0, m_cold_nominal=20.0, cp_hot=3970.0,
    cp_cold=4180.0,
)  # fmt: skip
RATING = {"Q_dot_nominal": 1e6, "T_wb_nominal": 298.15, "approach_nominal": 4.0, "range_nominal": 6.0, "V_air_nominal": 28.0,
          "P_fan_nominal": 4e4}  # fmt: skip
MERKEL, YORK = CoolingTowerCell(**RATING), YorkTowerCell(**RATING)
SETPOINT = SetpointTower(T_wb_nominal=298.75, approach_nominal=3.9, range_nominal=5.6, V_water_nominal=0.062, V_air_nominal=40.0,
                         P_fan_nominal=15500.0)  # fmt: skip
PUMP = Pump(V_dot_nominal=0.03, dp_nominal=2e5)
GROUP = PumpGroup(pump=PUMP, n_max=3.0)
VALVE = ControlValve(C_max=1e-4)
UNIT = CDU(exchanger=PLATE, pump=PUMP, valve=VALVE, C_secondary_loop=6e-5, C_primary_fixed=8e-5, C_return=4e6, C_supply=2e6)
AIR_UNIT = AirCDU(Q_dot_nominal=7e4, T_return_nominal=323.15, T_air_nominal=298.15, V_nominal=1.9e-3, V_air_nominal=6.0, dp_nominal=1.5e5,
                  P_fan_nominal=3.5e3)  # fmt: skip
CARNOT = CarnotChiller(Q_dot_nominal=9e5, COP_nominal=7.5, T_chw_out_nominal=291.15, T_cw_in_nominal=301.15, m_cw_nominal=38.0)
DRY = DryCooler(
    Q_dot_nominal=2.9e6, T_air_nominal=308.15, T_in_nominal=319.26, T_out_nominal=313.7, V_air_nominal=320.0, P_fan_nominal=1.2e5
)
EXPONENTIAL = dataclasses.replace(DRY, exponential=True)
EIR = EirChiller(
    Q_dot_nominal=1.0e6, COP_nominal=5.8, PLR_min=0.1, PLR_unload=0.2, PLR_max=1.06, T_e_min=277.6, T_e_max=283.0, T_c_min=286.0,
    T_c_max=308.0, T_part_min=273.0, T_part_max=373.0, cap_ft=(0.87, 0.034, -6e-4, 3.2e-3, -2.3e-4, 3.4e-4),
    eir_ft=(0.63, -9e-3, 5e-4, 5.5e-3, 4.2e-4, -7.6e-4), eir_fplr=(0.09, 0.37, 0.54),
)  # fmt: skip
AIR_CHILLER = AirCooledChiller(curves=CARRIER_30XA500, fan_ratio=0.02)
CRAH = Crah(Q_dot_nominal=1.2e6, T_air_in_nominal=309.15, T_water_in_nominal=291.15, m_water_nominal=40.0, V_air_nominal=90.0,
            P_fan_nominal=5.5e4)  # fmt: skip
DX = DxUnit(Q_dot_nominal=1e5, P_fan_nominal=5e3)
ECONOMISER = WatersideEconomiser(Q_dot_nominal=9e5, T_return_nominal=293.15, T_cw_nominal=285.15, m_chw_nominal=45.0, m_cw_nominal=60.0)
PAD = CelDekPad(area=2.0, depth=0.3)
DIRECT, DRY_COIL, WET_COIL = DirectEvaporativeCooler(pad=PAD), IndirectDryCoil(pad=PAD), IndirectWetCoil()
ASSIST = AdiabaticAssist(overspray=0.1)
STATION = HeatReuse(Q_direct_nominal=5e5, T_return_nominal=318.15, T_network_nominal=308.15, m_return_nominal=20.0, m_network_nominal=15.0,
                    Q_pump_nominal=1e6)  # fmt: skip
COLD_PLATE = ColdPlate()
TURBULENT = ColdPlate(transition=0.8)
RACK = Rack(P_nominal=1.25e5, liquid_share=0.85, plates=108.0, cold_plate=COLD_PLATE)
CHANNELS = MicrochannelPlate(width=0.3e-3, height=4e-3, fin=0.2e-3, channels=140.0)
CHIP = LeakyChip()
DOOR = RearDoor(Q_dot_nominal=3e4, T_exhaust_nominal=313.15, T_water_nominal=291.15, V_air_nominal=1.6, m_water_nominal=0.9)
SERVER = AirServer(P_nominal=1e4, V_nominal=0.52, P_fan_nominal=900.0, liquid_share=0.3)
ITE = IteServer(P_nominal=2e4)
TANK, LAYERS = MixedTank(volume=10.0, UA=20.0), StratifiedTank(volume=60.0, layers=3.0, m_nominal=20.0, UA=30.0)
LOOP = Thermosyphon(Q_dot_nominal=1e5, T_hot_in_nominal=308.15, T_cold_in_nominal=288.15, m_hot_nominal=12.0, m_cold_nominal=14.0,
                    cp_hot=1006.0, cp_cold=1006.0)  # fmt: skip
UPS, PDU = Converter(P_nominal=5e5), Converter(P_nominal=2.5e5, eta_1=0.975, eta_2=0.982, eta_3=0.98)
CHAIN = PowerChain(ups=UPS, pdu=PDU, n_ups=4.0, n_pdu=8.0)
SWITCHES = AuxiliaryRacks(n=8.0, P_idle=9e3, P_max=1.5e4, liquid_share=0.3)
HALL, AIRSIDE = Aisles(), AirsideEconomiser()
CURVE, CURVE_PUMP = TOWER_FAN, CurvePump(V_dot_nominal=0.045, dp_nominal=1.8e5)
