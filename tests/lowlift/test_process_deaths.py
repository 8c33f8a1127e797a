"""Real processes that die: ``lowlift serve`` and ``lowlift control`` are cut off, killed and started again (F46 to F48)."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from cable import Cable, DatagramCable
from wire_plants import SMALL, plant, points

from lowlift.bms.audit_log import records, verify
from lowlift.hil.record import Record, load_record
from lowlift.wire.link import Link
from lowlift.wire.links import make_link
from lowlift.wire.points import ALONE, FAIL_SAFE, SUPERVISED

pytestmark = pytest.mark.slow

STEP, SPEED, HEARTBEAT, SAMPLE = 5.0, 60.0, 300.0, 30.0
PATIENCE = 900.0
"""Longest wait for anything [s]. Machines that run tests are busy: a late answer is a lost connection, a late cycle a take-over."""
SETPOINTS = plant().site.sheet.setpoints
BEHIND = 14
"""A BACnet priority that sees who holds the client's, 13."""


class Process:
    """One command, and what it says."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "lowlift", *arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()

    def says(self, pattern: str, times: int = 1) -> str:
        """The so-manieth line that matches, once it is there."""

        def found() -> list[str]:
            return [line for line in self.lines if re.search(pattern, line)]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= times or not self.alive, PATIENCE), self.lines
            assert len(found()) >= times, self.lines
            return found()[times - 1]

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL: no last words."""
        self._process.kill()
        self._over()

    def end(self) -> int:
        """SIGTERM; returns the exit code."""
        self._process.terminate()
        return self._over()

    def _over(self) -> int:
        code = self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code


class Rig:
    """A site and its client, as processes; all of them are ended with it."""

    def __init__(self, protocol: str, folder: Path) -> None:
        self.protocol, self.log, self.snapshot, self.record = protocol, folder / "log", folder / "snapshot.json", folder / "run.lowlift"
        self.port, self.url = 0, ""
        self._processes: list[Process] = []

    def serve(self) -> Process:
        """On a free port the first time, on the same one afterwards."""
        where = {"modbus": ("--modbus-port", str(self.port)), "opcua": ("--opcua-port", str(self.port)),
                 "bacnet": ("--bacnet-address", f"127.0.0.1/32:{self.port}")}[self.protocol]  # fmt: skip
        server = self._run("serve", SMALL, "--protocols", self.protocol, *where, "--speed", f"{SPEED:g}", "--step", f"{STEP:g}",
                           "--heartbeat", f"{HEARTBEAT:g}", "--snapshot", str(self.snapshot), "--snapshot-every", "0.5",
                           "--record", str(self.record))  # fmt: skip
        self.url = server.says(f"{SMALL} at ").rpartition(" at ")[2]
        self.port = int(self.url.rpartition(":")[2])
        return server

    def control(self, port: int | None = None) -> Process:
        """At the server's port, or at another one that leads to it."""
        url = self.url if port is None else f"{self.url.rpartition(':')[0]}:{port}"
        return self._run("control", SMALL, "--url", url, "--controller", "Guideline36", "--write", "--sample", f"{SAMPLE:g}",
                         "--log", str(self.log))  # fmt: skip

    def observer(self) -> Link:
        """Somebody who only looks; in BACnet from a priority below the client's, so that it sees what that one holds."""
        options = {"priority": BEHIND} if self.protocol == "bacnet" else {}
        return make_link(points(), self.url, timeout=30.0, **options)

    def holds(self, link: Link) -> set[int]:
        """Priorities above the observer's that hold setpoints; none where there are no priorities."""
        return set(link.overridden([f"{name}.cmd" for name in SETPOINTS.names]).values())

    def close(self) -> None:
        for process in self._processes:
            if process.alive:
                process.kill()

    def _run(self, *arguments: str) -> Process:
        self._processes.append(Process(*arguments))
        return self._processes[-1]


