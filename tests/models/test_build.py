"""What builders share: limits in kelvin, identity of a site, blame of keys."""

import pytest

from lowlift.models.build import identity, in_kelvin, keys
from lowlift.models.kinds import KINDS
from lowlift.models.liquid_schema import LimitsData
from lowlift.models.schema import Head, SiteValueError
from lowlift.models.site import load_site, site_names
from lowlift.thermal import ColdPlate

HEAD = Head(kind="any", name="a", title="A", weather="w", workload="l", altitude_m=0.0, T_wb_design_degC=20.0, T_db_design_degC=35.0)


def test_limits_lose_their_unit_and_margins_are_no_temperatures() -> None:
    limits = LimitsData(T_chip_max_degC=85.0, T_return_max_degC=60.0, T_supply_min_degC=20.0, T_supply_max_degC=45.0,
                        dew_point_margin_K=2.0, T_basin_min_degC=5.0)  # fmt: skip
    assert in_kelvin(limits) == {
        "T_chip_max": 358.15, "T_return_max": 333.15, "T_supply_min": 293.15, "T_supply_max": 318.15, "dew_point_margin": 2.0,
        "T_basin_min": 278.15, "T_inlet_max": None,
    }  # fmt: skip


def test_identity() -> None:
    of = identity(HEAD)
    assert (of["name"], of["T_wb_design"], of["T_db_design"]) == ("a", 293.15, 308.15)
    assert of["p"] == pytest.approx(101325.0)


def test_a_refused_value_names_its_key_or_its_section() -> None:
    good = {"R_chip_plate": 0.02, "R_plate_coolant_nominal": 0.02, "m_dot_nominal": 0.02, "C_chip": 1.0, "C_plate": 1.0, "C_cool": 1.0}
    for given, key in (({"exponent": "cold_plate.exponent"}, "cold_plate.exponent"), ({}, "cold_plate")):
        with pytest.raises(SiteValueError, match=r"ColdPlate.exponent, here 2.0 1, must be at most") as caught, keys("cold_plate", **given):
            ColdPlate(**good, exponent=2.0)
        assert caught.value.key == key


@pytest.mark.parametrize("name", site_names())
def test_every_record_finds_its_sheet(name: str) -> None:
    site = load_site(name)
    assert site.kind in KINDS
    assert site.sheet is site.sheet
    assert (site.sheet.kind, site.P_it_nominal) == (site.kind, site.rack_power * site.n_racks)
