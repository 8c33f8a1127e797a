"""A generated day with the character of Frontier's 2024-04-07: whole-machine benchmark runs, idling, and small jobs between.

The measured day shows three regimes: runs of High-Performance Linpack on the whole machine (about 25 MW of heat, starting within
minutes, tailing off as the factorised matrix shrinks, ending at idle), idling at about 7 MW with a slow ripple, and mixed jobs at
8-12 MW. The generator draws such episodes; a test compares the statistics with the measured day where a mirror has it.
"""

import math

import numpy as np
import pandas as pd

from lowlift.data.workload import FRONTIER_LIQUID_SHARE, FRONTIER_ZONE, Workload

N_CDU, STEP = 25, 15.0
IDLE, FULL = 0.28e6, 1.01e6
"""Heat of one CDU idle and in a whole-machine run [W]."""
SHORT_RACK_CDU, SHORT_SHARE = 13, 0.645
"""One CDU lacks a rack."""
RAMP_PER_STEP = 0.118e6
"""Largest rise of one CDU in 15 s [W]."""


def frontier_like(seed: int = 0, days: float = 1.0) -> Workload:
    """Generate whole days, at least ``days``, from 7 April 2024 on; the same seed and number give the same days."""
    days = max(1, math.ceil(days - 1e-9))
    rng = np.random.default_rng([7, seed])
    n = int(days * 86400 / STEP)
    level = np.empty(n)
    """Share of the way from idle to full, whole machine."""
    k, regime = 0, "run"
    while k < n:
        length, shape = _episode(rng, regime)
        stop = min(k + length, n)
        level[k:stop] = shape[: stop - k]
        k = stop
        regime = str(rng.choice(["run", "burst", "idle", "mixed"], p=_NEXT[regime]))
    ramp = RAMP_PER_STEP / (FULL - IDLE)
    for j in range(1, n):
        level[j] = np.clip(level[j], level[j - 1] - ramp, level[j - 1] + ramp)
    spread = 1.0 + 0.02 * rng.standard_normal(N_CDU)
    walk = np.cumsum(rng.standard_normal((n, N_CDU)), axis=0)
    noise = walk - np.apply_along_axis(lambda c: np.convolve(c, np.ones(40) / 40, mode="same"), 0, walk)
    heat = (IDLE + level[:, None] * (FULL - IDLE)) * spread + 4e3 * noise
    heat[:, SHORT_RACK_CDU] *= SHORT_SHARE
    heat = np.clip(heat, 0.05e6, 1.29e6)
    hours = np.arange(n) * STEP / 3600.0
    wet_bulb = 280.6 + 4.6 * np.sin((hours - 10.0) / 24.0 * 2 * np.pi) + 0.3 * np.sin(hours / 3.1)
    return Workload(
        name="frontier_like",
        start=pd.Timestamp("2024-04-07", tz=FRONTIER_ZONE),
        step=STEP,
        q_liquid=heat,
        q_air=heat * (1.0 / FRONTIER_LIQUID_SHARE - 1.0),
        unit="cdu",
        measured=False,
        provenance=f"generated: frontier_like, seed {seed}",
        T_wb=wet_bulb,
    )


_NEXT = {
    # probabilities of run, burst, idle, mixed
    "run": [0.0, 0.35, 0.45, 0.20],
    "burst": [0.40, 0.25, 0.20, 0.15],
    "idle": [0.75, 0.20, 0.0, 0.05],
    "mixed": [0.85, 0.15, 0.0, 0.0],
}


def _episode(rng: np.random.Generator, regime: str) -> tuple[int, np.ndarray]:
    """Length in steps and course of one episode."""
    per_hour = int(3600 / STEP)
    if regime == "run":
        n = int(rng.uniform(1.6, 3.0) * per_hour)
        s = np.linspace(0.0, 1.0, n)
        tail = rng.uniform(0.55, 0.9)
        course = 1.0 - (np.maximum(s - tail, 0.0) / (1.0 - tail)) ** 1.4
        for _ in range(rng.integers(0, 3)):
            at = int(rng.uniform(0.1, 0.8) * n)
            course[at : at + 6] *= rng.uniform(0.75, 0.95)
        return n, course
    if regime == "burst":
        n = int(rng.uniform(0.25, 0.6) * per_hour)
        course = np.ones(n)
        course[-int(rng.uniform(0.1, 0.2) * per_hour) :] = 0.0
        return n, course
    if regime == "idle":
        n = int(rng.uniform(0.8, 3.2) * per_hour)
        return n, 0.012 * np.sin(np.arange(n) / 36.0)
    n = int(rng.uniform(2.0, 4.0) * per_hour)
    knots = np.clip(rng.normal(0.14, 0.08, n // 90 + 2), 0.0, 0.32)
    return n, np.interp(np.arange(n), np.arange(len(knots)) * 90, knots)