@pytest.fixture(params=["modbus", "bacnet", "opcua"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    one = Rig(request.param, tmp_path)
    yield one
    one.close()


def until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def state(link: Link) -> int:
    return round(link.read(["supervision.fbk"])["supervision.fbk"])


def in_force(link: Link) -> np.ndarray:
    names = [f"{name}.fbk" for name in SETPOINTS.names]
    values = link.read(names)
    return np.array([values[name] for name in names])


def most(seconds: np.ndarray | float) -> np.ndarray:
    """How far setpoints may move in so much time, SI."""
    return np.abs(seconds) * SETPOINTS.rate * 1.01 + 1e-3


def keeps_rates(record: Record) -> None:
    """No step of the whole run moves a setpoint in force faster than the signal table has it."""
    assert (np.abs(np.diff(record.setpoints, axis=0)) <= most(STEP)).all()


def test_F46_a_cable_pulled_for_ten_minutes(rig: Rig) -> None:
    server = rig.serve()
    with (DatagramCable if rig.protocol == "bacnet" else Cable)(rig.port) as cable, rig.observer() as site:
        client = rig.control(cable.port)
        client.says(r"s: rule, .* [1-9]\d* written")
        until(lambda: state(site) == SUPERVISED)
        cable.pull()
        pulled = site.read(["elapsed"])["elapsed"]
        until(lambda: state(site) == FAIL_SAFE)
        client.says("no connection: .*; trying again")
        until(lambda: site.read(["elapsed"])["elapsed"] > pulled + 600.0)
        cable.plug()
        client.says("in touch with", 2)
        until(lambda: state(site) == SUPERVISED)
        until(lambda: site.read(["alarm.fail_safe"])["alarm.fail_safe"] == 0.0)
        assert client.end() == 0
        until(lambda: state(site) == ALONE)
    assert server.end() == 0
    ended = verify(rig.log)
    assert ended.kinds["lost"] >= 1 and ended.kinds["stop"] == 1 and (ended.torn, ended.repaired) == (0, 0)
    gap = [r["missed"] for r in records(rig.log) if r["kind"] == "take-over" and r["missed"]]
    assert max(gap) > 600.0 - SAMPLE, "the gap is marked in the record"
    keeps_rates(load_record(rig.record))


def test_F48_a_killed_client_leaves_a_safe_site_and_its_successor_goes_on(rig: Rig) -> None:
    server = rig.serve()
    client = rig.control()
    client.says(r"s: rule, .* [1-9]\d* written")
    with rig.observer() as site:
        until(lambda: state(site) == SUPERVISED)
        client.kill()
        until(lambda: state(site) == FAIL_SAFE)
        # Nobody has relinquished: the command stands where it was, and is not obeyed.
        assert rig.holds(site) == ({13} if rig.protocol == "bacnet" else set())
        until(lambda: site.read(["alarm.fail_safe"])["alarm.fail_safe"] == 1.0)
        killed = verify(rig.log)
        assert killed.kinds["take-over"] >= 1 and "stop" not in killed.kinds

        successor = rig.control()
        successor.says("in touch with")
        until(lambda: state(site) == SUPERVISED)
        until(lambda: site.read(["alarm.fail_safe"])["alarm.fail_safe"] == 0.0)
        successor.says(r"s: rule, .* [1-9]\d* written")
        assert successor.end() == 0
        until(lambda: state(site) == ALONE)
        assert rig.holds(site) == set()
        defaults = {f"{name}.cmd": points()[f"{name}.cmd"] for name in SETPOINTS.names}
        standing = site.read(list(defaults))
        assert all(standing[name] == pytest.approx(p.to_si(p.default), abs=1e-3) for name, p in defaults.items())
    assert server.end() == 0

    ended = verify(rig.log)
    assert ended.records > killed.records and ended.kinds["stop"] == 1 and ended.torn == 0 and ended.repaired == (killed.torn > 0)
    record = load_record(rig.record)
    keeps_rates(record)
    beat = points().position("heartbeat.cmd")
    beats = np.array([record.t[step] for step, k, value in record.commands if k == beat and value != 0.0])
    fell = [event["t"] for event in record.events if event["text"] == "supervised -> fail-safe"]
    assert fell
    for t in fell:
        assert t - beats[beats <= t].max() <= HEARTBEAT + 2.0 * STEP, "within the heartbeat time of the last beat"


def test_F47_a_killed_server_is_missed_and_found_again(rig: Rig) -> None:
    server = rig.serve()
    client = rig.control()
    client.says(r"s: rule, .* [1-9]\d* written")
    until(rig.snapshot.exists)
    with rig.observer() as site:
        until(lambda: state(site) == SUPERVISED)
        first = site.read(["elapsed"])["elapsed"]
        before = in_force(site)
        last = site.read(["elapsed"])["elapsed"]
        server.kill()
    client.says("no connection: .*; trying again")
    assert client.alive and not rig.record.exists()
    lost = verify(rig.log)
    assert lost.kinds["lost"] >= 1 and lost.torn == 0

    again = rig.serve()
    again.says("goes on from .* at plant time")
    client.says("in touch with", 2)
    with rig.observer() as site:
        until(lambda: state(site) == SUPERVISED)
        written = verify(rig.log).kinds["decision"]
        until(lambda: verify(rig.log).kinds["decision"] > written)
        assert client.end() == 0
        until(lambda: state(site) == ALONE)
    assert again.end() == 0
    ended = verify(rig.log)
    assert ended.kinds["take-over"] > lost.kinds["take-over"] and ended.kinds["stop"] == 1 and (ended.torn, ended.repaired) == (0, 0)
    record = load_record(rig.record)
    keeps_rates(record)
    apart = max(abs(record.t[0] - first), abs(record.t[0] - last)) + STEP
    assert (np.abs(record.setpoints[0] - before) <= most(apart)).all(), "no bump where the snapshot goes on"


@pytest.mark.parametrize("rig", ["bacnet"], indirect=True)
def test_F47_an_operator_at_8_outlives_server_and_client(rig: Rig) -> None:
    """Before, in and after the restart the operator wins; what the client held is gone when it has handed back."""
    server = rig.serve()
    client = rig.control()
    client.says(r"s: rule, .* [1-9]\d* written")
    name = f"{SETPOINTS.names[0]}.cmd"
    value = points()[name].to_si(points()[name].high)
    with make_link(points(), rig.url, timeout=30.0, priority=8) as operator:
        operator.write({name: value})
    assert server.end() == 0
    again = rig.serve()
    again.says("goes on from .* at plant time")
    client.says("in touch with", 2)
    with rig.observer() as site:
        until(lambda: state(site) == SUPERVISED)
        decided = verify(rig.log).kinds["decision"]
        until(lambda: verify(rig.log).kinds["decision"] > decided)
        assert rig.holds(site) == {8, 13}
        assert site.overridden([name]) == {name: 8} and site.read([name])[name] == pytest.approx(value, abs=1e-3)
        assert client.end() == 0
        until(lambda: state(site) == ALONE)
        assert rig.holds(site) == {8} and site.read([name])[name] == pytest.approx(value, abs=1e-3)
    assert again.end() == 0
