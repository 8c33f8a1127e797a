"""Every relation of :mod:`lowlift.thermal` over its declared range, one line each; the machines are in :mod:`machines`."""

from typing import Any

import machines as m
import numpy as np
from relations import Relation, relation

from lowlift.thermal import (
    aisle,
    arrangements,
    chiller_eir,
    evaporative,
    exchange,
    hall_air,
    heat_reuse,
    hydraulics,
    mixing,
    ops,
    psychrometrics,
    rack,
    server,
    storage,
    tower,
    tower_cell,
    tower_control,
    tower_york,
    wetcoil,
)  # fmt: skip
from lowlift.thermal import ladder as ladders
from lowlift.thermal.component import Range
from lowlift.thermal.exchange import FinnedCoilExponential
from lowlift.thermal.fluids import EG30, FLUIDS, WATER
from lowlift.thermal.hydraulics import Fan
from lowlift.thermal.ladder import Decay, Ladder, Lumps, Modes
from lowlift.thermal.part_load import PartLoadCurve
from lowlift.thermal.tower_control import MoistAir

psy = psychrometrics
ONE, SPEED, P = (0.0, 1.0), (0.0, 1.0), (6.0e4, 1.05e5)

BALANCED = 20.0 * 4180.0 / 3970.0
STREAMS = ({"m_hot": 0.0, "m_cold": 0.0}, {"m_hot": BALANCED, "m_cold": 20.0}, {"m_hot": 1e-9, "m_cold": 1e-9}, {"m_hot": 0.0})
HUMID = {"T_air": (278.0, 323.0), "w": (0.0, 0.025), "T_water": (274.0, 313.0), "p": P}
W_SAT_15 = float(psy.saturation_humidity_ratio(288.15, 101325.0))
COIL_POINTS = (
    {"m_air": 0.0, "m_water": 0.0}, {"m_air": 0.0}, {"m_water": 0.0}, {"T_air": 300.0, "T_water": 300.0},
    {"T_air": 300.0, "T_water": 288.15, "w": W_SAT_15, "p": 101325.0}, {"T_air": 300.0, "T_water": 288.15, "w": W_SAT_15 + 1e-7,
             "p": 101325.0},
)  # fmt: skip
WATER_IN = ({"T_w_in": 293.15, "T_wb": 293.15}, {"m_w": 0.0}, {"m_w": 0.0, "y": 0.0}, {"y": 0.0}, {"m_w": 1e-9}, {"y": 0.15},
            {"T_wb": 302.594})  # fmt: skip
MOIST = {"T_db": (275.0, 318.0), "T_wb": (275.0, 305.0), "p": P}
SATURATED = ({"T_db": 290.0, "T_wb": 290.0}, {"T_db": 290.0, "T_wb": 290.0, "m_da": 0.0})
SECONDARY = {"T": (275.0, 318.0), "V_sup": (0.0, 3.0), "T_sec": (275.0, 318.0), "T_wb_sec": (275.0, 305.0), "p": P, "V_sec": (0.0, 3.0)}
WATERS = {"T_return": (280.0, 310.0), "T_cw": (275.0, 312.0), "T_set": (278.0, 300.0)}
NO_LOAD = ({"T_return": 290.0, "T_cw": 290.0, "T_set": 290.0}, {"m_chw": 0.0, "m_cw": 0.0}, {"m_chw": 0.0, "T_cw": 280.0},
           {"T_set": 290.0, "T_return": 290.0})  # fmt: skip
TEMPERATURES = {"T_hot_in": (275.0, 340.0), "T_cold_in": (275.0, 340.0)}


def lumps(*x: Any) -> Lumps:
    return Lumps(*x)


def ladder(g1: Any, g2: Any, g3: Any) -> Ladder:
    return Ladder(g1, g2, g3, 60.0, 350.0, 180.0)


LADDER = {"g1": (10.0, 100.0), "g2": (5.0, 100.0), "g3": (0.0, 300.0)}
THREE = {"chip": (280.0, 370.0), "plate": (280.0, 370.0), "cool": (280.0, 370.0)}
MEMBERS = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0]])
AB = {"a": (-2.0, 2.0), "b": (-2.0, 2.0)}
KINKS = ({"a": 0.0, "b": 0.0}, {"a": 0.1, "b": 0.0}, {"a": -0.1, "b": 0.0})
X = {"x": (-3.0, 3.0)}
ZERO = ({"x": 0.0}, {"x": 0.1}, {"x": 1.0})


