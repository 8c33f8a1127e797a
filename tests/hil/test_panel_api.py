"""The panel's interface: everything is as the image and the runner say it."""

import json
import math

import pytest
from panel_client import browser, panel
from wire_plants import served

from lowlift.hil.panel.access import Access
from lowlift.hil.panel.app import Panel
from lowlift.hil.panel.bodies import BODY_MAX
from lowlift.hil.panel.fault_bank import offered_by
from lowlift.hil.runner import Runner
from lowlift.hil.snapshot import _checksum


@pytest.fixture
def open_panel() -> Panel:
    return panel()


def test_the_state_is_that_of_the_image(open_panel: Panel) -> None:
    client, image = browser(open_panel), open_panel.runner.served.image
    plant, state = client.get("/api/plant").json(), client.get("/api/state").json()
    values = dict(zip([c["name"] for c in plant["columns"]], state["values"], strict=True))
    for point, value in zip(image.points.points, image.values(), strict=True):
        assert values[point.name] == pytest.approx(value, rel=1e-6)
    sheet = open_panel.runner.served.plant.site.sheet
    assert values["P_cooling"] == pytest.approx(sum(values[name] for name in sheet.cooling), rel=1e-5)
    assert values["PUE"] == pytest.approx(sum(values[name] for name in sheet.powers) / values["P_it"], rel=1e-5)
    assert state["run"] == {"running": False, "paused": False, "speed": 1.0, "missed": 0, "failure": None}
    before = state["t"]
    open_panel.runner.step(3)
    assert client.get("/api/state").json()["t"] == before + 15.0


def test_what_is_no_number_is_null(open_panel: Panel) -> None:
    image = open_panel.runner.served.image
    si = image.points.to_si(image.values())
    si[image.points.position("T_chw")] = math.nan
    image.publish(5.0, 1, si)
    state = browser(open_panel).get("/api/state")
    assert state.json()["values"][image.points.position("T_chw")] is None and "NaN" not in state.text
    open_panel.history.add(image.read())
    assert browser(open_panel).get("/api/history?points=T_chw").json()["values"]["T_chw"][-1] is None


def test_writes_are_taken_or_refused_in_the_words_of_the_image(open_panel: Panel) -> None:
    client, image = browser(open_panel), open_panel.runner.served.image
    assert client.post("/api/write", json={"values": {"T_chw_set.cmd": 8.0, "T_tower_set.mode": 1, "T_tower_set.hand": 25.0}}).json() == {
        "ok": True
    }
    assert image.value(image.points.position("T_chw_set.cmd")) == 8.0
    open_panel.runner.step(200)
    assert image.value(image.points.position("T_chw_set.fbk")) == pytest.approx(8.0, abs=0.01)
    assert image.value(image.points.position("T_tower_set.out")) == pytest.approx(25.0, abs=0.01)
    for value, words in (
        (99.0, "must lie between 5.5 and 10"),
        ("8", "must be a number, not str"),
        (None, "must be a number"),
        ([8], "must be"),
        (10**400, "must lie between 5.5 and 10"),
    ):
        answer = client.post("/api/write", json={"values": {"V_chw_set.cmd": 30.0, "T_chw_set.cmd": value}})
        assert answer.status_code == 422 and words in answer.json()["error"]
    nan = client.post("/api/write", content='{"values": {"T_chw_set.cmd": NaN}}', headers={"Content-Type": "application/json"})
    assert "must be a finite number" in nan.json()["error"]
    assert "cannot be written" in client.post("/api/write", json={"values": {"T_chw": 8.0}}).json()["error"]
    assert image.value(image.points.position("V_chw_set.cmd")) != 30.0, "all or nothing"
    refused = [e for e in image.events() if e.kind == "refused"]
    assert len(refused) == 7 and {e.source for e in refused} == {"panel testclient"}


def test_a_failed_plant_takes_no_commands_from_the_page_either(open_panel: Panel) -> None:
    client, image = browser(open_panel), open_panel.runner.served.image
    image.fail("a step")
    answer = client.post("/api/write", json={"values": {"T_chw_set.cmd": 8.0}})
    assert answer.status_code == 422
    assert answer.json() == {"error": "T_chw_set.cmd: the plant has failed: a step", "refusal": "out of service"}
    assert client.post("/api/release", json={"points": ["T_chw_set.cmd"]}).status_code == 200
    pressed = client.post("/api/fault", json={"name": "bias T_chw", "on": True})
    assert pressed.status_code == 422 and pressed.json()["error"] == "the plant has failed: a step"


