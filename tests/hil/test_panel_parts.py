"""Parts of the panel: history, plans, drawings, colours, event tails."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from panel_run import SensorBias
from wire_plants import PLANTS, SMALL, plant, points, served

from lowlift.controllers.interface import Plan
from lowlift.hil.fault import Fault, What
from lowlift.hil.panel.app import static_files
from lowlift.hil.panel.diagram import components, fitted
from lowlift.hil.panel.diagrams import DIAGRAMS
from lowlift.hil.panel.fault_bank import FaultBank, offered_by, typical
from lowlift.hil.panel.history import History
from lowlift.hil.panel.live import FIRST_EVENTS, Tail
from lowlift.hil.panel.plans import PlanBoard, PlanBody, PlanError
from lowlift.hil.panel.schematic import NARROW, WIDE, schematic_svg
from lowlift.hil.panel.shown import Shown
from lowlift.hil.panel.symbols import SYMBOLS
from lowlift.wire.image import PointImage, Snapshot


def shown(name: str = SMALL) -> Shown:
    return Shown(plant(name), points(name))


# -- history ----------------------------------------------------------------------------------------------------------


def snapshot(t: float, value: float = 0.0) -> Snapshot:
    return Snapshot(t=t, step=int(t), values=np.full(len(points()), value))


def test_a_history_is_a_ring_with_pauses_between_samples() -> None:
    now = [0.0]
    history = History(shown(), every=1.0, kept=10, clock=lambda: now[0])
    for k in range(50):
        now[0] = 0.5 * k
        history.add(snapshot(float(k), float(k)))
    t, values = history.series(["T_chw"])
    assert t.tolist() == [2.0 * k for k in range(15, 25)] and values[:, 0].tolist() == t.tolist()
    thinned, _ = history.series(["T_chw"], most=3)
    assert thinned[-1] == 48.0 and len(thinned) <= 4
    now[0] += 0.1
    history.add(snapshot(7.0))
    assert history.series(["T_chw"])[0].tolist() == [7.0], "a restored run begins anew, at once"
    with pytest.raises(KeyError):
        history.series(["T_none"])


# -- plans ------------------------------------------------------------------------------------------------------------


def board(name: str = SMALL) -> PlanBoard:
    return PlanBoard(plant(name), points(name), shown(name))


def test_a_controllers_plan_is_shown_in_site_units() -> None:
    one = board("gb200_hall")
    sheet = plant("gb200_hall").site.sheet
    n = len(sheet.setpoints.names)
    setpoints = np.tile(0.5 * (sheet.setpoints.low + sheet.setpoints.high), (3, 1))
    predicted = {
        "T_tower": np.full((4, 1), 295.15),
        "P_cooling": np.full((3, 1), 250e3),
        "T_chip": np.full((4, 2), 340.0),
        "slack": np.zeros((3, 5)),
    }
    result = one.publish(Plan(t=np.array([0.0, 900.0, 1800.0, 3600.0]), predicted=predicted, setpoints=setpoints), "MPC", 12.0)
    assert one.newest is result and result.made == 12.0 and result.t == (0.0, 900.0, 1800.0, 3600.0)
    assert result.values["T_tower"] == pytest.approx([22.0] * 4) and result.values["P_cooling"] == pytest.approx([250.0] * 3)
    assert sum(name.endswith(".fbk") for name in result.values) == n
    assert not any(name.startswith("T_chip") for name in result.values), "two groups are not eight CDUs"
    low, high = points("gb200_hall")["T_air_set.fbk"].low, points("gb200_hall")["T_air_set.fbk"].high
    assert low is not None and high is not None and low < result.values["T_air_set.fbk"][0] < high


@pytest.mark.parametrize(
    ("t", "values", "words"),
    [
        ([0.0, 1.0], {"T_none": [1.0, 2.0]}, "no point 'T_none'"),
        ([0.0, 0.0], {"T_chw": [1.0, 2.0]}, "must rise"),
        ([0.0, 1.0, 2.0], {"T_chw": [1.0]}, "T_chw has 1 values, must have 3"),
    ],
)
def test_plans_that_cannot_be_drawn(t: list[float], values: dict[str, list[float]], words: str) -> None:
    one = board()
    before = one.post(PlanBody(source="me", t=[0.0, 1.0], values={"T_chw": [7.0]}), 0.0)
    with pytest.raises(PlanError, match=words):
        one.post(PlanBody(source="me", t=t, values=values), 0.0)
    assert one.newest is before


def test_a_plan_with_holes_is_none() -> None:
    sheet = plant().site.sheet
    with pytest.raises(PlanError, match=r"T_chw_set\.fbk must be finite"):
        board().publish(Plan(t=np.array([0.0, 1.0]), predicted={}, setpoints=np.full((1, len(sheet.setpoints.names)), np.nan)), "MPC", 0.0)


# -- drawings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLANTS)
@pytest.mark.parametrize("layout", [WIDE, NARROW], ids=lambda layout: layout.name)
def test_every_plant_has_a_drawing_of_its_points(name: str, layout) -> None:
    one = shown(name)
    diagram = fitted(DIAGRAMS[plant(name).site.kind], one)
    root = ET.fromstring(schematic_svg(diagram, layout, 'a <plant> & "more"'))
    named = [p for e in root.iter() for p in e.get("data-points", "").split()]
    assert named and set(named) <= set(one.index), "every figure has its point"
    limits = {limit.signal for limit in plant(name).site.sheet.limits}
    assert limits <= {p.split("[")[0] for p in named}, "whatever has a limit is drawn"
    _, _, width, height = (float(v) for v in root.get("viewBox", "").split())
    boxes = [tuple(float(e.get(k, "nan")) for k in ("x", "y", "width", "height")) for e in root.iter() if e.get("class") == "body"]
    for x, y, w, h in boxes:
        assert 0 <= x and 0 <= y and x + w <= width and y + h <= height
    for k, (x, y, w, h) in enumerate(boxes):
        for x2, y2, w2, h2 in boxes[:k]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y, "blocks do not overlap"
    assert len(boxes) == len(diagram.blocks) >= 4


def test_diagrams_name_what_exists() -> None:
    for kind, diagram in DIAGRAMS.items():
        keys = [b.key for b in diagram.blocks]
        assert len(set(keys)) == len(keys) and {b.symbol for b in diagram.blocks} <= set(SYMBOLS)
        assert all({loop.a, loop.b} <= set(keys) for loop in diagram.loops), kind
        known = {signal for name in PLANTS if plant(name).site.kind == kind for signal in components(shown(name))}
        signals = {i.signal for b in diagram.blocks for i in b.items} | {
            i.signal for loop in diagram.loops for i in (*loop.cold, *loop.warm)
        }
        assert signals <= known, f"{kind}: {signals - known} is nowhere"


def test_a_hall_without_chillers_draws_none() -> None:
    keys = {b.key for b in fitted(DIAGRAMS["liquid_hall"], shown("frontier")).blocks}
    assert "chillers" not in keys and "towers" in keys


# -- colours ----------------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255.0 for k in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrasts_are_those_of_wcag_aa(scheme: int) -> None:
    css = static_files()["panel.css"][1].decode("utf-8")
    roots = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", roots[scheme]))
    assert len(colours) == 21
    for ground in ("paper", "ground", "soft"):
        for ink in ("ink", "muted", "accent", "bad"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
        assert contrast(colours["field"], colours[ground]) >= 3.0, ground
    assert contrast(colours["on-accent"], colours["accent"]) >= 4.5
    for k in range(1, 9):
        assert contrast(colours[f"line-{k}"], colours["paper"]) >= 3.0, k


# -- events and faults ------------------------------------------------------------------------------------------------


def test_a_tail_tells_every_event_once() -> None:
    image = PointImage(points())
    tail = Tail(image)
    assert tail.new() == []
    image.note("run", "elapsed", "same")
    image.note("run", "elapsed", "same")
    assert [e["text"] for e in tail.new()] == ["same", "same"]
    assert tail.new() == []
    for k in range(3 * FIRST_EVENTS):
        image.note("run", "elapsed", str(k))
    flood = [e["text"] for e in tail.new()]
    assert flood == [str(k) for k in range(2 * FIRST_EVENTS, 3 * FIRST_EVENTS)]
    image.note("run", "elapsed", "last")
    assert [e["text"] for e in tail.new()] == ["last"]


def test_a_switch_is_found_where_it_is_offered() -> None:
    bias = SensorBias(T_chw=1.0)
    assert offered_by(served(disturb=bias)) is bias
    assert isinstance(offered_by(served()), FaultBank)
    assert isinstance(offered_by(served(disturb=lambda t, readings: readings)), FaultBank)


def test_a_fault_pressed_again_lasts_as_the_first_time() -> None:
    """A typical one until it is ended, one of the schedule as long as the schedule says; also after it was ended earlier."""
    scheduled = Fault(what=What.BIAS, where="T_wb", size=1.0, begin=1000.0, end=1050.0, name="sun")
    one = served(faults=[scheduled])
    bank = FaultBank(one)

    def after(steps: int) -> set[str]:
        for _ in range(steps):
            one.step()
        return {button.name for button in bank.buttons() if button.active}

    for name in ("bias T_return", "sun"):
        bank.switch(name, True)
        assert after(4) == {name}
        bank.switch(name, False)
        assert after(2) == set()
        bank.switch(name, True)
        assert after(8) == {name}
        assert after(12) == ({name} if name == "bias T_return" else set())
        bank.switch(name, False)
        assert after(1) == set()


@pytest.mark.parametrize("name", PLANTS)
def test_every_plant_has_typical_faults(name: str) -> None:
    found = list(typical(plant(name)))
    assert {What.BIAS, What.COMMS, What.FAIL} <= {fault.what for fault in found}
    assert len({fault.title for fault in found}) == len(found) <= 40