def state_of(cell: Any, T_w_in: Any, m_w: Any, T_wb: Any, p: Any, y: Any, above: Any) -> Any:
    return cell.water(cell.leave(T_w_in, m_w, T_wb, p, y, T_wb + above), p, y)


def rack_of(flow: Any) -> Any:
    ladder = m.RACK.ladder(flow, 3969.0)
    return [ladder.g2, ladder.g3, ladder.decay(4.0)]


def rest_of(at: Any) -> Any:
    return lambda m_c, m_s, Q, T: at(m.HALL.flows(m_c, m_s), T, Q)


RELATIONS: list[Relation] = [
    # elementary functions
    relation(ops.exp, x=(-50.0, 50.0)), relation(ops.log, x=(1e-6, 1e6)), relation(ops.sqrt, x=(1e-12, 1e6)),
    relation(ops.expm1, x=(-50.0, 50.0)), relation(ops.log1p, x=(-0.9, 1e6)), relation(ops.tanh, **X), relation(ops.cos, **X),
    relation(ops.arccos, x=(-0.999, 0.999)), relation(ops.absolute, **X, points=ZERO),
    relation(ops.maximum, **AB, points=KINKS), relation(ops.minimum, **AB, points=KINKS),
    relation(ops.clip, fixed={"low": -1.0, "high": 1.0}, **X, points=ZERO),
    relation(ops.where, call=lambda x: ops.where(x > 0.0, x * x, x), **X, points=ZERO),
    relation(ops.smooth_max, fixed={"width": 0.1}, **AB, points=KINKS),
    relation(ops.smooth_min, fixed={"width": 0.1}, **AB, points=KINKS),
    relation(ops.ramp, fixed={"width": 0.1}, **X, points=ZERO), relation(ops.blended_max, fixed={"width": 0.1}, **AB, points=KINKS),
    relation(ops.blended_min, fixed={"width": 0.1}, **AB, points=KINKS),
    relation(ops.at_least, fixed={"small": 0.1}, x=(0.0, 2.0), points=ZERO),
    relation(ops.taken, fixed={"width": 0.02}, supply=(0.0, 50.0), points=({"supply": 1.0}, {"supply": 0.98})),
    relation(ops.one_way, fixed={"width": 0.1}, **X, points=ZERO), relation(ops.smooth_step, **X, points=ZERO),
    relation(ops.smooth_abs, fixed={"width": 0.1}, **X, points=ZERO), relation(ops.softplus, fixed={"width": 0.01}, **X, points=ZERO),
    relation(ops.exprel, z=(-700.0, 20.0), points=({"z": 0.0}, {"z": 1e-2}, {"z": -1e-2}, {"z": 1e-300})),
    relation(ops.exprel_slope, z=(-700.0, 20.0), points=({"z": 0.0}, {"z": 1e-2}, {"z": -1e-2})),
    relation(ops.power, fixed={"exponent": 0.8, "small": 1e-3}, x=(0.0, 10.0)),
    relation(ops.polynomial, fixed={"coefficients": (1.0, 2.0, -3.0)}, **X),
    relation(ops.interpolate, fixed={"xs": (-1.0, 0.0, 2.0), "ys": (0.0, 3.0, 1.0)}, **X, points=ZERO),
    relation(ops.sum_components, call=lambda a, b: ops.sum_components(ops.stack([a, b])), **AB),
    relation(ops.stack, call=lambda a, b: ops.split(ops.stack([b, a]), [1, 1]), **AB),
    relation(ops.split, call=lambda a, b: ops.split(ops.stack([a, b, a + b]), [1, 1, 1]), **AB),
    relation(ops.segment_sum, call=lambda a, b: ops.split(ops.segment_sum(ops.stack([a, b, a]), MEMBERS), [1, 1]), **AB),
    relation(
        ops.segment_max, call=lambda a, b: ops.split(ops.segment_max(ops.stack([a, b, a]), np.array([0, 2])), [1, 1]), **AB
    ),
    relation(ops.gather, call=lambda a, b: ops.split(ops.gather(ops.stack([a, b]), np.array([1, 0, 1])), [1, 1, 1]), **AB),
    relation(ops.constant, call=lambda a, b: ops.split(ops.constant(np.array([2.0, 3.0]), a) * ops.stack([a, b]), [1, 1]), **AB),
    relation(Range(0.0, 1.0).excess, **X, points=ZERO),
    relation(m.PLATE.violations, call=lambda a, b: [*m.PLATE.violations(m_hot=a, m_cold=b).values()], a=(-5.0, 50.0), b=(-5.0, 50.0)),
    # liquids and moist air
    *(relation(getattr(f, quantity), T=(f.T_min, f.T_max)) for f in FLUIDS.values() for quantity in ("rho", "cp", "k", "mu")),
    *(relation(f, T=(233.0, 363.0), points=({"T": 273.15}, {"T": 273.16})) for f in (
        psy.saturation_pressure_over_water, psy.saturation_pressure_slope_over_water, psy.saturation_pressure)),
    *(relation(f, T=(233.0, 353.0), p=(5e4, 1.1e5), points=({"T": 273.16},)) for f in (
        psy.saturation_humidity_ratio, psy.saturation_enthalpy)),
    relation(psy.humidity_ratio_from_dew_point, T_dp=(233.0, 353.0), p=(5e4, 1.1e5)),
    relation(psy.humidity_ratio_from_relative_humidity, T=(233.0, 353.0), rh=ONE, p=(5e4, 1.1e5)),
    relation(psy.relative_humidity, T=(233.0, 363.0), w=(0.0, 0.03), p=(5e4, 1.1e5)),
    relation(psy.enthalpy, T=(233.0, 363.0), w=(0.0, 0.03)), relation(psy.temperature_from_enthalpy, h=(-4e4, 2e5), w=(0.0, 0.03)),
    relation(psy.specific_volume, T=(233.0, 363.0), w=(0.0, 0.03), p=(5e4, 1.1e5)),
    relation(psy.density, T=(233.0, 363.0), w=(0.0, 0.03), p=(5e4, 1.1e5)),
    relation(psy.humidity_ratio_from_wet_bulb, T=(275.0, 323.0), T_wb=(255.0, 310.0), p=P, points=({"T_wb": 273.15}, {"T_wb": 273.16})),
    relation(psy.wet_bulb, T=(280.0, 323.0), w=(0.0, 0.006), p=P, points=({"w": 0.006, "T": 288.0}, {"w": 1e-7})),
    relation(psy.dew_point, w=(0.0, 0.03), p=P, points=({"w": 0.00376, "p": 101325.0}, {"w": 1e-7})),
    relation(psy.pressure_at_altitude, z=(-400.0, 5000.0)), relation(hall_air.hall_density, p=(5e4, 1.1e5)),
    # exchangers
    *(relation(f, NTU=(0.0, 40.0), C_ratio=ONE, points=({"NTU": 0.0}, {"C_ratio": 1.0, "NTU": 0.0}, {"C_ratio": 0.999999})) for f in (
        exchange.effectiveness_counterflow, exchange.effectiveness_crossflow, exchange.effectiveness_crossflow_exponential,
        arrangements.effectiveness_parallel, arrangements.effectiveness_shell_tube, arrangements.effectiveness_crossflow_larger_mixed,
        arrangements.effectiveness_crossflow_smaller_mixed, m.PLATE.effectiveness, m.CRAH.coil.effectiveness,
        FinnedCoilExponential.effectiveness)),
    relation(arrangements.effectiveness_phase_change, NTU=(0.0, 40.0)),
    *(relation(f, points=STREAMS) for f in (m.PLATE.UA, m.PLATE.reach, m.PLATE.conductance)),
    *(relation(c.transfer, **TEMPERATURES, points=(*STREAMS, {"T_hot_in": 300.0, "T_cold_in": 300.0})) for c in (
        m.PLATE, m.CRAH.coil, m.DRY.coil)),
    relation(wetcoil.cool, fixed={"coil": m.CRAH.coil}, **HUMID, m_air=(0.0, 105.0), m_water=(0.0, 45.0), points=COIL_POINTS),
    relation(wetcoil.condensing, T_air=(278.0, 323.0), w=(0.001, 0.02), q=(0.0, 2.5e4), contact=(0.5, 1.0), p=(7e4, 1.05e5),
             points=({"q": 0.0}, {"q": 1.0})),
    relation(wetcoil.saturation_temperature, call=lambda T, p, above: wetcoil.saturation_temperature(psy.saturation_enthalpy(T, p), p,
             T + above),
             T=(273.2, 313.0), p=P, above=(0.0, 15.0)),
    relation(m.CRAH.m_air), relation(m.CRAH.conductance, points=({"m_air": 0.0, "m_water": 0.0},)), relation(m.CRAH.P_fan),
    relation(m.CRAH.cool, w=HUMID["w"], p=P, points=COIL_POINTS),
    relation(m.DOOR.dp_air), relation(m.DOOR.P_fan_extra), relation(m.DOOR.dew_margin, T_water=(280.0, 300.0), T_dew=(270.0, 300.0)),
    relation(m.DOOR.state, T_exhaust=(285.0, 330.0), T_water=(283.0, 303.0), T_dew=(270.0, 295.0),
             points=({"m_air": 0.0, "m_water": 0.0}, {"T_exhaust": 295.0, "T_water": 295.0})),
    relation(m.DOOR.capture, call=lambda T, flow, T_w, m_w, T_room: m.DOOR.capture(m.DOOR.state(T, flow, T_w, m_w, 283.0), T, T_room),
             T=(285.0, 330.0), flow=(0.0, 2.8), T_w=(283.0, 303.0), m_w=(0.0, 1.35), T_room=(290.0, 310.0)),
    relation(m.LOOP.conductance, points=STREAMS),
    relation(m.LOOP.transfer, points=(*STREAMS, {"T_hot_in": 300.0, "T_cold_in": 300.0}, {"T_hot_in": 301.0, "T_cold_in": 300.0})),
    relation(m.ECONOMISER.available, T_return=WATERS["T_return"], T_cw=WATERS["T_cw"], points=NO_LOAD[1:3]),
    *(relation(f, **WATERS, points=NO_LOAD) for f in (m.ECONOMISER.integrated, m.ECONOMISER.non_integrated)),
    relation(m.STATION.COP, T_source=(280.0, 338.0), T_set=(293.0, 358.0)),
    relation(m.STATION.deliver, points=({"m_return": 0.0, "m_net": 0.0, "u": 1.0}, {"m_return": 0.0, "T_set": 340.0, "T_net": 310.0,
             "u": 1.0},
             {"m_net": 0.0, "T_set": 340.0, "T_net": 300.0, "u": 1.0}, {"T_return": 300.0, "T_net": 300.0, "T_set": 300.0})),
    *(relation(f, E_total=(1.0, 3.0), E_reused=(0.0, 1.0), **more) for f, more in (
        (heat_reuse.energy_reuse_effectiveness, {"E_it": (0.5, 2.0)}), (heat_reuse.energy_reuse_factor, {}))),
]  # fmt: skip
"""Elementary functions, fluids, exchangers."""

