"""Seeded AI workloads: from the description of a job to the heat of each rack, liquid and air apart.

A training job alternates compute and communication every step (seconds), writes checkpoints (tens of seconds at low power), fails now
and then and restarts (minutes near idle), starts and ends. All racks of a synchronous job move together (Choukse et al., "Power
Stabilization for AI Training Datacenters", arXiv 2508.14318; The Llama 3 Herd of Models, arXiv 2407.21783: swings of tens of MW). Its
length is ``6 N D / (GPUs x peak FLOP/s x utilisation)`` (Kaplan et al., arXiv 2001.08361).

An inference service draws requests from a Poisson process with a diurnal envelope; prefill runs near peak power, decode at about half
(Splitwise, arXiv 2311.18677; POLCA, arXiv 2308.12908).
"""

import dataclasses
import tomllib
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd

from lowlift.data.errors import DataError, UnknownNameError
from lowlift.data.workload import Workload


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gpu:
    """One accelerator type."""

    tdp_W: float
    peak_flops: float
    """Dense BF16 FLOP/s."""
    idle_share: float
    """Idle over TDP."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingJob:
    """A synchronous training job."""

    model_parameters: float
    tokens: float
    gpu: str
    gpu_count: int
    utilisation: float
    """Model FLOP utilisation 0..1."""
    step_time_s: float
    communication_share: float
    """Share of a step in which GPUs wait for each other 0..1."""
    checkpoint_interval_s: float
    checkpoint_s: float
    mtbf_h: float
    """Mean time between failures of the job."""
    restart_s: float

    @property
    def duration_s(self) -> float:
        """Compute time of the whole job [s]: ``6 N D / (GPUs peak utilisation)``."""
        flops = gpus()[self.gpu].peak_flops * self.gpu_count * self.utilisation
        return 6.0 * self.model_parameters * self.tokens / flops


@dataclasses.dataclass(frozen=True, kw_only=True)
class InferenceService:
    """A service of one model on many GPUs."""

    gpu: str
    gpu_count: int
    requests_per_s: float
    """Mean over the day."""
    prompt_tokens: float
    output_tokens: float
    prefill_tokens_per_s: float
    """Per GPU."""
    decode_tokens_per_s: float
    """Per GPU, batched."""
    night_share: float
    """Least over mean request rate."""
    peak_hour: float


def gpus() -> dict[str, Gpu]:
    """Accelerators of the catalogue."""
    return {name: Gpu(**values) for name, values in _catalogue()["gpu"].items()}


def presets() -> dict[str, TrainingJob | InferenceService]:
    """Jobs of the catalogue."""
    result: dict[str, TrainingJob | InferenceService] = {}
    for name, values in _catalogue()["job"].items():
        kind = values.pop("kind")
        result[name] = TrainingJob(**values) if kind == "training" else InferenceService(**values)
    return result


def _catalogue() -> dict[str, Any]:
    return tomllib.loads((resources.files("lowlift.data") / "jobs.toml").read_text(encoding="utf-8"))


BACKGROUND = 0.62
"""Utilisation of racks that serve other, smaller jobs, relative to rated power (guess)."""
AVAILABLE = 0.97
"""Share of a job's racks that work at any time; the others are in repair (guess)."""
RACK_SPREAD = 0.02
"""Spread of power between racks of one job (guess)."""


def generate(
    name: str, *, n_units: int, unit_power: float, liquid_share: float, days: float, start: pd.Timestamp | None,
    step: float, seed: int,
) -> Workload:  # fmt: skip
    """Heat of ``n_units`` racks of rated ``unit_power`` [W] under a preset job, on a grid of ``step`` seconds.

    Steps of 1 s show every training step; longer ones are means over the same course with equal energy, up to the sampling of the step
    phase. Jobs smaller than the hall share it with a background of small jobs.
    """
    jobs = presets()
    if name not in jobs:
        raise UnknownNameError("job", name, jobs)
    if not (unit_power > 0.0 and n_units > 0 and days > 0.0 and step > 0.0):
        raise DataError(f"unit_power = {unit_power} W, n_units = {n_units}, days = {days}, step = {step} s: must be above 0")
    rng = np.random.default_rng([hash_of(name), seed])
    n = round(days * 86400.0 / step)
    job = jobs[name]
    gpu = gpus()[job.gpu]
    per_rack = 72 if job.gpu in ("GB200", "B200") else 32
    racks = min(n_units, max(1, round(job.gpu_count / per_rack)))
    if isinstance(job, TrainingJob):
        share = _training_course(job, gpu, n, step, rng)
    else:
        share = _inference_course(job, gpu, n, step, start, rng)
    spread = 1.0 + RACK_SPREAD * rng.standard_normal(n_units)
    course = np.empty((n, n_units))
    course[:, :racks] = share[:, None]
    course[:, racks:] = _background(n, n_units - racks, step, gpu.idle_share, rng)
    working = _availability(n, n_units, step, rng)
    power = unit_power * np.clip(course * spread * working, 0.6 * gpu.idle_share, 1.0)
    return Workload(
        name=name, start=start, step=step, q_liquid=power * liquid_share, q_air=power * (1.0 - liquid_share),
        unit="rack", measured=False, provenance=f"generated: {name}, seed {seed}",
    )  # fmt: skip


