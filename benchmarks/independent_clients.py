"""Served plants against clients that nobody here has written: Debian's ``mbpoll``, npm's ``@bacnet-js/client`` and ``node-opcua-client``.

Each client reads every point of the plant's point list, which it is given as ``lowlift points --format json`` prints it, writes setpoints,
modes and hand values, and writes what must be refused. What it got is compared here with the point list: value, name, unit, range, states.
The plant stands still meanwhile. OPC UA is read and written through Basic256Sha256 (sign and encrypt, certificates on both sides) with a
user's name, read in the open by an anonymous client, whose writes are refused like a stranger's session. Modbus has no units to be read.

npm packages go into a folder outside the repository, which ``--packages`` names and ``--install`` fills; Node.js 20 or newer. A client that
is not there is left out and said to be.

Usage: ``python benchmarks/independent_clients.py --packages FOLDER [--install] [--plants gb200_hall frontier] [--protocols ...] [--json]``
"""

import argparse
import asyncio
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lowlift.hil.default_scenario import scenario_of
from lowlift.hil.served_plant import ServedPlant
from lowlift.models import load
from lowlift.wire.addresses import Table
from lowlift.wire.point import Kind, Point
from lowlift.wire.point_formats import entries
from lowlift.wire.protocols import server
from lowlift.wire.units import codes

CLIENTS = Path(__file__).parent / "clients"
PACKAGES = {"bacnet": "@bacnet-js/client@3.3.2", "opcua": "node-opcua-client@2.186.4"}
PLANTS = ("gb200_hall", "frontier")
SCENARIO = "workload=llm_training,weather=tucson,start=07-04,days=0.1"
USER, PASSWORD = "operator", "for this check only"
STEPS = 40
"""Plant steps before anybody looks: readings that differ from each other."""
REFUSED = {
    "modbus": {"range": "Illegal data value", "nan": "Illegal data value", "read-only": "Illegal data address",
               "unknown": "Illegal data address"},
    "bacnet": {"range": "VALUE_OUT_OF_RANGE", "nan": "VALUE_OUT_OF_RANGE", "read-only": "WRITE_ACCESS_DENIED", "unknown": "UNKNOWN_OBJECT",
               "type": "Reason:4"},
    "opcua": {"range": "BadOutOfRange", "nan": "BadOutOfRange", "read-only": "BadNotWritable", "unknown": "BadNodeIdUnknown",
              "type": "BadTypeMismatch"},
}  # fmt: skip
"""What each protocol answers to a write that must be refused; reason 4 of a BACnet reject is *invalid-tag*."""


class MissingError(RuntimeError):
    """A client that is not installed."""


def plan(listed: Sequence[dict[str, Any]], protocol: str) -> list[dict[str, Any]]:
    """Writes: every command and mode once within its range, then what must be refused."""
    by_name = {p["name"]: p for p in listed}
    writes: list[dict[str, Any]] = []
    for p in listed:
        if p["writable"] and p["name"] != "heartbeat.cmd":
            writes.append({"point": p, "value": inside(p), "expect": "good"})
    setpoint = next(p for p in listed if p["name"].endswith(".cmd") and p["kind"] == "analog")
    mode = next(p for p in listed if p["kind"] == "multistate" and p["writable"])
    unknown = setpoint | {
        "bacnet": setpoint["bacnet"] | {"instance": 4000}, "opcua": {"node": "nobody/knows"},
        "modbus": setpoint["modbus"] | {"address": 9000},
    }  # fmt: skip
    beyond = setpoint["high"] + (setpoint["high"] - setpoint["low"])
    writes += [
        {"point": setpoint, "value": beyond, "expect": "range"}, {"point": setpoint, "value": "nan", "expect": "nan"},
        {"point": mode, "value": 9, "expect": "range"}, {"point": by_name["elapsed"], "value": 1.0, "expect": "read-only"},
        {"point": unknown, "value": setpoint["default"], "expect": "unknown"},
    ]  # fmt: skip
    if protocol != "modbus":
        writes.append({"point": setpoint, "value": "warm", "type": "string", "expect": "type"})
    return writes


