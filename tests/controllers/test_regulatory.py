"""The regulatory layer: protection that only adds cooling, feed-forward of heat, rate limits, air that runs down slowly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from models_halls import hall, point
from readings_at_rest import at_rest

from lowlift.controllers.interface import setpoint_table
from lowlift.controllers.regulatory import Gains, RegulatoryLayer
from lowlift.models.safe_flow import minimum_safe_flow

PLANT = hall("gb200_hall")
SITE, A = PLANT.site, PLANT.actuators
TABLE, REST = at_rest("gb200_hall")
SETPOINTS = setpoint_table(SITE)
STEP, GAINS = 15.0, Gains()
RATED = SITE.cdu.pump.V_dot_nominal


class Bench:
    """A layer with its actuators; readings are those at rest unless told otherwise."""

    def __init__(self, flow: float = 0.6, **setpoints: float) -> None:
        self.layer = RegulatoryLayer(PLANT, STEP)
        self.layer.reset(1)
        rest = TABLE.unpack(REST)
        values = {"T_supply_set": rest["T_supply"].mean(), "V_sec_set": flow * RATED, "dp_set": rest["dp_header"].mean(),
                  "T_tower_set": rest["T_tower"].item(), "m_cw_set": rest["m_cw"].item(), "split": 0.0, "T_chw_set": 291.15,
                  "T_air_set": rest["T_air"].item(), "air_ratio_set": 1.05} | setpoints  # fmt: skip
        self.sp = np.asarray(SETPOINTS.pack({k: np.atleast_1d(v) for k, v in values.items()}))[None]
        self.u = point(PLANT)[0]
        start = A.unpack(self.u) | {"y_cdu": np.full((1, SITE.n_cdu), flow)}
        self.u = np.asarray(A.pack(start))
        self.override = np.zeros((1, SITE.n_cdu))

    def step(self, times: int = 1, **readings: object) -> dict[str, np.ndarray]:
        r = TABLE.unpack(REST)
        r |= {name: np.broadcast_to(np.asarray(v, dtype=float), r[name].shape) for name, v in readings.items()}
        for _ in range(times):
            before = self.u
            self.u, self.override = self.layer.act(r, self.sp, self.u)
            assert np.all(np.abs(self.u - before) <= A.rate * STEP + 1e-12)
            assert np.all((self.u >= A.low) & (self.u <= A.high))
        return A.unpack(self.u)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-60.0, 30.0), st.floats(-40.0, 20.0), st.floats(0.0, 1.3), st.floats(0.25, 1.0), st.integers(1, 12),
)  # fmt: skip
def test_the_override_only_adds_cooling(chip: float, outlet: float, load: float, flow: float, times: int) -> None:
    bench = Bench(flow)
    rack = SITE.rack_power * SITE.liquid_share
    limits = SITE.limits
    a = bench.step(times, T_chip=limits.T_chip_max + chip, T_return_hot=limits.T_return_max + outlet, q_rack=load * rack)
    assert np.all(a["y_cdu"] >= flow - 1e-12)
    assert np.all(bench.override >= 0.0)


def test_the_override_is_what_the_pumps_are_asked_for_beyond_the_setpoint() -> None:
    bench = Bench(0.6)
    hot = np.full(SITE.n_cdu, SITE.limits.T_chip_max - 20.0)
    hot[2] = SITE.limits.T_chip_max + 1.0
    a = bench.step(8, T_chip=hot)
    assert a["y_cdu"][0, 2] > 0.6
    np.testing.assert_allclose(a["y_cdu"][0], 0.6 + bench.override[0])
    np.testing.assert_allclose(np.delete(bench.override[0], 2), 0.0)
    a = bench.step(400, T_chip=hot)
    assert a["y_cdu"][0, 2] == 1.0  # an excess that lasts gets all there is
    a = bench.step(400)
    np.testing.assert_allclose(a["y_cdu"], 0.6)  # and it is given back


def test_heat_brings_the_safe_flow_before_any_temperature_has_moved() -> None:
    rack = SITE.rack_power * SITE.liquid_share
    bench = Bench(0.3)
    safe = float(minimum_safe_flow(SITE, np.full((1, SITE.n_cdu), rack), REST[:, TABLE.slices["T_supply"]], GAINS.guard).max() / RATED)
    assert 0.35 < safe < 1.0
    reach = float(A.rate[A.slices["y_cdu"]][0]) * STEP
    first = bench.step(q_rack=rack)["y_cdu"]
    np.testing.assert_allclose(first, min(safe, 0.3 + reach))
    np.testing.assert_allclose(bench.step(3, q_rack=rack)["y_cdu"], safe, rtol=1e-6)


def test_heat_opens_the_valve_before_any_temperature_has_moved() -> None:
    bench = Bench()
    q = REST[:, TABLE.slices["q_cdu"]]
    before = bench.step()["v_cdu"]
    rise = 0.2 * SITE.cdu.exchanger.Q_dot_nominal
    after = bench.step(q_cdu=q + rise)["v_cdu"]
    np.testing.assert_allclose(after - before, GAINS.valve_ahead * 0.2, rtol=1e-6)
    np.testing.assert_allclose(bench.step(q_cdu=q + rise)["v_cdu"], after, rtol=1e-6)  # once for each rise


def test_starved_cdus_raise_the_pressure_of_their_own_group() -> None:
    bench = Bench()
    wide = A.unpack(bench.u) | {"v_cdu": np.where(SITE.group_of_cdu == 1, 1.0, 0.5)[None]}
    bench.u = np.asarray(A.pack(wide))
    before = A.unpack(bench.u)["y_fws"]
    after = bench.step(T_chip=SITE.limits.T_chip_max + 2.0)["y_fws"]
    assert after[0, 1] > before[0, 1] + 0.02
    assert after[0, 0] == pytest.approx(before[0, 0], abs=1e-6)


def test_every_actuator_keeps_its_rate_under_any_setpoint() -> None:
    bench, rng = Bench(), np.random.default_rng(0)
    for _ in range(60):
        bench.sp = rng.uniform(SETPOINTS.low, SETPOINTS.high)[None]
        bench.step(
            T_supply=rng.uniform(290.0, 320.0, SITE.n_cdu), T_tower=rng.uniform(280.0, 310.0), q_cdu=rng.uniform(0.0, 9e5, SITE.n_cdu)
        )
    moving = A.rate[np.isfinite(A.rate)]
    assert len(moving) == A.size - 5  # counts alone change at once: two groups of facility pumps, tower pumps, cells, chillers


def test_air_of_the_crahs_rises_with_the_heat_and_runs_down_over_hours() -> None:
    chilled = SITE.chilled
    assert chilled is not None
    q_air, most = REST[0, TABLE.slices["q_air"]].item(), float(chilled.crah.m_air(1.0))
    wanted = 1.05 * chilled.server_air * q_air / most
    bench = Bench()
    assert bench.step(8)["y_crah"].item() == pytest.approx(wanted)
    pause = bench.step(40, q_air=0.1 * q_air)["y_crah"].item()  # ten minutes without a job
    assert pause == pytest.approx(wanted - 1.05 * 600.0 / GAINS.t_air, rel=1e-6)
    assert bench.step(4, q_air=1.2 * q_air)["y_crah"].item() == pytest.approx(min(1.2 * wanted, 1.0))
    gone = bench.step(round(GAINS.t_air / STEP), q_air=0.5 * q_air)["y_crah"].item()
    assert gone == pytest.approx(0.5 * wanted)


def test_a_batch_is_its_singles() -> None:
    rng = np.random.default_rng(1)
    readings = np.repeat(REST, 3, axis=0) * rng.uniform(0.97, 1.03, (3, TABLE.size))
    sp, u = np.repeat(Bench().sp, 3, axis=0), np.repeat(Bench().u, 3, axis=0)
    together = RegulatoryLayer(PLANT, STEP)
    together.reset(3)
    u_all, _ = together.act(TABLE.unpack(readings), sp, u)
    for row in range(3):
        alone = RegulatoryLayer(PLANT, STEP)
        alone.reset(1)
        one = slice(row, row + 1)
        np.testing.assert_allclose(alone.act(TABLE.unpack(readings[one]), sp[one], u[one])[0], u_all[one], rtol=1e-12)