RELATIONS += [
    # racks, plates, chips, servers
    *(relation(f) for c in (m.COLD_PLATE, m.TURBULENT) for f in (c.UA_coolant, c.dp)),
    *(relation(c.T_chip, T_in=(283.0, 333.0), cp=(3500.0, 4200.0), points=({"m_dot": 0.0, "q": 0.0}, {"m_dot": 1e-9})) for c in (
        m.COLD_PLATE, m.TURBULENT)),
    relation(m.RACK.heat), relation(rack.split_heat, P=(0.0, 1e6), fixed={"liquid_share": 0.85}),
    relation(m.RACK.ladder, call=rack_of,
             flow=(0.0, 12.0)),
    relation(m.RACK.T_chip, T_in=(283.0, 333.0), cp=(3500.0, 4200.0), points=({"m": 0.0},)),
    relation(Lumps.shifted, call=lambda *x: lumps(*x[:3]).shifted(x[3]), **THREE, by=(-5.0, 5.0)),
    relation(Lumps.times, call=lambda *x: lumps(*x[:3]).times(x[3]), **THREE, factor=(-5.0, 5.0)),
    *(relation(f, call=lambda a, b, f=f: f(lumps(a, b, a), lumps(b, a, b)), **AB) for f in (Lumps.plus, Lumps.minus)),
    relation(Ladder.decay, call=lambda g1, g2, g3, h: ladder(g1, g2, g3).decay(h), **LADDER, h=(0.1, 900.0),
             points=({"g3": 0.0}, {"g3": 0.0, "h": 1e5}, {"g3": 1e-9})),
    relation(Ladder.resistances, call=lambda *g: ladder(*g).resistances(), **LADDER, points=({"g3": 1e-9},)),
    *(relation(Decay.apply, call=lambda *x, g3=g3: ladder(50.0, 62.5, g3).decay(4.0).apply(lumps(*x)), **THREE) for g3 in (0.0, 100.0)),
    relation(Modes.enter, call=lambda *x: ladder(50.0, 62.5, 100.0).modes.enter(lumps(*x)), **THREE),
    relation(Modes.leave, call=lambda *x: ladder(50.0, 62.5, 100.0).modes.leave(x), **THREE),
    relation(Modes.kept, call=lambda *g: ladder(*g[:3]).modes.kept(g[3]), **LADDER, h=(0.1, 900.0)),
    relation(ladders.dot, call=lambda *x: ladders.dot(x, (1.0, 2.0, 3.0)), **THREE),
    relation(m.CHANNELS.velocity, V_dot=(0.0, 1e-3)),
    *(relation(f, fixed={"fluid": fluid}, T=(278.15, 343.15), V_dot=(0.0, 1e-3), points=({"V_dot": 0.0},)) for fluid in (WATER,
             EG30) for f in (
        m.CHANNELS.reynolds, m.CHANNELS.conductance, m.CHANNELS.dp)),
    relation(m.CHIP.gain_at_limit), relation(m.CHIP.P_leak, T=(273.15, 450.0), points=({"T": m.CHIP.T_max},)),
    relation(m.CHIP.slope, T=(273.15, 450.0), points=({"T": m.CHIP.T_max},)), relation(m.CHIP.P, points=({"T": m.CHIP.T_max},)),
    relation(m.CHIP.loop_gain), relation(m.CHIP.steady, T_ref=(280.0, 330.0), points=({"R": 0.0}, {"u": 0.0})),
    relation(m.SERVER.fan_ratio), relation(m.SERVER.P_it), relation(m.SERVER.state),
    relation(m.SERVER.state, rho=(0.6, 1.3), w=(0.0, 0.03)),
    relation(m.SERVER.mass_conductance, m_air=(0.0, 0.7)),
    *(relation(f, call=lambda T_mass, u, T_in, w, f=f: f(T_mass, m.SERVER.state(u, T_in, 1.1, w), T_in, w), T_mass=(283.0, 350.0), u=ONE,
               T_in=(283.0, 318.0), w=(0.0, 0.03)) for f in (m.SERVER.mass_rate, m.SERVER.T_exhaust)),
    relation(m.ITE.state, rho=(0.6, 1.3), w=(0.0, 0.03), points=({"u": 0.0},)),
    relation(server.c_p, w=(0.0, 0.03)), relation(server.inlet, T_supply=(283.0, 310.0), T_return=(283.0, 330.0), x_rec=ONE),
    relation(m.SWITCHES.heat),
    # distribution units, circuits, pumps, fans
    relation(m.UNIT.secondary_flow), relation(m.UNIT.primary_conductance),
    relation(m.UNIT.rates, T_return=(283.0, 333.0), T_supply=(283.0, 333.0), T_fws=(283.0, 323.0), Q_racks=(0.0, 1e6), C_dot=(0.0, 1.2e5),
             G=(0.0, 8e4), Q_pump=(0.0, 8e3)),
    relation(m.AIR_UNIT.flow), relation(m.AIR_UNIT.reach, points=({"y_pump": 0.0, "y_fan": 0.0},)),
    relation(m.AIR_UNIT.operate, points=({"y_pump": 0.0, "y_fan": 0.0}, {"T_return": 300.0, "T_air": 300.0})),
    *(relation(f, points=({"V_dot": 0.0, "y": 0.0},)) for f in (m.PUMP.dp, m.PUMP.P_shaft, m.PUMP.P_el, m.PUMP.efficiency)),
    relation(hydraulics.operating_flow, fixed={"pump": m.PUMP}, n=(0.0, 3.0), y=SPEED, C=(0.0, 3e-4), dp_static=(0.0, 1e5),
             points=({"n": 0.0, "C": 0.0}, {"y": 0.5, "dp_static": 0.25 * m.PUMP.H0})),
    relation(hydraulics.operating_flow_of_curve, H0=(1e5, 3e5), a=(1e7, 1e8), n=(0.0, 3.0), y=SPEED, C=(0.0, 3e-4), dp_static=(0.0, 1e5)),
    relation(hydraulics.motor_part_load, load=(0.0, 1.2), fixed={"c": 0.2}),
    relation(hydraulics.series_conductance, C1=(0.0, 1e-3), C2=(0.0, 1e-3)),
    relation(m.VALVE.conductance), relation(m.VALVE.opening), relation(Fan(P_nominal=1e4).P_el), relation(Fan(P_nominal=1e4).P_per_speed),
    relation(m.CURVE.ratio), relation(m.CURVE.P_el, points=({"x": 0.05},)),
    relation(PartLoadCurve(c0=0.1, c1=0.3, c2=0.6).P_el), relation(m.CURVE_PUMP.P_el), relation(m.CURVE_PUMP.heat),
    relation(m.GROUP.pumps_needed), relation(m.GROUP.speed, dp=(0.0, 2e5), points=({"V_dot": 0.0, "dp": 0.0, "n": 0.0},)),
    relation(m.GROUP.flow, C=(0.0, 3e-4), dp_static=(0.0, 1e5)), relation(m.GROUP.operate, points=({"V_dot": 0.0, "n": 0.0, "y": 0.0},)),
    # towers, dry coolers, evaporative coolers, outdoor air
    relation(tower.merkel, T_w_in=(275.0, 330.0), T_wb=(250.0, 305.0), p=P, UA=(1e2, 1e5), m_w=(0.0, 45.0), m_a=(3.0, 35.0),
             points=({"T_w_in": 290.0, "T_wb": 290.0}, {"m_w": 0.0})),
    relation(m.MERKEL.UA, m_w=(0.0, 50.0), r=(0.1, 1.0)),
    relation(tower_cell.saturated, T=(250.0, 330.0), p=P),
    relation(tower_cell.wet_bulb_of_gain, call=lambda T, drive, x, p: tower_cell.wet_bulb_of_gain(
        x * (tower_cell.saturated(T + drive, p)[0] - tower_cell.saturated(T, p)[0]), T, drive, p),
        T=(253.0, 302.0), drive=(1e-3, 30.0), x=ONE, p=P),
    *(relation(cell.leave, points=WATER_IN, **({"T_db": (275.0, 318.0)} if aired else {})) for cell in (m.MERKEL,
             m.YORK) for aired in (False, True)),
    *(relation(cell.water, call=lambda *x, cell=cell: state_of(cell, *x), T_w_in=(275.0, 325.0), m_w=(0.0, 45.0), T_wb=(253.0, 302.0),
             p=P,
               y=SPEED, above=(0.0, 15.0), points=({"m_w": 0.0, "y": 0.0},)) for cell in (m.MERKEL, m.YORK)),
    relation(m.MERKEL.air, **MOIST), relation(m.MERKEL.air_ratio), relation(m.MERKEL.fan_power),
    relation(tower_york.approach, R=(0.0, 25.0), T_wb=(238.0, 303.0), LG=(0.1, 10.0)),
    relation(tower_york.effectiveness, drive=(0.0, 40.0), T_wb=(238.0, 303.0), LG=(0.0, 10.0)),
    relation(m.YORK.cooling, drive=(0.0, 40.0), x=(0.0, 1.25), points=({"x": 0.0, "y": 0.0},)),
    *(relation(f, T_set=(275.0, 305.0), V_water=(0.0, 0.08), points=({"T_in": 290.0, "T_wb": 290.0, "T_set": 290.0},
             {"V_water": 0.0})) for f in (
        m.SETPOINT.leaving, m.SETPOINT.fan)),
    relation(m.SETPOINT.fan_power, y=SPEED),
    relation(m.SETPOINT.water, call=lambda Q, r, T_wb, p, flow: m.SETPOINT.water(Q, r, MoistAir(T_wb, 0.003, p, 1.1), flow), Q=(0.0,
             2e6), r=(0.0, 1.0),
             T_wb=(275.0, 302.0), p=P, flow=(0.0, 70.0), points=({"Q": 0.0, "r": 0.0},)),
    relation(tower_control.temperature_of_saturated, call=lambda T, p: tower_control.temperature_of_saturated(
        psy.saturation_enthalpy(T, p), p, T + 3.0), T=(275.0, 315.0), p=P),
    relation(tower_control.volume_flow, m_water=(0.0, 70.0), T=(275.0, 325.0)),
    relation(m.DRY.m_air, w=(0.0, 0.03)), relation(m.DRY.P_fan),
    relation(m.DRY.conductance, m=(0.0, 160.0), w=(0.0, 0.03), points=({"m": 0.0, "y": 0.0},)),
    *(relation(c.leave, m=(0.0, 160.0), w=(0.0, 0.03), points=({"m": 0.0, "y": 0.0}, {"T_in": 300.0, "T_db": 300.0})) for c in (
        m.DRY, m.EXPONENTIAL)),
    relation(evaporative.humidify, **MOIST, m_da=(0.0, 10.0), eff=ONE, points=SATURATED),
    relation(evaporative.makeup, evaporation=(0.0, 1.0), fixed={"cycles": 4.0}),
    relation(m.PAD.face_velocity, **MOIST, m_da=(0.0, 10.0)), relation(m.PAD.effectiveness, V=(0.0, 20.0)), relation(m.PAD.dp),
    relation(m.PAD.range_violation, V=(0.0, 20.0)),
    *(relation(f, evaporation=(0.0, 1.0)) for f in (m.DIRECT.makeup, m.ASSIST.makeup)), relation(m.DIRECT.P_el, s=ONE),
    relation(m.DIRECT.leave, **MOIST, m_da=(0.0, 10.0), s=ONE, points=SATURATED),
    *(relation(f, V_sec=(0.0, 3.0), s=ONE) for f in (m.DRY_COIL.P_el, m.WET_COIL.P_el)),
    relation(m.DRY_COIL.leave, **SECONDARY, s=ONE, points=({"V_sup": 0.0, "V_sec": 0.0}, {"T_sec": 290.0, "T_wb_sec": 290.0})),
    relation(m.WET_COIL.leave, T=SECONDARY["T"], V_sup=(0.0, 3.0), T_wb_sec=(275.0, 305.0), V_sec=(0.0, 3.0), rho=(0.6, 1.3), s=ONE,
             points=({"V_sup": 0.0, "V_sec": 0.0}, {"T": 290.0, "T_wb_sec": 290.0})),
    relation(m.ASSIST.leave, **MOIST, m_da=(0.0, 400.0), s=ONE, points=SATURATED),
    relation(mixing.mix, T_oa=(248.0, 315.0), w_oa=(2e-4, 6e-4), T_ra=(295.0, 318.0), w_ra=(0.004, 0.025), x=ONE, p=P,
             points=({"T_oa": 300.0, "T_ra": 300.0}, {"T_oa": 253.15, "w_ra": 0.025, "T_ra": 303.15, "x": 0.5})),
    relation(m.AIRSIDE.enable, T_oa=(233.0, 333.0), w_oa=(0.0, 0.03), T_ra=(283.0, 333.0), p=P),
    relation(m.AIRSIDE.outdoor_share, T_oa=(233.0, 333.0), w_oa=(0.0, 0.03), T_ra=(283.0, 333.0), T_set=(285.0, 303.0), p=P,
             points=({"T_oa": 300.0, "T_ra": 300.0, "T_set": 300.0},)),
    # chillers
    relation(m.CARNOT.capacity),
    relation(m.CARNOT.P_el, m_cw=(0.0, 57.0), points=({"Q_dot": 0.0, "m_cw": 0.0}, {"T_chw": 290.0, "T_cw_in": 290.0})),
    *(relation(f, x=(0.0, 20.0), y=(0.0, 40.0), fixed={"c": tuple(0.1 * k for k in range(n))}) for f, n in (
        (chiller_eir.biquadratic, 6), (chiller_eir.bicubic, 10))),
    relation(chiller_eir.wanted, T_chw_in=(275.0, 300.0), T_set=(275.0, 290.0), points=({"T_chw_in": 285.0, "T_set": 285.0},)),
    relation(m.EIR.range_violation, T_chw=(270.0, 300.0), T_c=(270.0, 320.0)), relation(m.EIR.capacity, points=({"T_chw": 300.0},)),
    relation(m.EIR.work, Q_load=(0.0, 1.3e6)),
    relation(m.EIR.least_power, Q_dot=(0.0, 1.2e6), T_chw=(275.0, 290.0), T_hot=(270.0, 320.0)),
    *(relation(f, **load, T_chw=(275.0, 288.0), T_cw_in=(283.0, 310.0), m_cw=(0.0, 60.0), points=({"m_cw": 0.0, **dict.fromkeys(load,
             0.0)},))
      for f, load in ((m.EIR.operate, {"Q_load": (0.0, 1.3e6)}), (m.EIR.P_el, {"Q_dot": (0.0, 1.3e6)}))),
    relation(m.EIR.cool, T_chw_in=(278.0, 305.0), m_chw=(0.0, 60.0), T_set=(278.0, 285.0), T_cw_in=(286.0, 308.0), m_cw=(10.0, 60.0),
             points=({"m_chw": 0.0}, {"T_chw_in": 280.0, "T_set": 280.0})),
    relation(m.AIR_CHILLER.range_violation, T_chw=(270.0, 300.0), T_db=(253.0, 325.0)),
    relation(m.AIR_CHILLER.operate, Q_load=(0.0, 2e6), T_db=(253.0, 320.0), points=({"Q_load": 0.0},)),
    relation(m.AIR_CHILLER.cool, T_chw_in=(278.0, 305.0), m_chw=(0.0, 90.0), T_set=(278.0, 283.0), T_db=(253.0, 320.0),
             points=({"m_chw": 0.0}, {"T_chw_in": 280.0, "T_set": 280.0})),
    relation(m.DX.range_violation, T_odb=(255.0, 325.0), T_wb=(280.0, 300.0)), relation(m.DX.capacity, r=(0.0, 1.5)),
    relation(m.DX.state, load=(0.0, 1.5e5), T_odb=(255.0, 325.0), T_wb=(280.0, 300.0), r=(0.0, 1.5), points=({"load": 0.0, "r": 0.0},)),
    # halls, storage, electric path
    relation(aisle.supply_heat_index, T_in=(290.0, 300.0), T_exhaust=(303.0, 320.0), T_supply=(285.0, 293.0)),
    relation(m.HALL.flows, m_supply=(0.0, 50.0), m_servers=(0.0, 50.0), points=({"m_supply": 1e-9, "m_servers": 1e-9},)),
    relation(m.HALL.at_rest, call=rest_of(m.HALL.at_rest), m_c=(0.0, 50.0), m_s=(0.0, 50.0), Q=(0.0, 1e6), T=(285.0, 305.0)),
    relation(m.HALL.T_return, call=rest_of(m.HALL.T_return), m_c=(0.0, 50.0), m_s=(0.0, 50.0), Q=(285.0, 305.0), T=(285.0, 340.0)),
    relation(m.HALL.rates, call=lambda m_c, m_s, a, b, c, d: m.HALL.rates(m.HALL.flows(m_c, m_s), a, b, c, d), m_c=(0.0, 50.0), m_s=(0.0,
             50.0),
             a=(285.0, 305.0), b=(285.0, 330.0), c=(285.0, 305.0), d=(285.0, 340.0)),
    relation(storage.mixed_step, T=(275.0, 320.0), T_in=(275.0, 320.0), C_dot=(0.0, 1e5), T_amb=(285.0, 305.0), UA=(0.0, 100.0), C=(1e6,
             1e8),
             h=(0.0, 2e4), points=({"C_dot": 0.0, "UA": 0.0},)),
    relation(m.TANK.step, T=(275.0, 320.0), T_in=(275.0, 320.0), m=(0.0, 40.0), T_amb=(285.0, 305.0), h=(0.0, 2e4)),
    relation(m.LAYERS.energy, call=lambda a, b: m.LAYERS.energy((a, b, a), 285.0), a=(275.0, 320.0), b=(275.0, 320.0)),
    relation(m.LAYERS.step, call=lambda a, b, c, flow, top, bottom, amb, h: m.LAYERS.step((a, b, c), flow, top, bottom, amb, h),
             a=(275.0, 320.0),
             b=(275.0, 320.0), c=(275.0, 320.0), flow=(-40.0, 40.0), top=(275.0, 320.0), bottom=(275.0, 320.0), amb=(285.0, 305.0),
             h=(0.0, 2e4),
             points=({"flow": 0.0}, {"flow": 0.02}, {"flow": -0.02}, {"h": 0.0})),
    relation(m.UPS.convert, call=lambda P_out, n: m.UPS.convert(P_out, n), P_out=(0.0, 6e5), n=(1.0, 4.0)),
    relation(m.CHAIN.supply, points=({"P_it": 0.0},)),
]  # fmt: skip
"""Everything else."""