def inside(p: dict[str, Any]) -> float:
    """A value that a point takes, another one than its default where it can be."""
    if p["kind"] == "binary":
        return 1 - int(p["default"] or 0) if p["name"] != "remote_enable.cmd" else 1
    if p["kind"] == "multistate":
        return 3 if p["default"] == 1 else 1
    value = p["low"] + 0.375 * (p["high"] - p["low"])
    return round(value) if p["whole"] else float(np.float32(value))


def judged(protocol: str, plant: ServedPlant, got: dict[str, Any], writes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Compare what a client got with what it should; everything that differs is listed."""
    points, wrong = plant.image.points, []
    for k, (p, at) in enumerate(zip(points.points, points.addresses, strict=True)):
        seen = got["read"].get(p.name)
        if seen is None:
            wrong.append(f"{p.name}: not read")
            continue
        true = float(got["values"][k])
        if not np.isclose(float(seen["value"]), true, rtol=2e-5 if protocol == "modbus" else 2e-7, atol=1e-9):
            wrong.append(f"{p.name}: read {seen['value']}, is {true}")
        wrong += [f"{p.name}: {text}" for text in CHECKS[protocol](p, at.label, seen)]
    taken = refused = 0
    for step, answer in zip(writes, got["written"], strict=True):
        name, expect = step["point"]["name"], step["expect"]
        if expect == "good":
            ok = answer["answer"].lower() == "good" and np.isclose(float(answer["after"]), float(step["value"]), rtol=2e-5, atol=1e-9)
            taken += int(ok)
        else:
            ok = REFUSED[protocol][expect] in answer["answer"]
            refused += int(ok)
        if not ok:
            wrong.append(f"{name} = {step['value']}: {answer}, expected {expect}")
    return {
        "plant": points.site, "protocol": protocol, "points": len(points), "read": len(got["read"]), "taken": taken, "refused": refused,
        "writes": len(writes), "wrong": wrong, **got.get("also", {}),
    }  # fmt: skip


def _modbus(p: Point, label: str, seen: dict[str, Any]) -> Iterator[str]:
    return iter(())


def _bacnet(p: Point, label: str, seen: dict[str, Any]) -> Iterator[str]:
    if seen["label"] != label:
        yield f"name {seen['label']!r}, is {label!r}"
    if p.kind is Kind.ANALOG and seen["unit"] != codes(p.unit).bacnet_code:
        yield f"unit {seen['unit']}, is {codes(p.unit).bacnet_code}"
    states = [seen.get("inactive"), seen.get("active")] if p.kind is Kind.BINARY else seen.get("states", [])
    if p.kind is not Kind.ANALOG and list(states) != list(p.states):
        yield f"states {states}, are {p.states}"


def _opcua(p: Point, label: str, seen: dict[str, Any]) -> Iterator[str]:
    if p.kind is Kind.ANALOG and seen.get("unit") != codes(p.unit).opcua_id:
        yield f"unit {seen.get('unit')}, is {codes(p.unit).opcua_id}"
    span = None if p.kind is not Kind.ANALOG or p.low is None or p.high is None else [p.low, p.high]
    if seen.get("range") != span:
        yield f"range {seen.get('range')}, is {span}"
    states = [seen.get("FalseState"), seen.get("TrueState")] if p.kind is Kind.BINARY else seen.get("states", [])
    if p.kind is not Kind.ANALOG and list(states) != list(p.states):
        yield f"states {states}, are {p.states}"


CHECKS: dict[str, Callable[[Point, str, dict[str, Any]], Iterator[str]]] = {"modbus": _modbus, "bacnet": _bacnet, "opcua": _opcua}


def by_mbpoll(plant: ServedPlant, writes: Sequence[dict[str, Any]], folder: Path | None) -> dict[str, Any]:
    """Every table in blocks, every write alone."""
    tool = shutil.which("mbpoll")
    if tool is None:
        raise MissingError("mbpoll is not installed (apt install mbpoll)")
    adapter, points = server("modbus", plant.image, port=0), plant.image.points
    adapter.start()
    command = [tool, "-m", "tcp", "-p", str(adapter.port), "-a", "1", "-0", "-1", "-q"]  # type: ignore[attr-defined]
    kinds = {Table.INPUT: "3:float", Table.HOLDING: "4:float", Table.COIL: "0", Table.DISCRETE: "1"}

    def run(*arguments: str) -> tuple[str, str]:
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60.0)
        return done.stdout, done.stderr

    def cells(table: Table, first: int, count: int) -> dict[int, float]:
        out, _ = run("-r", str(first), "-c", str(count), "-t", kinds[table], "-B", "127.0.0.1")
        return {int(a): float(v) for a, v in re.findall(r"^\[(\d+)\]:\s+(\S+)", out, flags=re.MULTILINE)}

    try:
        values, read = plant.image.values(), {}
        for table in Table:
            known = {a.modbus.address: p.name for p, a in zip(points.points, points.addresses, strict=True) if a.modbus.table is table}
            starts = sorted(known)
            for k in range(0, len(starts), 50):
                some = starts[k : k + 50]
                read |= {known[a]: {"value": v} for a, v in cells(table, some[0], len(some)).items()}
        written = []
        for step in writes:
            at = step["point"]["modbus"]
            table = Table(at["table"]) if step["expect"] != "read-only" else Table.HOLDING
            # Input registers cannot even be addressed by a write: what lies behind the last holding register is as near as it gets.
            address = at["address"] if step["expect"] != "read-only" else 8000
            out, error = run("-r", str(address), "-t", kinds[table], "-B", "127.0.0.1", str(step["value"]))
            good = "Written 1 references" in out
            after = cells(table, address, 1).get(address) if good else None
            written.append({"answer": "good" if good else error.strip(), "after": after})
    finally:
        adapter.stop()
    return {"read": read, "written": written, "values": values}


def by_node(protocol: str, task: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """Run one of the scripts in ``clients`` and read what it prints."""
    node = shutil.which("node")
    package = PACKAGES[protocol].rpartition("@")[0]
    if node is None or folder is None or not (folder / "node_modules" / package).exists():
        raise MissingError(f"{package} or node is not installed; --packages FOLDER --install")
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "task.json"
        file.write_text(json.dumps(task), encoding="utf-8")
        # The client's own certificate goes into its home.
        environment = {"PATH": str(Path(node).parent) + ":/usr/bin:/bin", "HOME": scratch, "NODE_NO_WARNINGS": "1"}
        done = subprocess.run(
            [node, str(CLIENTS / f"{protocol}.mjs"), str(folder.resolve()), str(file)], capture_output=True, text=True, timeout=300.0,
            env=environment,
        )  # fmt: skip
    if done.returncode or not done.stdout.strip():
        raise RuntimeError(f"{protocol}.mjs ended with {done.returncode}: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def by_bacnet_js(plant: ServedPlant, writes: Sequence[dict[str, Any]], folder: Path | None) -> dict[str, Any]:
    """A client with a port of its own: one that shares the server's gets no reply."""
    adapter = server("bacnet", plant.image, address="127.0.0.1/32:0")
    adapter.start()
    try:
        plant.step()
        values = settled(plant)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            own = s.getsockname()[1]
        task = {"address": adapter.url.removeprefix("bacnet://"), "own_port": own, "points": entries(plant.image.points), "writes": writes}
        got = by_node("bacnet", task, folder)
    finally:
        adapter.stop()
    return got | {"values": values, "also": {"log_records": got["log"]["count"], "alarms_listed": len(got["alarms"])}}


def settled(plant: ServedPlant) -> np.ndarray:
    """Values that stand still, after the servers have shown them."""
    time.sleep(1.0)
    return plant.image.values()


def by_node_opcua(plant: ServedPlant, writes: Sequence[dict[str, Any]], folder: Path | None) -> dict[str, Any]:
    """Secure with a user, anonymous in the open, a stranger."""
    with tempfile.TemporaryDirectory() as scratch:
        certificate, key = Path(scratch) / "certificate.der", Path(scratch) / "key.pem"
        asyncio.run(make_certificate(key, certificate))
        adapter = server("opcua", plant.image, port=0, users={USER: PASSWORD}, certificate=certificate, private_key=key)
        adapter.start()
        try:
            values = plant.image.values()
            listed = entries(plant.image.points)
            task = {"url": f"{adapter.url}/lowlift", "points": listed, "writes": writes, "user": USER, "password": PASSWORD}
            got = by_node("opcua", task, folder)
        finally:
            adapter.stop()
    denied = [a for a, w in zip(got["anonymous_written"], writes, strict=True) if w["expect"] == "good" and a == "BadUserAccessDenied"]
    also = {"anonymous_read": got["anonymous_read"], "anonymous_denied": len(denied), "stranger": got["stranger"]}
    return got | {"values": values, "also": also}


async def make_certificate(key: Path, certificate: Path) -> None:
    """A key and a certificate that it signs itself, of the server's application."""
    from asyncua.crypto.cert_gen import setup_self_signed_certificate
    from cryptography.x509.oid import ExtendedKeyUsageOID

    from lowlift.wire.opcua_server import APPLICATION

    await setup_self_signed_certificate(
        key, certificate, APPLICATION, "localhost", [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH],
        {"commonName": "lowlift", "organizationName": "lowlift", "countryName": "DE", "localityName": "-", "stateOrProvinceName": "-"},
    )  # fmt: skip


RUNS = {"modbus": by_mbpoll, "bacnet": by_bacnet_js, "opcua": by_node_opcua}


def check(name: str, protocol: str, folder: Path | None) -> dict[str, Any]:
    """One plant by one client.

    Args:
        name: the plant.
        protocol: ``modbus``, ``bacnet`` or ``opcua``.
        folder: where the npm packages are.

    Raises:
        MissingError: the client is not installed.
    """
    plant = load(name, check=False)
    served = ServedPlant(plant, scenario_of(plant, SCENARIO), step=5.0)
    for _ in range(STEPS):
        served.step()
    writes = plan(entries(served.image.points), protocol)
    return judged(protocol, served, RUNS[protocol](served, writes, folder), writes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check and print; 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plants", nargs="+", default=list(PLANTS))
    parser.add_argument("--protocols", nargs="+", default=list(RUNS), choices=list(RUNS))
    parser.add_argument("--packages", type=Path, help="folder of the npm packages, outside the repository")
    parser.add_argument("--install", action="store_true", help="install them there first")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args(arguments)
    if told.install:
        told.packages.mkdir(parents=True, exist_ok=True)
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(["npm", "install", "--prefix", str(told.packages), *quiet, *PACKAGES.values()], check=True)
    results, missing = [], []
    for name in told.plants:
        for protocol in told.protocols:
            try:
                results.append(check(name, protocol, told.packages))
            except MissingError as error:
                missing.append(f"{name} over {protocol}: left out, {error}")
    if told.json:
        print(json.dumps({"results": results, "missing": missing}, indent=1))
    else:
        print(table(results))
        print(*missing, sep="\n", end="\n" if missing else "")
    return int(any(r["wrong"] for r in results))


def table(results: Sequence[dict[str, Any]]) -> str:
    """What was read, written and refused, and below it what was wrong."""
    lines = [
        "| plant | protocol | points | read right | writes taken | writes refused | also |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    fixed = {"plant", "protocol", "points", "read", "taken", "refused", "writes", "wrong"}
    for r in results:
        also = ", ".join(f"{k.replace('_', ' ')}: {v}" for k, v in r.items() if k not in fixed)
        lines.append(f"| {r['plant']} | {r['protocol']} | {r['points']} | {r['read']} | {r['taken']} | {r['refused']} | {also} |")
    return "\n".join([*lines, *(f"WRONG {r['plant']} {r['protocol']}: {w}" for r in results for w in r["wrong"])])


if __name__ == "__main__":
    sys.exit(main())
