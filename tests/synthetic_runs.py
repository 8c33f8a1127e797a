"""Made-up runs whose energies are known in closed form."""

import numpy as np
import pandas as pd

from lowlift.controllers.envelope import Intervention
from lowlift.controllers.interface import Decision, Plan, Status, measurement_table, setpoint_table
from lowlift.models.site import Site, load_site
from lowlift.sim.trajectory import Trajectory

P_IT = 6.0e6
"""IT power [W]; swings by a fifth over a day, on top of a square wave of training steps."""
COOLING = {
    "P_cdu_pumps": 60e3,
    "P_fws_pumps": 50e3,
    "P_cw_pumps": 80e3,
    "P_tower_fans": 90e3,
    "P_chillers": 110e3,
    "P_crah_fans": 35e3,
    "P_air_path": 0.0,
}


def run(
    controller: str = "MPC",
    *,
    site: Site | str = "gb200_hall",
    scale: float = 1.0,
    days: float = 1.0,
    warmup_h: float = 4.0,
    step: float = 60.0,
    start: str = "2024-07-04",
    tz: str = "America/Phoenix",
    stored_gain: float = 0.0,
    dT: float = 0.0,
    plans: bool = False,
) -> Trajectory:
    """One run: cooling powers times ``scale``, ``stored_gain`` [J] stored, chips ``dT`` warmer."""
    s = load_site(site) if isinstance(site, str) else site
    n_warm, n = round(warmup_h * 3600 / step), round((days * 24 + warmup_h) * 3600 / step)
    index = pd.date_range(pd.Timestamp(start, tz=tz) - pd.Timedelta(hours=warmup_h), periods=n, freq=pd.Timedelta(seconds=step))
    t = np.arange(n) * step - n_warm * step
    day = np.sin(2 * np.pi * (t / 86400.0 - 0.4))
    burst = np.where((t // 5400).astype(int) % 4 == 3, 0.75, 1.0)
    P_it = P_IT * (1.0 + 0.1 * day) * burst
    c = {name: scale * P * (1.0 + 0.5 * day) for name, P in COOLING.items()}
    if s.chilled is None:
        c |= {"P_chillers": 0.0 * t, "P_crah_fans": 0.0 * t, "P_air_path": scale * 0.01 * P_it}
    frame = pd.DataFrame({"P_it": P_it, "P_losses": 0.03 * P_it, **c}, index=index)
    work = 0.8 * sum(c[name] for name in ("P_cdu_pumps", "P_fws_pumps", "P_cw_pumps", "P_chillers", "P_crah_fans"))
    slope = np.where(t >= 0, stored_gain / (days * 86400.0), 0.0)
    air = 0.15 * P_it
    frame["Q_liquid"], frame["Q_air"], frame["Q_work"] = 0.85 * P_it, air, work
    frame["Q_boundary"] = air if s.chilled is None else 0.0
    frame["Q_crah"] = 0.0 if s.chilled is None else air
    frame["Q_tower"] = 0.85 * P_it + air + work - slope - frame["Q_boundary"]
    frame["Q_chiller"] = 0.0 if s.chilled is None else 0.6 * air
    frame["Q_wse"] = frame["Q_tower"] - frame["Q_chiller"] - c["P_chillers"] - 0.8 * c["P_cw_pumps"]
    frame["evaporation"] = frame["Q_tower"] / 2.45e6
    frame["drift"], frame["blowdown"] = 0.01, 0.25 * frame["evaporation"]
    frame["stored_heat"] = 1e11 + np.cumsum(slope) * step
    q = P_it / P_IT
    readings = {
        "T_supply": 305.0 - scale + 2.0 * day,
        "T_return": 314.0 + 2.0 * day + 2.0 * q,
        "T_return_hot": 317.0 + 2.0 * day + 2.0 * q,
        "T_chip": 340.0 + dT + 2.0 * day + 8.0 * q,
        "q_cdu": 0.85 * P_it / s.n_cdu,
        "V_sec": 0.018 * scale + 0 * t,
        "m_pri": 17.0 + 0 * t,
        "y_cdu": 0.6 * scale + 0.05 * day,
        "v_cdu": 0.7 + 0.1 * day,
        "dp_header": 6e4 + 0 * t,
        "y_fws": 0.6 + 0.05 * day,
        "n_fws": 2.0 + 0 * t,
        "T_fws": 302.0 + 2.0 * day,
        "T_fws_return": 310.0 + 2.0 * day,
        "T_tower": 300.0 + 2.0 * day,
        "T_tower_return": 306.0 + 2.0 * day,
        "m_cw": 250.0 + 0 * t,
        "y_cw": 0.8 + 0 * t,
        "y_fan": np.clip(0.55 * scale + 0.25 * day, 0, 1),
        "n_cells": 6.0 + 0 * t,
        "n_cw": 2.0 + 0 * t,
        "q_air": air,
        "T_wb": 292.0 + 3.0 * day,
        "T_db": 305.0 + 6.0 * day,
        "p": 92e3 + 0 * t,
        "T_dew_hall": 285.15 + 0 * t,
        "T_chw": 292.0 + 0 * t,
        "T_inlet": 298.5 + 0.8 * day,
        "n_chillers": (day > 0) * 1.0,
        "y_chw": 0.7 + 0 * t,
        "T_air": 297.5 + 0.5 * day,
        "m_air": 80.0 + 0 * t,
    }
    columns = {}
    for signal in measurement_table(s).signals:
        if signal.name in readings:
            for k, name in enumerate(signal.components()):
                columns[name] = readings[signal.name] * (1.0 - 1e-4 * k if signal.unit == "K" else 1.0)
    table = setpoint_table(s)
    wanted = {
        "T_supply_set": (305.0 - scale + 2.0 * day)[:, None],
        "V_sec_set": (0.018 * scale + 0 * t)[:, None],
        "dp_set": (6e4 + 0 * t)[:, None],
        "T_tower_set": (300.0 + 2.0 * day)[:, None],
        "m_cw_set": (250.0 + 0 * t)[:, None],
        "split": (0.1 + 0 * t)[:, None],
        "T_chw_set": (292.0 + 0 * t)[:, None],
        "T_air_set": (297.5 + 0 * t)[:, None],
        "air_ratio_set": (1.05 + 0 * t)[:, None],
    }
    packed = np.asarray(table.pack({k.name: wanted[k.name] for k in table.signals}))
    packed = np.clip(packed, table.low, table.high)
    columns |= dict(zip(table.names, packed.T, strict=True))
    frame = pd.concat([frame, pd.DataFrame(columns, index=index)], axis=1)
    every = max(round(300.0 / step), 1)
    decisions = []
    for k in range(0, n, every):
        plan = _plan(s, k * step, packed[k], frame, k, step) if plans else None
        status = Status.RULE if not plans else (Status.FALLBACK if k == 10 * every else Status.OPTIMAL)
        decisions.append(
            (
                k * step,
                Decision(
                    setpoints=packed[k : k + 1],
                    status=status,
                    solve_ms=20.0 + k % 7 if plans else 0.0,
                    plan=plan,
                ),
            )
        )
    return Trajectory(
        controller=controller,
        scenario=f"{s.name} {start}",
        site=s,
        step=step,
        frame=frame,
        warmup=pd.Timedelta(hours=warmup_h),
        stored_initial=1e11,
        decisions=decisions,
        interventions=[
            Intervention(
                row=0,
                t=2 * 3600.0 * max(warmup_h, 1.0),
                until=2.1 * 3600.0 * max(warmup_h, 1.0),
                name="T_supply_set[1]",
                reason="dew point plus margin",
                from_value=286.0,
                to_value=287.15,
            )
        ],
        notes=["synthetic"],
    )


def _plan(s: Site, t: float, setpoints: np.ndarray, frame: pd.DataFrame, k: int, step: float) -> Plan:
    ahead = np.minimum(k + np.round(np.arange(1, 25) * 900.0 / step).astype(int), len(frame) - 1)
    off = 0.02 * np.arange(1, 25)[:, None]
    chip = frame["T_chip[1]"].to_numpy()[ahead][:, None] + off
    return Plan(
        t=t + 900.0 * np.arange(25),
        predicted={
            "T_chip": np.repeat(chip, s.n_groups, axis=1),
            "T_return_hot": np.repeat(frame["T_return_hot[1]"].to_numpy()[ahead][:, None] + off, s.n_groups, axis=1),
            "P_it": np.full((24, 1), frame["P_it"].iloc[k]),
            "P_cooling": frame[list(COOLING)].sum(axis=1).to_numpy()[ahead][:, None] * 1.02,
            "T_supply": np.repeat(frame["T_supply[1]"].to_numpy()[ahead][:, None] + off, s.n_groups, axis=1),
            "T_tower": frame["T_tower"].to_numpy()[ahead][:, None],
        },
        setpoints=np.repeat(setpoints[None], 24, axis=0),
    )


SCALES = {
    "FixedSetpoint": 1.3,
    "Guideline36": 1.0,
    "SiteTuned": 0.9,
    "StaticOptimal": 0.86,
    "MPC": 0.84,
    "Oracle": 0.83,
}


def comparison(site: str = "gb200_hall", **kwargs: object) -> dict[str, Trajectory]:
    """A set of controllers with falling cooling energy."""
    return {name: run(name, site=site, scale=k, plans=name == "MPC", **kwargs) for name, k in SCALES.items()}  # type: ignore[arg-type]