def test_the_panel_is_an_operators(open_panel: Panel) -> None:
    """What a controller holds at 13 gives way to it; what is above it does not, and the answer says so."""
    client, image, name = browser(open_panel), open_panel.runner.served.image, "T_chw_set.cmd"
    k = image.points.position(name)
    image.write({name: 7.0}, "MPC", 13)
    assert client.post("/api/write", json={"values": {name: 9.5}}).json() == {"ok": True}
    assert image.value(k) == 9.5 and client.get("/api/state").json()["held"][name] == [
        {"value": 9.5, "priority": 8, "source": "panel testclient"}, {"value": 7.0, "priority": 13, "source": "MPC"},
    ]  # fmt: skip
    assert client.post("/api/release", json={"points": [name]}).json()["in_force"] == {
        name: {"value": 7.0, "priority": 13, "source": "MPC"}
    }
    image.write({name: 6.0}, "fire panel", 2)
    answer = client.post("/api/write", json={"values": {name: 9.0, "V_chw_set.cmd": 30.0}}).json()
    assert answer["overruled"] == {name: {"value": 6.0, "priority": 2, "source": "fire panel"}}
    assert answer["words"] == f"{name} waits: fire panel at priority 2 has 6" and image.value(k) == 6.0
    assert client.post("/api/release", json={"points": [name]}).json()["in_force"][name]["source"] == "fire panel"
    for source, priority in (("MPC", 13), ("fire panel", 2)):
        assert any(slot == (priority, source) for slot in ((s.priority, s.source) for s in image.slots(k))), "nobody else's slot"
        image.relinquish([name], source, priority)
    assert client.post("/api/release", json={"points": [name]}).json()["in_force"][name] == {
        "value": image.points[name].default, "priority": None, "source": None,
    }  # fmt: skip
    refused = client.post("/api/release", json={"points": ["T_chw"]})
    assert refused.status_code == 422 and "cannot be released" in refused.json()["error"]
    assert "no point 'T_chwset'" in client.post("/api/release", json={"points": ["T_chwset"]}).json()["error"]


def test_holders_are_told_when_they_change(open_panel: Panel) -> None:
    look, image = open_panel._look(), open_panel.runner.served.image
    assert look.message()["held"] == {} and "held" not in look.message()
    image.write({"heartbeat.cmd": 3.0}, "MPC", 13)
    assert "held" not in look.message()
    image.write({"T_chw_set.cmd": 8.0}, "MPC", 13)
    assert look.message()["held"] == {"T_chw_set.cmd": [{"value": 8.0, "priority": 13, "source": "MPC"}]}


def test_pause_step_speed(open_panel: Panel) -> None:
    client, runner = browser(open_panel), open_panel.runner
    runner.start()
    try:
        refused = client.post("/api/run", json={"action": "step"})
        assert refused.status_code == 422 and refused.json()["error"] == "single steps need a paused plant"
        assert client.post("/api/run", json={"action": "pause"}).status_code == 200
        k = runner.served.k
        assert client.post("/api/run", json={"action": "step", "n": 7}).status_code == 200 and runner.served.k == k + 7
        assert client.post("/api/run", json={"action": "speed", "speed": 60}).status_code == 200 and runner.speed == 60.0
        assert "must be from 0.001 to 100000" in client.post("/api/run", json={"action": "speed", "speed": 0}).json()["error"]
        assert client.post("/api/run", json={"action": "resume"}).status_code == 200 and not runner.paused
        assert client.post("/api/run", json={"action": "pause"}).status_code == 200
        assert client.post("/api/restore", content=client.get("/api/snapshot").content).status_code == 200
        noted = [(e.source, e.text) for e in runner.served.image.events() if e.kind == "run"]
        assert {source for source, _ in noted} == {"panel testclient"}
        assert [text for _, text in noted] == ["paused", "7 steps", "speed 60", "resumed", "paused", "snapshot taken",
                                               "restored from the file sent"]  # fmt: skip
        runner.served.disturb = lambda t, readings: readings["nothing"]
        failed = client.post("/api/run", json={"action": "step"})
        assert failed.status_code == 422 and failed.json()["error"] == "the plant has failed: KeyError: 'nothing'"
        runner.served.disturb = None
        for action in ("step", "resume", "pause", "speed"):
            assert client.post("/api/run", json={"action": action}).json() == failed.json()
        assert client.get("/api/snapshot").json() == failed.json() and client.get("/api/state").json()["run"]["failure"] is not None
    finally:
        runner.stop()


def test_a_snapshot_goes_out_and_comes_back(open_panel: Panel) -> None:
    client, runner = browser(open_panel), open_panel.runner
    runner.step(5)
    taken = client.get("/api/snapshot")
    assert 'filename="chiller_plant_25s.json"' in taken.headers["content-disposition"]
    runner.step(5)
    assert client.post("/api/restore", content=taken.content).status_code == 200 and runner.served.k == 5
    wrong = {key: value for key, value in taken.json().items() if key != "checksum"}
    wrong["memory"]["supervision"]["state"] = "x"
    refused = client.post("/api/restore", content=json.dumps(wrong | {"checksum": _checksum(wrong)}))
    assert refused.status_code == 422 and "memory.supervision.state = 'x': must be int, not str" in refused.json()["error"]
    runner.step()
    assert client.post("/api/restore", content=taken.content).status_code == 200
    edited = taken.json() | {"k": 7}
    refused = client.post("/api/restore", content=json.dumps(edited))
    assert refused.status_code == 422 and refused.json()["error"].startswith("the file sent: the checksum")
    assert runner.served.k == 5


