"""Electric losses and auxiliary racks."""

import dataclasses

import pytest
from hypothesis import given
from laws import span

from lowlift.thermal.auxiliary_racks import AuxiliaryRacks
from lowlift.thermal.component import ParameterError
from lowlift.thermal.power_chain import Converter, PowerChain

UPS = Converter(P_nominal=5.0e5)
PSU = Converter(P_nominal=5500.0, load_1=0.2, eta_1=0.94, load_2=0.5, eta_2=0.96, eta_3=0.91)
CHAIN = PowerChain(ups=UPS, pdu=Converter(P_nominal=2.5e5, eta_1=0.975, eta_2=0.982, eta_3=0.98), n_ups=4.0, n_pdu=8.0)


@given(span(0.001, 1.2))
def test_U3_loss_is_output_times_one_over_efficiency_less_one(x: float) -> None:
    for converter in (UPS, PSU):
        s = converter.convert(x * converter.P_nominal)
        assert 0.0 < s.eta < 1.0
        assert s.P_loss == pytest.approx(x * converter.P_nominal * (1.0 / s.eta - 1.0), rel=1e-9)
        assert s.P_in == pytest.approx(x * converter.P_nominal + s.P_loss)
        assert s.P_in < converter.convert(1.01 * x * converter.P_nominal).P_in


def test_published_points_are_met() -> None:
    for x, eta in ((0.25, 0.945), (0.5, 0.96), (1.0, 0.96)):
        assert UPS.convert(x * 5e5).eta == pytest.approx(eta, rel=1e-12)


def test_no_load_still_loses() -> None:
    s = UPS.convert(0.0)
    assert s.P_loss > 0.0 and s.eta == 0.0
    few, many = (UPS.convert(4e5, n).P_loss for n in (1.0, 4.0))
    assert few != pytest.approx(many, rel=0.05)  # spreading a load over more units changes the loss


@given(span(1e4, 2e6))
def test_chain_adds_up(P: float) -> None:
    s = CHAIN.supply(P)
    assert s.total.P_in == pytest.approx(P + s.ups.P_loss + s.pdu.P_loss, rel=1e-12)
    assert s.total.eta == pytest.approx(s.ups.eta * s.pdu.eta, rel=1e-12)


def test_impossible_curves_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"Converter.load_1 = 0.6 1: must be below load_2 = 0.5"):
        Converter(P_nominal=1.0, load_1=0.6)
    with pytest.raises(ParameterError, match="loss below zero"):
        dataclasses.replace(PSU, eta_1=0.999, eta_2=0.9)


@given(span(0, 1), span(0, 1))
def test_U7_auxiliary_racks_give_all_their_power_as_heat(u: float, share: float) -> None:
    racks = AuxiliaryRacks(n=8.0, P_idle=9e3, P_max=1.5e4, liquid_share=share)
    heat = racks.heat(u)
    assert heat.Q_liquid + heat.Q_air == pytest.approx(heat.P_it, rel=1e-12)
    assert 72e3 <= heat.P_it <= 120e3 * (1 + 1e-12)


def test_idle_above_full_power_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"AuxiliaryRacks.P_idle = 2.0 W: must be at most P_max = 1.0 W"):
        AuxiliaryRacks(n=1.0, P_idle=2.0, P_max=1.0)
