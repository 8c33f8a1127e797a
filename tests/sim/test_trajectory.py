import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import synthetic_runs as synthetic

from lowlift.sim.kpis import kpis
from lowlift.sim.trajectory import Trajectory, TrajectoryError, fingerprint, read_parquet, units


@pytest.fixture(scope="module")
def run() -> Trajectory:
    return synthetic.run("MPC", plans=True)


def test_the_warm_up_is_set_apart(run: Trajectory) -> None:
    assert run.n_warmup == 240
    assert len(run.scored) == 1440
    assert run.days == 1.0
    assert run.scored.index[0] == pd.Timestamp("2024-07-04", tz="America/Phoenix")
    assert run.stored_start == run.frame["stored_heat"].iloc[239]
    bare = synthetic.run(warmup_h=0.0, stored_gain=3.6e9)
    assert bare.stored_start == bare.stored_initial
    assert bare.stored_end - bare.stored_start == pytest.approx(3.6e9)


def test_components_follow_the_signal_tables(run: Trajectory) -> None:
    assert run.components("T_chip").shape == (1440, 8)
    assert run.components("T_chip", scored=False).shape == (1680, 8)
    assert run.components("T_inlet").shape == (1440, 1)
    assert run.has("T_return_hot")
    assert not run.has("T_ret")
    with pytest.raises(KeyError, match="nothing"):
        run.components("nothing")


def test_round_trip(tmp_path: Path, run: Trajectory) -> None:
    path = run.to_parquet(tmp_path / "trajectory.parquet")
    back = read_parquet(path)
    pd.testing.assert_frame_equal(back.frame, run.frame, check_freq=False)
    assert str(back.frame.index.tz) == "America/Phoenix"  # type: ignore[attr-defined]
    assert (back.controller, back.scenario, back.step, back.warmup) == (
        run.controller, run.scenario, run.step, run.warmup
    )  # fmt: skip
    assert back.interventions == run.interventions
    assert [(t, d.status, d.solve_ms) for t, d in back.decisions] == [(t, d.status, d.solve_ms) for t, d in run.decisions]
    np.testing.assert_array_equal(back.decisions[3][1].setpoints, run.decisions[3][1].setpoints)
    assert kpis(back) == kpis(run)
    assert [p.name for p in tmp_path.iterdir()] == ["trajectory.parquet"]


def test_columns_carry_units(tmp_path: Path, run: Trajectory) -> None:
    import pyarrow.parquet as pq

    schema = pq.read_schema(run.to_parquet(tmp_path / "a.parquet"))
    found = {name: (schema.field(name).metadata or {}).get(b"unit") for name in ("P_it", "T_chip[1]", "V_sec_set[1]")}
    assert found == {"P_it": b"W", "T_chip[1]": b"K", "V_sec_set[1]": b"m3/s"}
    assert units(run.site)["stored_heat"] == "J"


def test_another_edition_of_the_site_is_refused_unless_passed(tmp_path: Path, run: Trajectory) -> None:
    site = dataclasses.replace(run.site, rack_power=1.01 * run.site.rack_power)
    assert fingerprint(site) != fingerprint(run.site)
    path = dataclasses.replace(run, site=site).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(TrajectoryError, match="has changed"):
        read_parquet(path)
    assert read_parquet(path, site).site is site


def test_files_that_are_no_trajectory_are_refused(tmp_path: Path, run: Trajectory) -> None:
    (tmp_path / "text.parquet").write_text("hello")
    run.frame.to_parquet(tmp_path / "plain.parquet")
    half = run.to_parquet(tmp_path / "half.parquet")
    half.write_bytes(half.read_bytes()[:5000])
    for name in ("text", "plain", "half", "missing"):
        with pytest.raises(TrajectoryError, match=name):
            read_parquet(tmp_path / f"{name}.parquet")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.tz_localize(None), "zone-aware"),
        (lambda f: f.drop(columns=["P_it", "Q_tower"]), "P_it, Q_tower"),
        (lambda f: f.drop(index=f.index[5]), "without gaps"),
        (lambda f: f.iloc[:0], "no rows"),
        (lambda f: pd.concat([f, f[["Q_chiller"]]], axis=1), "columns twice: Q_chiller"),
    ],
)
def test_incomplete_frames_are_refused(run: Trajectory, change: object, message: str) -> None:
    with pytest.raises(TrajectoryError, match=message):
        dataclasses.replace(run, frame=change(run.frame))  # type: ignore[operator]


def test_days_of_daylight_saving_keep_their_length() -> None:
    spring = synthetic.run(tz="America/New_York", start="2024-03-10", warmup_h=0.0)
    assert spring.days == 1.0
    assert spring.frame.index[-1].hour == 0  # 24 h from midnight end at 1 h on the next day