def test_faults_are_pressed_and_seen(open_panel: Panel) -> None:
    client, runner = browser(open_panel), open_panel.runner
    (offered,) = client.get("/api/state").json()["faults"]
    assert offered == {"name": "bias T_chw", "words": "T_chw reads +6 K", "group": "sensors", "active": False}
    before = runner.served.image.value(runner.served.image.points.position("T_chw"))
    assert client.post("/api/fault", json={"name": "bias T_chw", "on": True}).status_code == 200
    runner.step()
    state = client.get("/api/state").json()
    assert state["faults"][0]["active"]
    assert runner.served.image.value(runner.served.image.points.position("T_chw")) == pytest.approx(before + 6.0, abs=0.5)
    assert {"fault", "alarm"} <= {e["kind"] for e in state["events"]}
    refused = client.post("/api/fault", json={"name": "none", "on": True})
    assert refused.status_code == 422 and refused.json() == {"error": "no fault 'none'"}


def test_a_plant_without_faults_offers_none() -> None:
    one = Panel(Runner(served()), Access(None))
    client = browser(one)
    assert "faults" not in client.get("/api/state").json() and not client.get("/api/plant").json()["faults"]
    assert client.post("/api/fault", json={"name": "x", "on": True}).status_code == 404


def test_faults_of_the_library_have_buttons_and_work() -> None:
    runner = Runner(served())
    client, image = browser(Panel(runner, Access(None), faults=offered_by(runner.served))), runner.served.image
    offered = client.get("/api/state").json()["faults"]
    assert {"sensors", "equipment and site"} <= {b["group"] for b in offered} and not any(b["active"] for b in offered)
    assert len({b["name"] for b in offered}) == len(offered)
    before = image.value(image.points.position("T_return"))
    assert client.post("/api/fault", json={"name": "bias T_return", "on": True}).status_code == 200
    runner.step()
    assert image.value(image.points.position("T_return")) == pytest.approx(before + 3.0, abs=0.5)
    assert [b["name"] for b in client.get("/api/state").json()["faults"] if b["active"]] == ["bias T_return"]
    assert client.post("/api/fault", json={"name": "bias T_return", "on": False}).status_code == 200
    runner.step()
    assert image.value(image.points.position("T_return")) == pytest.approx(before, abs=0.5)
    refused = client.post("/api/fault", json={"name": "bias of nothing", "on": True})
    assert refused.status_code == 422 and "no fault 'bias of nothing'" in refused.json()["error"]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/api/write", b"{", "no JSON"),
        ("/api/write", b"[" * 100_000, "no JSON"),
        ("/api/write", b"\xff", "no JSON"),
        ("/api/write", b"[]", "body"),
        ("/api/write", b"{}", "values: Field required"),
        ("/api/write", b'{"values": {}}', "values"),
        ("/api/write", b'{"values": {"T_chw_set.cmd": 8}, "source": "me"}', "source: Extra"),
        ("/api/run", b'{"action": "stop"}', "action"),
        ("/api/run", b'{"action": "step", "n": 100000}', "n: "),
        ("/api/run", b'{"action": "speed", "speed": "fast"}', "speed: "),
        ("/api/run", b'{"action": "speed", "speed": 1' + b"0" * 400 + b"}", "speed"),
        ("/api/run", b'{"action": "step", "n": 1' + b"0" * 400 + b"}", "n: "),
        ("/api/write", b'{"values": {"T_chw_set.cmd": 1' + b"0" * 5000 + b"}}", "no JSON"),
        ("/api/fault", b'{"name": "bias T_chw", "on": "perhaps"}', "on: "),
        ("/api/plan", b'{"source": "me", "t": [0, 1], "values": {"T_chw": [1, NaN]}}', "values.T_chw.1"),
        ("/api/restore", b"{", "unreadable"),
        ("/api/restore", b'{"format": "lowlift-snapshot/2", "k": NaN}', "unreadable"),
        ("/api/restore", b"[" * 100_000, "unreadable"),
        ("/api/release", b'{"points": []}', "points"),
    ],
)
def test_bodies_that_are_none(open_panel: Panel, path: str, body: bytes, words: str) -> None:
    answer = browser(open_panel).post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422 and words in answer.json()["error"]


def test_bodies_of_the_wrong_type_or_size(open_panel: Panel) -> None:
    client = browser(open_panel)
    assert (
        "application/json" in client.post("/api/run", content='{"action": "pause"}', headers={"Content-Type": "text/plain"}).json()["error"]
    )
    assert "bytes" in client.post("/api/restore", content=b" " * (BODY_MAX + 1)).json()["error"]
    assert not open_panel.runner.paused


def test_history(open_panel: Panel) -> None:
    open_panel.history._every = 0.0
    for _ in range(4):
        open_panel.runner.step()
        open_panel.history.add(open_panel.runner.served.image.read())
    got = browser(open_panel).get("/api/history?points=T_chw,PUE").json()
    assert got["t"] == [5.0, 10.0, 15.0, 20.0] and set(got["values"]) == {"T_chw", "PUE"} and len(got["values"]["PUE"]) == 4
    assert browser(open_panel).get("/api/history?points=T_none").status_code == 404
