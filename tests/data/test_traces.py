"""Loads from traces of requests and of CPU load."""

import os

import numpy as np
import pandas as pd
import pytest

from lowlift.data import catalogue, load_workload, traces
from lowlift.data.remote import MIRROR
from lowlift.data.workload import CPU_LOADS, REQUESTS

mirror = pytest.mark.skipif(not os.environ.get(MIRROR), reason="needs the mirror of remote data")
HALL = {"n_units": 64, "unit_power": 125e3, "liquid_share": 0.85}


def test_tokens_are_spread_over_their_time_and_none_is_lost() -> None:
    rng = np.random.default_rng(0)
    at, length, amount = rng.uniform(-2, 6, 50), rng.uniform(0, 4, 50), rng.uniform(0, 9, 50)
    got = traces._spread(at, length, amount, 10)
    fine = np.zeros(10)
    for a, d, m in zip(at, length, amount, strict=True):
        for k in range(10):
            fine[k] += m * max(0.0, min(k + 1, a + d) - max(k, a)) / d
    np.testing.assert_allclose(got, fine, atol=1e-9)
    np.testing.assert_allclose(traces._spread(np.array([2.5]), np.array([0.0]), np.array([7.0]), 4), [0, 0, 7, 0], atol=1e-6)


def test_work_waits_when_all_are_busy() -> None:
    wanted = np.array([[0.2, 1.5, 0.1, 0.0, 0.3], [0.1, 0.5, 0.2, 0.1, 0.0]])
    done = traces._queued(wanted)
    assert done.sum(axis=0).max() <= 1.0 + 1e-12
    np.testing.assert_allclose(done.sum(axis=1), wanted.sum(axis=1))
    np.testing.assert_allclose(done.sum(axis=0), [0.3, 1.0, 1.0, 0.4, 0.3])


@mirror
@pytest.mark.parametrize("name", REQUESTS)
def test_requests_keep_the_declared_share_of_gpus_busy(name: str) -> None:
    load = load_workload(name, **HALL, days=0.04)
    rated = 64 * 125e3
    assert load.start.tz is not None and load.start.date() == pd.Timestamp("2023-11-16").date()
    assert 3400.0 < len(load.P_it) * load.step < 3600.0
    # Half of the GPUs busy between decode (0.55) and prefill (0.95), the others idle (0.15).
    assert 0.5 * (0.15 + 0.55) < load.P_it.mean() / rated < 0.5 * (0.15 + 0.95)
    assert 0.15 * 0.9 < load.P_it.min() / rated and load.P_it.max() <= rated
    np.testing.assert_array_equal(load.q_liquid, load_workload(name, **HALL, days=0.04).q_liquid)


@mirror
def test_code_is_prefill_and_conversation_is_decode() -> None:
    """Coding requests have long prompts and short answers (Splitwise, figure 3): the same busy GPUs draw more."""
    chat, code = (load_workload(name, **HALL, days=0.04).P_it.mean() for name in REQUESTS)
    assert code > 1.1 * chat


@mirror
def test_cpu_load_follows_the_hours_of_the_year() -> None:
    (name,) = CPU_LOADS
    start = pd.Timestamp("2023-01-01", tz="Etc/GMT+7")
    load = load_workload(name, **HALL, days=1.0, start=start, step=900.0)
    assert load.P_it.shape == (96,) and np.all(load.P_it.reshape(24, 4) == load.P_it[::4, None])
    u = 0.474304627
    assert load.P_it[0] == pytest.approx(64 * 125e3 * (0.4 + 0.6 * (2 * u - u**1.4)))
    later = load_workload(name, **HALL, days=0.5, start=start + pd.Timedelta(hours=12), step=900.0)
    np.testing.assert_array_equal(later.P_it, load.P_it[48:])
    around = load_workload(name, **HALL, days=1.0, start=start - pd.Timedelta(hours=12), step=900.0)
    np.testing.assert_array_equal(around.P_it[48:], load.P_it[:48])


def test_every_listed_workload_can_be_played_or_says_data_only() -> None:
    listed = {e.name for e in catalogue() if e.kind == "workload"}
    assert set(REQUESTS) | set(CPU_LOADS) <= listed
    assert all("data only" in e.what for e in catalogue() if e.kind == "grid")


def test_a_stale_file_in_the_mirror_is_listed_as_stale(tmp_path, monkeypatch) -> None:
    (tmp_path / "workload").mkdir()
    (tmp_path / "workload" / "azure_llm_conv_2023.csv").write_text("TIMESTAMP\n", encoding="utf-8")
    monkeypatch.setenv(MIRROR, str(tmp_path))
    monkeypatch.setenv("LOWLIFT_CACHE", str(tmp_path / "cache"))
    states = {e.name: e.state for e in catalogue()}
    assert states["azure_llm_conv_2023"] == "stale" and states["azure_llm_code_2023"] == "to fetch" and states["tucson"] == "at hand"
