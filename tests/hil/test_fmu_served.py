"""An FMU on the wire, in the panel and in comparisons: what it can do it does, what it cannot is refused by name."""

import contextlib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fmu_here import HERE, needs_fmu, plant_of, vendor
from typer.testing import CliRunner

from lowlift.cli import app
from lowlift.hil.fault import Fault, FaultError, What, check
from lowlift.hil.fmu_plant import FmuPlant
from lowlift.hil.fouling import can_foul
from lowlift.hil.panel.diagram import components
from lowlift.hil.panel.fault_bank import typical
from lowlift.hil.panel.shown import Shown
from lowlift.hil.panel.tables import tables_of
from lowlift.hil.serve import serving
from lowlift.sim.compare import ControllerError, compare
from lowlift.sim.scenario import build_scenario
from lowlift.wire.links import make_link
from lowlift.wire.points import points_of

MAPPING = HERE / "vendor_plant.toml"
pytestmark = needs_fmu


@pytest.fixture
def plant(fmus: Path) -> Iterator[Any]:
    with FmuPlant(vendor(fmus), mapping=MAPPING) as made:
        yield made


def said(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*arguments])
    return result.exit_code, result.output


def test_an_fmu_is_served_and_shown_end_to_end(plant: Any) -> None:
    """Read and written over Modbus, and looked at in the panel, while it runs sixty times faster than real time."""
    pytest.importorskip("pymodbus")
    httpx = pytest.importorskip("httpx2")
    panel = {"host": "127.0.0.1", "port": 0, "token": None, "certificate": None, "private_key": None}
    put_together = serving(plant, ["modbus"], speed=200.0, step=5.0, options={"modbus": {"port": 0}}, panel=panel)
    with put_together:
        with contextlib.closing(make_link(points_of(plant), put_together.adapters[0].url, timeout=20.0)) as link:
            link.connect()
            before = link.read(["elapsed", "T_chw", "T_chw_set.fbk"])
            link.write({"T_chw_set.cmd": before["T_chw_set.fbk"] - 2.0})
            while (now := link.read(["elapsed", "T_chw", "T_chw_set.fbk"]))["elapsed"] < before["elapsed"] + 900.0:
                assert put_together.runner.failure is None
        assert now["T_chw_set.fbk"] == pytest.approx(before["T_chw_set.fbk"] - 2.0, abs=0.01) and now["T_chw"] < before["T_chw"] - 0.5
        with httpx.Client(base_url=put_together.adapters[1].url, headers={"X-Lowlift-Panel": "1"}, timeout=30.0) as browser:
            told = browser.get("/api/plant").json()
            assert told["schematic"] == "tables" and "; physics by vendor_" in told["title"]
            drawing = browser.get("/api/schematic/wide.svg").text
        figures = {e.get("data-points") for e in ET.fromstring(drawing).iter() if e.get("data-points")}
        assert {"T_chw", "P_chillers", "V_chw", "T_chw_set.fbk", "y_fan"} <= figures and 'class="pipe' not in drawing
    assert put_together.runner.failure is None


def test_tables_hold_every_signal_once_under_its_unit() -> None:
    for name in ("chiller_plant", "gb200_hall"):
        hall = plant_of(name)
        shown = Shown(hall, points_of(hall))
        blocks = tables_of(hall, shown).blocks
        found = [p for b in blocks for i in b.items for p in i.points]
        assert len(found) == len(set(found)) and {*hall.site.sheet.measurements.names, *hall.site.sheet.powers} <= set(found)
        units = {b.title.rstrip(" 0123456789"): {shown.columns[shown.index[p]].unit for i in b.items for p in i.points} for b in blocks}
        assert units["Temperatures"] <= {"degC", "K"} and units["Powers and heat"] == {"kW"} and len({b.at for b in blocks}) == len(blocks)
        assert {i.signal for b in blocks for i in b.items} <= set(components(shown))


class Foreign:
    """Somebody else's physics at a site whose equipment could foul."""

    site, actuators = plant_of("gb200_hall").site, plant_of("gb200_hall").actuators


def test_equipment_inside_an_fmu_cannot_foul(plant: Any) -> None:
    fault = Fault(what=What.FOULING, where="tower_fill", size=0.3)
    assert check(fault, plant_of("gb200_hall")) and not can_foul(Foreign()) and not can_foul(plant)  # type: ignore[arg-type]
    with pytest.raises(FaultError, match=r"the physics of gb200_hall are not open to it here"):
        check(fault, Foreign())  # type: ignore[arg-type]
    assert not any(f.what is What.FOULING for f in typical(plant)) and any(f.what is What.COMMS for f in typical(plant))


def test_controllers_are_compared_on_an_fmu_and_no_bound_is_claimed(fmus: Path, tmp_path: Path) -> None:
    fmu = str(vendor(fmus))
    taken = ("--plant", "chiller_plant", "--fmu", fmu, "--fmu-mapping", str(MAPPING), "--days", "0.02", "--controllers")
    code, output = said("compare", *taken, "FixedSetpoint,Guideline36", "--out", str(tmp_path))
    assert code == 0 and "Guideline36" in output and "physics: vendor_" in output, output
    assert "an FMU" in (tmp_path / "report.html").read_text(encoding="utf-8")
    for arguments, what in (
        (("compare", *taken, "Guideline36", "--oracle"), "no bound for an FMU"),
        (("compare", "--plant", fmu), "no setpoints, limits, regulatory layer or controllers; name the site"),
        (("serve", fmu), "no setpoints, limits, regulatory layer or controllers; name the site"),
        (("compare", "--plant", "chiller_plant", "--fmu-mapping", str(MAPPING)), "--fmu-mapping needs --fmu"),
        (("compare", "--plant", "chiller_plant", "--fmu", fmu), "T_chw"),
        (("serve", "chiller_plant", "--fmu", str(tmp_path / "none.fmu")), "none.fmu"),
    ):
        code, output = said(*arguments)
        assert code == 2 and what in " ".join(output.split()), (arguments, output)


def test_an_oracle_of_another_model_is_refused(plant: Any) -> None:
    scenario = build_scenario(plant.model, start="07-04", days=0.02, warm_up=900.0)
    for how in ({"controllers": ["Guideline36"], "oracle": True}, {"controllers": ["Oracle"]}):
        with pytest.raises(ControllerError, match=r"no oracle for chiller_plant: .* no bound for another plant"):
            compare(plant, scenario, model=plant.model, **how)


def test_serve_on_the_command_line(fmus: Path) -> None:
    pytest.importorskip("pymodbus")
    code, output = said("serve", "chiller_plant", "--fmu", str(vendor(fmus)), "--fmu-mapping", str(MAPPING), "--modbus-port", "0",
                        "--speed", "20", "--step", "5", "--duration", "1")  # fmt: skip
    assert code == 0 and "chiller_plant at modbus://127.0.0.1:" in output and "plant time" in output, output
