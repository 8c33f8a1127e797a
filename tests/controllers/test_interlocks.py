"""Interlocks at values that a plant can reach: commands say that all is well, flow meters and positions say otherwise."""

from collections.abc import Mapping

import numpy as np
import pytest
from models_halls import hall, point
from readings_at_rest import at_rest

from lowlift.controllers.audit import AuditLog, Kind
from lowlift.controllers.interlocks import FLOW_BEHIND, FLOW_PROVEN, VALVE_CLOSED, Interlocks
from lowlift.controllers.staging import MIN_OFF

PLANT = hall("gb200_hall")
SITE, A = PLANT.site, PLANT.actuators
TABLE, REST = at_rest("gb200_hall")


class Bench:
    """Interlocks with their log, and a plant whose pumps are all commanded to run."""

    def __init__(self) -> None:
        self.interlocks, self.audit = Interlocks(PLANT), AuditLog(15.0)
        self.u = point(PLANT)[0]

    def after(self, t: float, actuators: Mapping[str, object] | None = None, **readings: object) -> dict[str, np.ndarray]:
        u = np.asarray(A.pack(A.unpack(self.u) | {k: np.asarray(v, dtype=float) for k, v in (actuators or {}).items()}))
        values = TABLE.unpack(REST)
        values |= {k: np.broadcast_to(np.asarray(v, dtype=float), values[k].shape) for k, v in readings.items()}
        before = u.copy()
        safe = self.interlocks.apply(t, u, values, self.audit)
        np.testing.assert_array_equal(u, before)
        return A.unpack(safe)

    def reasons(self) -> list[str]:
        assert all(r.kind is Kind.INTERLOCK for r in self.audit.records)
        return [r.reason for r in self.audit.records]


def test_a_plant_at_rest_is_left_alone() -> None:
    bench = Bench()
    for name, value in bench.after(0.0).items():
        np.testing.assert_array_equal(value, A.unpack(bench.u)[name])
    assert not bench.audit.records


def test_least_pump_speeds_prove_flow_and_a_failed_pump_does_not() -> None:
    least = PLANT.flows(np.asarray(A.pack(A.unpack(Bench().u) | {"y_chw": A.low[A.slices["y_chw"]], "split": np.zeros(1)})))
    nominal = SITE.chilled.pump.V_dot_nominal * SITE.rho_water
    assert float(least.m_crah.item()) > 1.5 * FLOW_PROVEN * nominal
    bench = Bench()
    assert bench.after(0.0, {"n_chillers": 2.0}, m_chw=float(least.m_crah.item()))["n_chillers"] == 2.0
    # The pump is still commanded to run, the meter shows that it does not.
    tripped = bench.after(15.0, {"n_chillers": 2.0}, m_chw=0.0)
    assert tripped["y_chw"] == 0.8
    assert tripped["n_chillers"] == 0.0
    assert bench.reasons() == ["no chiller without chilled water flow"]


def test_condensers_need_water_each() -> None:
    bench = Bench()
    one = 0.15 * SITE.chilled.m_condenser
    assert bench.after(0.0, {"n_chillers": 2.0}, m_cw=one)["n_chillers"] == 1.0
    assert bench.after(15.0, {"n_chillers": 2.0}, m_cw=0.0)["n_chillers"] == 0.0
    assert set(bench.reasons()) == {"no chiller without condenser water flow"}
    assert Bench().after(0.0, {"n_chillers": 2.0}, m_cw=float("nan"))["n_chillers"] == 0.0


def test_a_chiller_restarts_after_its_minimum_off_time_only() -> None:
    bench = Bench()
    assert bench.after(0.0, {"n_chillers": 2.0})["n_chillers"] == 2.0
    assert bench.after(600.0, {"n_chillers": 1.0})["n_chillers"] == 1.0
    assert bench.after(900.0, {"n_chillers": 0.0})["n_chillers"] == 0.0
    assert bench.after(915.0, {"n_chillers": 2.0})["n_chillers"] == 0.0
    assert bench.after(600.0 + MIN_OFF - 15.0, {"n_chillers": 2.0})["n_chillers"] == 0.0
    assert bench.after(600.0 + MIN_OFF, {"n_chillers": 2.0})["n_chillers"] == 1.0
    assert bench.after(900.0 + MIN_OFF - 15.0, {"n_chillers": 2.0})["n_chillers"] == 1.0
    assert bench.after(900.0 + MIN_OFF, {"n_chillers": 2.0})["n_chillers"] == 2.0
    assert set(bench.reasons()) == {"no chiller restarts within 20 min"}


def test_a_lapse_of_flow_also_starts_the_off_time() -> None:
    bench = Bench()
    two = {"n_chillers": 2.0}
    bench.after(0.0, two)
    bench.after(15.0, two, m_chw=0.0)
    assert bench.after(MIN_OFF, two)["n_chillers"] == 0.0
    assert bench.after(15.0 + MIN_OFF, two)["n_chillers"] == 2.0


def test_machines_that_are_off_when_a_run_begins_may_start() -> None:
    bench = Bench()
    bench.after(0.0, {"n_chillers": 0.0})
    assert bench.after(15.0, {"n_chillers": 2.0})["n_chillers"] == 2.0
    bench.interlocks.reset()
    bench.after(0.0, {"n_chillers": 0.0})
    assert bench.after(15.0, {"n_chillers": 1.0})["n_chillers"] == 1.0


def closed_group() -> tuple[np.ndarray, np.ndarray]:
    """Positions and measured flows with all valves of the second group at their lower bound and its pumps at full speed."""
    second = SITE.group_of_cdu == 1
    v = np.where(second, A.low[A.slices["v_cdu"]], 0.7)[None]
    flows = PLANT.flows(np.asarray(A.pack(A.unpack(Bench().u) | {"v_cdu": v, "y_fws": np.ones(2), "n_fws": np.full(2, 2.0)})))
    return v, flows.m_pri


def test_no_pump_against_closed_valves() -> None:
    bench = Bench()
    v, m_pri = closed_group()
    nominal = SITE.cdu.exchanger.m_cold_nominal
    assert m_pri[0, SITE.group_of_cdu == 1].sum() < FLOW_BEHIND * 4 * nominal  # even at full head
    safe = bench.after(0.0, {"y_fws": np.full((1, 2), 0.9)}, v_cdu=v, m_pri=m_pri)
    np.testing.assert_array_equal(safe["y_fws"], [[0.9, A.low[A.slices["y_fws"]][0]]])
    np.testing.assert_array_equal(safe["n_fws"], [[2.0, 1.0]])
    assert bench.reasons() == ["no pump against closed valves"]
    assert bench.audit.records[0].name == "y_fws[2]"


@pytest.mark.parametrize("wrong", ["one valve open", "water flows"])
def test_one_reading_alone_does_not_take_the_cooling_away(wrong: str) -> None:
    bench = Bench()
    v, m_pri = closed_group()
    if wrong == "one valve open":
        v = v.copy()
        v[0, -1] = VALVE_CLOSED + 0.01
    else:
        m_pri = REST[:, TABLE.slices["m_pri"]]
    safe = bench.after(0.0, {"y_fws": np.full((1, 2), 0.9)}, v_cdu=v, m_pri=m_pri)
    np.testing.assert_array_equal(safe["y_fws"], [[0.9, 0.9]])
    assert not bench.audit.records
