"""Clients of others, run against a served plant: each gives what it has read and what it was answered; see ``independent_clients``."""

import asyncio
import json
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.addresses import Table
from lowlift.wire.point_table import entries
from lowlift.wire.protocols import server

CLIENTS = Path(__file__).parent / "clients"
PACKAGES = {"bacnet": "@bacnet-js/client@3.3.2", "opcua": "node-opcua-client@2.186.4"}
USER, PASSWORD = "operator", "for this check only"


class MissingError(RuntimeError):
    """A client that is not installed."""


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