def hash_of(name: str) -> int:
    """A stable number for a name (Python's own hash changes from run to run)."""
    return int.from_bytes(name.encode()[:6].ljust(6, b"\0"), "big")


def _training_course(job: TrainingJob, gpu: Gpu, n: int, step: float, rng: np.random.Generator) -> np.ndarray:
    """Power over rated of a rack in the job, mean over each interval."""
    wait = gpu.idle_share + 0.25 * (1.0 - gpu.idle_share)
    t = np.arange(n) * step
    if step >= job.step_time_s:
        # Whole steps average out; what is left of them in an interval that they do not divide is a small beat.
        busy = 1.0 - job.communication_share * (1.0 + 0.1 * np.sin(2 * np.pi * t / (7.3 * step)))
    else:
        busy = ((t / job.step_time_s) % 1.0 >= job.communication_share).astype(float)
    course = wait + busy * (0.97 - wait)
    total = n * step
    for begin in np.arange(job.checkpoint_interval_s, total, job.checkpoint_interval_s):
        _blend(course, begin, begin + job.checkpoint_s, gpu.idle_share + 0.1, step)
    begin = rng.exponential(job.mtbf_h * 3600.0)
    while begin < total:
        length = job.restart_s * rng.uniform(0.6, 2.5)
        _blend(course, begin, begin + length, gpu.idle_share, step)
        begin += length + rng.exponential(job.mtbf_h * 3600.0)
    # Jobs of finite length follow each other with a gap.
    length = min(job.duration_s, 36 * 3600.0)
    begin = length * rng.uniform(0.3, 0.9)
    while begin < total:
        gap = rng.uniform(900.0, 2700.0)
        _blend(course, begin, begin + gap, gpu.idle_share, step)
        begin += gap + length * rng.uniform(0.5, 1.2)
    return course


def _inference_course(
    job: InferenceService, gpu: Gpu, n: int, step: float, start: pd.Timestamp | None, rng: np.random.Generator
) -> np.ndarray:
    first = 0.0 if start is None else start.hour + start.minute / 60.0
    hour = (first + np.arange(n) * step / 3600.0) % 24.0
    envelope = 1.0 + (1.0 - job.night_share) * np.cos((hour - job.peak_hour) / 24.0 * 2 * np.pi)
    requests = rng.poisson(job.requests_per_s * envelope * step) / step
    prefill = requests * job.prompt_tokens / (job.prefill_tokens_per_s * job.gpu_count)
    decode = requests * job.output_tokens / (job.decode_tokens_per_s * job.gpu_count)
    return inference_share(prefill, decode, gpu.idle_share)


def inference_share(prefill: np.ndarray, decode: np.ndarray, idle: float) -> np.ndarray:
    """Power over rated of GPUs of which the shares ``prefill`` and ``decode`` are busy; more than all is cut off.

    Prefill runs near rated power, decode at about half (Splitwise, POLCA).
    """
    total = prefill + decode
    shares = np.where(total > 0.0, prefill / np.maximum(total, 1e-12), 0.0)
    active = 0.95 * shares + 0.55 * (1.0 - shares)
    course: np.ndarray = idle + np.minimum(total, 1.0) * (active - idle)
    return course


def _background(n: int, racks: int, step: float, idle: float, rng: np.random.Generator) -> np.ndarray:
    """Small jobs: each rack alternates between work and idling, hours at a time."""
    course = np.empty((n, racks))
    for r in range(racks):
        k = 0
        while k < n:
            length = max(1, int(rng.exponential(3.0 * 3600.0) / step))
            course[k : k + length, r] = idle if rng.random() < 0.15 else np.clip(rng.normal(BACKGROUND, 0.15), idle, 0.98)
            k += length
    return course


def _availability(n: int, racks: int, step: float, rng: np.random.Generator) -> np.ndarray:
    """One where a rack works, a small share while it is drained for repair (about two hours)."""
    working = np.ones((n, racks))
    expected = (1.0 - AVAILABLE) * n * step / 7200.0
    for r in range(racks):
        for _ in range(rng.poisson(expected)):
            k = int(rng.uniform(0, n))
            working[k : k + int(7200.0 / step), r] = 0.2
    return working


def _blend(course: np.ndarray, begin: float, end: float, level: float, step: float) -> None:
    """Set the course to ``level`` between two instants; intervals at the edges get their share, so energy is exact."""
    edges = np.arange(max(0, int(begin // step)), min(len(course), int(np.ceil(end / step))))
    share = (np.minimum((edges + 1) * step, end) - np.maximum(edges * step, begin)) / step
    course[edges] += share * (level - course[edges])
