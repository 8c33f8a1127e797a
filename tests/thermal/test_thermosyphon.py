"""Thermosyphon loop: a diode with phase change on one side of each exchanger."""

import dataclasses
import itertools

import pytest
from hypothesis import given
from laws import span

from lowlift.thermal.component import ParameterError
from lowlift.thermal.exchange import effectiveness_counterflow
from lowlift.thermal.thermosyphon import Thermosyphon

LOOP = Thermosyphon(Q_dot_nominal=1.0e5, T_hot_in_nominal=308.15, T_cold_in_nominal=288.15, m_hot_nominal=12.0, m_cold_nominal=14.0,
                    cp_hot=1006.0, cp_cold=1006.0)  # fmt: skip


def test_rating_point_and_sides_of_no_capacity_ratio() -> None:
    s = LOOP.transfer(308.15, 12.0, 288.15, 14.0)
    assert s.Q_dot == pytest.approx(1e5, rel=1e-5)
    UA, C = LOOP.UA_nominal[0], 12.0 * 1006.0
    eps = (308.15 - s.T_hot_out) / (308.15 - s.T_evaporator)
    assert eps == pytest.approx(effectiveness_counterflow(UA / C, 0.0), rel=1e-5)
    lost = (s.T_evaporator - s.T_condenser) / 20.0
    assert lost == pytest.approx(LOOP.share_loop, rel=1e-4)
    with pytest.raises(ParameterError, match=r"needs an effectiveness of 1.12 on the warm side"):
        dataclasses.replace(LOOP, Q_dot_nominal=1.22e5)
    with pytest.raises(ParameterError, match=r"must be above T_cold_in_nominal = 288.15 K by more than dT_onset"):
        dataclasses.replace(LOOP, T_hot_in_nominal=288.65)


@given(span(253, 333), span(0.01, 15), span(253, 333), span(0.01, 18))
def test_H1_H3_one_way_and_in_order(T_hot: float, m_hot: float, T_cold: float, m_cold: float) -> None:
    s = LOOP.transfer(T_hot, m_hot, T_cold, m_cold)
    assert 0.0 <= s.Q_dot <= 1.5e5
    assert s.Q_dot == pytest.approx(m_hot * 1006.0 * (T_hot - s.T_hot_out), rel=1e-6, abs=1e-3)
    assert s.Q_dot == pytest.approx(m_cold * 1006.0 * (s.T_cold_out - T_cold), rel=1e-6, abs=1e-3)
    if T_cold >= T_hot:
        assert s.Q_dot == 0.0
    else:
        falling = [T_hot, s.T_hot_out, s.T_evaporator, s.T_condenser, s.T_cold_out, T_cold]
        assert all(a >= b - 1e-9 for a, b in itertools.pairwise(falling))


@given(span(289, 305), span(1, 11), span(1, 12))
def test_H4_flow_and_difference_raise_heat(T_hot: float, m_hot: float, m_cold: float) -> None:
    base = LOOP.transfer(T_hot, m_hot, 285.0, m_cold).Q_dot
    assert LOOP.transfer(T_hot, 1.1 * m_hot, 285.0, m_cold).Q_dot > base
    assert LOOP.transfer(T_hot, m_hot, 285.0, 1.1 * m_cold).Q_dot > base
    assert LOOP.transfer(T_hot + 0.5, m_hot, 285.0, m_cold).Q_dot > base


def test_limit_and_standing_streams() -> None:
    assert LOOP.transfer(333.0, 15.0, 253.0, 18.0).Q_dot == pytest.approx(1.5e5, rel=1e-6)
    assert LOOP.transfer(308.0, 0.0, 288.0, 14.0).Q_dot == 0.0
    assert LOOP.transfer(308.0, 12.0, 288.0, 0.0).Q_dot == 0.0
