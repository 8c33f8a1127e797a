"""Loads made from public traces that are no power measurements: requests of LLM services, CPU load of a cluster.

Requests (Azure LLM inference traces of 2023; Patel et al., "Splitwise", ISCA 2024, arXiv 2311.18677) keep GPUs busy as

    prefill: prompt tokens / prefill rate, at arrival                                                    (1)
    decode:  generated tokens / decode rate, spread evenly over generated tokens / TOKENS_PER_USER       (2)

with the rates per GPU of the job ``llm_inference`` (jobs.toml). Work that finds all GPUs busy waits. Prefill runs near rated power, decode
at about half (Splitwise; POLCA, arXiv 2308.12908), see :func:`lowlift.data.jobs.inference_share`. The trace is one service of a few
requests a second for an hour; it is scaled to keep a hall at ``UTILISATION`` on average, so it swings more than the sum of as many
independent services would.

CPU load becomes power by the empirical law of Fan, Weber and Barroso ("Power provisioning for a warehouse-sized computer", ISCA 2007)::

    P / P_rated = idle + (1 - idle) (2 u - u^1.4)                                                        (3)
"""

import numpy as np
import pandas as pd

from lowlift.data.errors import DataError
from lowlift.data.jobs import RACK_SPREAD, InferenceService, gpus, inference_share, presets
from lowlift.data.remote import fetch, registry
from lowlift.data.workload import Workload

STEP = 15.0
"""Interval of loads made from requests [s]."""
TOKENS_PER_USER = 30.0
"""Tokens a second that one user is served (guess: faster than reading)."""
UTILISATION = 0.5
"""Mean share of busy GPUs that a trace of requests is scaled to (guess, that of the job llm_inference)."""
CPU_IDLE = 0.4
"""Idle over rated power of a general-purpose server (guess; Fan et al. report about a half for 2007)."""
ZONE = "UTC"
"""Zone taken for the requests, whose stamps have none (guess)."""


def from_requests(name: str, *, n_units: int, unit_power: float, liquid_share: float, seed: int = 0) -> Workload:
    """Heat of ``n_units`` racks of rated ``unit_power`` [W] that serve the requests of a trace, on the hour that it covers.

    Raises:
        RemoteDataError: the trace is not to be had.
        DataError: it is damaged.
    """
    job = presets()["llm_inference"]
    assert isinstance(job, InferenceService)  # noqa: S101 - a service by its entry in jobs.toml
    frame = pd.read_csv(fetch(f"workload/{name}.csv"), parse_dates=["TIMESTAMP"])
    if list(frame.columns) != ["TIMESTAMP", "ContextTokens", "GeneratedTokens"] or len(frame) < 2:
        raise DataError(f"{name}: columns {', '.join(map(str, frame.columns))}; TIMESTAMP, ContextTokens, GeneratedTokens are expected")
    start = pd.Timestamp(frame["TIMESTAMP"].iloc[0]).tz_localize(ZONE).ceil(pd.Timedelta(seconds=STEP))
    arrival = (frame["TIMESTAMP"].dt.tz_localize(ZONE) - start).dt.total_seconds().to_numpy() / STEP
    n = int(arrival[-1])
    generated = frame["GeneratedTokens"].to_numpy(float)
    prefill = np.bincount(np.floor(arrival).astype(int) + 1, frame["ContextTokens"].to_numpy(float), n + 2)[1:-1]
    decode = _spread(arrival, generated / TOKENS_PER_USER / STEP, generated, n)
    busy = np.stack([prefill / job.prefill_tokens_per_s, decode / job.decode_tokens_per_s]) / STEP
    busy = _queued(busy * UTILISATION / busy.sum(axis=0).mean())
    share = inference_share(busy[0], busy[1], gpus()[job.gpu].idle_share)
    spread = 1.0 + RACK_SPREAD * np.random.default_rng(seed).standard_normal(n_units)
    power = unit_power * np.clip(share[:, None] * spread, 0.0, 1.0)
    return Workload(
        name=name, start=start, step=STEP, q_liquid=power * liquid_share, q_air=power * (1.0 - liquid_share), unit="rack", measured=False,
        provenance=f"requests of {name} ({_citation(name)}) as GPU power, scaled to {UTILISATION:.0%} busy GPUs on average",
    )  # fmt: skip


def _queued(wanted: np.ndarray) -> np.ndarray:
    """Busy shares, shape (kinds, n), when at most all GPUs work: what is too much in one interval is done in the next ones."""
    done, waiting = np.empty_like(wanted), np.zeros(len(wanted))
    for k in range(wanted.shape[1]):
        due = waiting + wanted[:, k]
        done[:, k] = due / max(float(due.sum()), 1.0)
        waiting = due - done[:, k]
    return done


def _spread(at: np.ndarray, length: np.ndarray, amount: np.ndarray, n: int) -> np.ndarray:
    """Share of ``amount``, given off evenly over ``at`` to ``at + length``, that falls into each of ``n`` unit intervals."""
    edges, length = np.arange(n + 1.0), np.maximum(length, 1e-6)
    order_in, order_out = np.argsort(at), np.argsort(at + length)
    rate = amount / length

    def ramp(times: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        # Sum of slope max(0, edge - time) over all times, from running sums.
        count = np.searchsorted(times, edges)
        slope = np.concatenate([[0.0], np.cumsum(slopes)])[count]
        result: np.ndarray = slope * edges - np.concatenate([[0.0], np.cumsum(slopes * times)])[count]
        return result

    done = ramp(at[order_in], rate[order_in]) - ramp((at + length)[order_out], rate[order_out])
    return np.diff(done)


def from_cpu_load(
    name: str, *, n_units: int, unit_power: float, liquid_share: float, days: float, start: pd.Timestamp, step: float
) -> Workload:
    """Heat of ``n_units`` racks that follow the hourly CPU load of a cluster, equation (3); all racks alike.

    The trace tells no date: its first hour is taken as that of 1 January, local time, and it comes back every year.

    Raises:
        RemoteDataError: the trace is not to be had.
        DataError: it is damaged.
    """
    load = pd.read_csv(fetch(f"workload/{name}.csv"))["cpu_load"].to_numpy(float)
    if len(load) < 8760 or not np.all((load >= 0.0) & (load <= 1.0)):
        raise DataError(f"{name}: {len(load)} hours from {load.min()} to {load.max()}; 8760 shares of 0 to 1 are expected")
    u = load[:8760]
    first = (start - pd.Timestamp(year=start.year, month=1, day=1, tz=start.tz)).total_seconds()
    hour = ((first + (np.arange(round(days * 86400.0 / step)) + 0.5) * step) // 3600.0).astype(int) % len(u)
    share = CPU_IDLE + (1.0 - CPU_IDLE) * (2.0 * u - u**1.4)
    power = np.repeat(unit_power * share[hour][:, None], n_units, axis=1)
    return Workload(
        name=name, start=start, step=step, q_liquid=power * liquid_share, q_air=power * (1.0 - liquid_share), unit="rack", measured=False,
        provenance=f"CPU load of {name} ({_citation(name)}) as server power; its first hour taken as that of 1 January",
    )  # fmt: skip


def _citation(name: str) -> str:
    return registry()[f"workload/{name}.csv"].citation
