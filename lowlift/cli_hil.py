"""Commands about the plant on the wire: ``lowlift points``, ``lowlift serve`` and ``lowlift replay``."""

import contextlib
import ipaddress
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lowlift.cli_link import MapOption
from lowlift.terminal import UsageError, bar, friendly

if TYPE_CHECKING:
    from lowlift.models.plant import Plant

PANEL_HOST, PANEL_PORT = "127.0.0.1", 8080
"""Where the panel is, unless told otherwise."""
STEP_LEAST = 1e-3
"""Shortest plant step [s]."""
NAME, NAME_LONGEST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})*"), 253
"""Of a machine (RFC 1123)."""
FmuOption = Annotated[Path | None, typer.Option("--fmu", help="FMU that takes the place of the plant's physics.")]
FmuMappingOption = Annotated[Path | None, typer.Option("--fmu-mapping", help="TOML file: which variable of the FMU is which signal.")]


@contextlib.contextmanager
def physics(plant: str, fmu: Path | None, mapping: Path | None) -> Iterator["Plant"]:
    """The plant of a site, or the FMU that takes its place, which is let go of at the end.

    Raises:
        UsageError: an FMU without a site.
    """
    from lowlift import models

    if fmu is None:
        if mapping is not None:
            raise UsageError("--fmu-mapping needs --fmu")
        if plant.lower().endswith(".fmu"):
            raise UsageError(
                f"{plant}: an FMU has physics, but no setpoints, limits, regulatory layer or controllers; name the site whose place it "
                f"takes, and give the FMU as --fmu {plant}"
            )
        yield models.load(plant)
        return
    from lowlift.hil.fmu_plant import FmuPlant

    with FmuPlant(fmu, site=plant, mapping=mapping) as taken:
        yield taken


def points(
    plant: Annotated[str, typer.Argument(help="Plant name or site file.")],
    form: Annotated[str, typer.Option("--format", help="json, csv, ede, haystack or brick.")] = "csv",
    out: Annotated[Path | None, typer.Option(help="File; printed if not given. EDE writes its state texts beside it.")] = None,
    map_file: MapOption = None,
    bacnet_schedules: Annotated[
        bool, typer.Option("--bacnet-schedules", help="With the Schedule objects of lowlift serve --bacnet-schedules; EDE only.")
    ] = False,
) -> None:
    """Export the point list of a plant with its addresses in every protocol."""
    with friendly():
        from lowlift import models
        from lowlift.hil.serve import listed_points
        from lowlift.sim.files import write_text
        from lowlift.wire.ede import ede_text, state_texts
        from lowlift.wire.point_formats import point_text

        if bacnet_schedules and form != "ede":
            raise UsageError(f"--bacnet-schedules needs --format ede, not {form}")
        listed = listed_points(models.load(plant, check=False), map_file)
        text = ede_text(listed, schedules=True) if bacnet_schedules else point_text(listed, form)
        if out is None:
            typer.echo(text, nl=False)
            return
        typer.echo(str(write_text(out, text)))
        if form == "ede":
            typer.echo(str(write_text(out.with_name(f"{out.stem}_StateTexts{out.suffix}"), state_texts(listed))))


def serve(
    plant: Annotated[str, typer.Argument(help="Plant name or site file.")],
    protocols: Annotated[str, typer.Option(help="Comma-separated protocols.")] = "modbus",
    speed: Annotated[float, typer.Option(help="Plant time over real time.")] = 1.0,
    scenario: Annotated[
        str | None, typer.Option(help="Like weather=tucson,workload=llm_training,days=7, or a TOML file; the plant's own day if not given.")
    ] = None,
    step: Annotated[float, typer.Option(help="Plant step [s].")] = 1.0,
    fmu: FmuOption = None,
    fmu_mapping: FmuMappingOption = None,
    heartbeat: Annotated[float, typer.Option(help="Longest silence of a supervisor [s of plant time].")] = 300.0,
    map_file: MapOption = None,
    snapshot: Annotated[Path | None, typer.Option(help="File kept while running; if it is there, the run goes on from it.")] = None,
    snapshot_every: Annotated[float, typer.Option(help="Real time between two snapshots [s].")] = 60.0,
    faults: Annotated[Path | None, typer.Option(help="Schedule of faults, or a commissioning script, TOML.")] = None,
    fault_points: Annotated[bool, typer.Option("--fault-points", help="Switch these faults through points of their own.")] = False,
    record: Annotated[Path | None, typer.Option(help="Record of the run, written at its end; it can be replayed.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew, whatever the snapshot says.")] = False,
    lockstep: Annotated[
        float | None, typer.Option(help="Plant time that each heartbeat of the supervisor is worth [s]; time passes only with it.")
    ] = None,
    duration: Annotated[float | None, typer.Option(help="End after so much real time [s]; runs until interrupted if not given.")] = None,
    host: Annotated[str, typer.Option(help="Address to bind for Modbus and OPC UA.")] = "127.0.0.1",
    modbus_port: Annotated[int, typer.Option(help="TCP port of Modbus; 0 takes a free one.")] = 5020,
    bacnet_address: Annotated[str, typer.Option(help="Address of BACnet/IP with mask and port.")] = "127.0.0.1/32:47808",
    bacnet_recipients: Annotated[
        str, typer.Option(help="Who is told of BACnet alarms: host:port, comma-separated; * for a broadcast.")
    ] = "",
    bacnet_bbmd: Annotated[
        str | None, typer.Option(help="Be a BBMD that takes foreign devices: the other BBMDs, host:port, comma-separated, or none.")
    ] = None,
    bacnet_foreign: Annotated[str | None, typer.Option(help="Be a foreign device of this BBMD, host:port.")] = None,
    bacnet_schedules: Annotated[
        bool, typer.Option("--bacnet-schedules", help="Have a BACnet Schedule object for each setpoint, by the host's clock.")
    ] = False,
    opcua_port: Annotated[int, typer.Option(help="TCP port of OPC UA; 0 takes a free one.")] = 4840,
    opcua_users: Annotated[Path | None, typer.Option(help="TOML file of names and passwords that may write over OPC UA.")] = None,
    opcua_no_anonymous: Annotated[
        bool, typer.Option("--opcua-no-anonymous", help="Let nobody without a name read over OPC UA; with --opcua-users.")
    ] = False,
    certificate: Annotated[Path | None, typer.Option(help="Certificate of the OPC UA server, DER or PEM.")] = None,
    private_key: Annotated[Path | None, typer.Option(help="Its private key.")] = None,
    panel: Annotated[bool, typer.Option("--panel", help="Show the plant in a web page too.")] = False,
    panel_host: Annotated[
        str | None, typer.Option(help="Address to bind for the panel, by default 127.0.0.1; other than loopback it wants a token.")
    ] = None,
    panel_port: Annotated[int | None, typer.Option(help="TCP port of the panel, by default 8080; 0 takes a free one.")] = None,
    panel_token: Annotated[Path | None, typer.Option(help="File with the panel's token in its first line.")] = None,
    panel_certificate: Annotated[Path | None, typer.Option(help="Certificate chain of the panel, PEM: it is served over HTTPS.")] = None,
    panel_key: Annotated[Path | None, typer.Option(help="Its private key, PEM.")] = None,
) -> None:
    """Serve a simulated plant in real time over Modbus TCP, BACnet/IP and OPC UA."""
    with friendly(), contextlib.ExitStack() as stack:
        from lowlift.hil.serve import run_until_stopped, serving
        from lowlift.wire.bacnet_address import parse_bacnet_address

        check_step(step)
        for name, value in (("--heartbeat", heartbeat), ("--duration", duration), ("--snapshot-every", snapshot_every),
                            ("--lockstep", lockstep)):  # fmt: skip
            if value is not None and not 0.0 < value < float("inf"):
                raise UsageError(f"{name} = {value:g} s: must be above 0")
        for name, port in (("--modbus-port", modbus_port), ("--opcua-port", opcua_port), ("--panel-port", panel_port)):
            if port is not None and not 0 <= port <= 65535:
                raise UsageError(f"{name} = {port}: must be from 0 to 65535")
        named = [p.strip() for p in protocols.split(",") if p.strip()]
        if not named or len(set(named)) < len(named):
            raise UsageError(f"--protocols {protocols!r}: name each protocol once, like modbus")
        check_host("--host", host)
        if panel_host is not None:
            check_host("--panel-host", panel_host)
        for name, given in (("--panel-host", panel_host), ("--panel-port", panel_port), ("--panel-token", panel_token),
                            ("--panel-certificate", panel_certificate), ("--panel-key", panel_key)):  # fmt: skip
            if given is not None and not panel:
                raise UsageError(f"{name} needs --panel")
        if "bacnet" in named:
            parse_bacnet_address(bacnet_address, "--bacnet-address")
        users = None if opcua_users is None else passwords(opcua_users)
        options: dict[str, dict[str, Any]] = {
            "modbus": {"host": host, "port": modbus_port},
            "bacnet": {
                "address": bacnet_address, "recipients": _listed(bacnet_recipients), "foreign": bacnet_foreign,
                "schedules": bacnet_schedules,
                "bbmd": None if bacnet_bbmd is None else _listed("" if bacnet_bbmd == "none" else bacnet_bbmd),
            },
            "opcua": {
                "host": host, "port": opcua_port, "users": users, "anonymous": not opcua_no_anonymous, "certificate": certificate,
                "private_key": private_key,
            },
        }  # fmt: skip
        shown = None
        if panel:
            host, port = panel_host or PANEL_HOST, PANEL_PORT if panel_port is None else panel_port
            shown = panel_options(host, port, panel_token, panel_certificate, panel_key)
        hall = stack.enter_context(physics(plant, fmu, fmu_mapping))
        put_together = serving(hall, named, scenario=scenario, speed=speed, step=step, heartbeat=heartbeat,
                               map_file=map_file, snapshot=snapshot, every=snapshot_every, fresh=fresh, lockstep=lockstep, faults=faults,
                               fault_points=fault_points, record=record, options=options, panel=shown)  # fmt: skip
        for note in put_together.served.scenario.provenance:
            typer.echo(note, err=True)
        if put_together.resumed:
            typer.echo(f"goes on from {snapshot} at plant time {put_together.served.t:.0f} s", err=True)
        for adapter in put_together.adapters:
            if adapter.protocol in ("modbus", "bacnet") and not adapter.on_loopback:
                typer.echo(f"{adapter.protocol} knows no users: whoever reaches {adapter.url} can write", err=True)
        run_until_stopped(put_together, lambda line: typer.echo(line), duration=duration)


def replay(
    record: Annotated[Path, typer.Argument(help="Record of a run, as lowlift serve --record writes it.")],
    plant: Annotated[str | None, typer.Option(help="Plant name or site file; the plant that the record names, if not given.")] = None,
    scenario: Annotated[str | None, typer.Option(help="Of the run; as the record says if not given.")] = None,
    fmu: FmuOption = None,
    fmu_mapping: FmuMappingOption = None,
) -> None:
    """Run a recorded run again: exit code 0 if it is the same bit by bit, 1 if it goes another way, 2 if it cannot be run."""
    with friendly():
        from lowlift.hil.record import DepartureError
        from lowlift.hil.replaying import replay_file

        if fmu_mapping is not None and fmu is None:
            raise UsageError("--fmu-mapping needs --fmu")
        try:
            with bar(record.name) as done:
                run = replay_file(record, plant=plant, scenario=scenario, fmu=fmu, mapping=fmu_mapping, progress=done)
        except DepartureError as error:
            typer.echo(f"{record}: {error}")
            raise typer.Exit(1) from error
        typer.echo(f"{record}: {run.plant}, {run.scenario}: {run.n} steps of {run.step_s:g} s to plant time {run.t[-1]:.0f} s, "
                   f"{len(run.events)} events: the same bit by bit")  # fmt: skip


def check_host(option: str, host: str) -> None:
    """Refuse what is neither an address nor a name.

    Raises:
        UsageError: it is none.
    """
    try:
        ipaddress.ip_address(host)
    except ValueError as error:
        if not (len(host) <= NAME_LONGEST and NAME.fullmatch(host)):
            raise UsageError(
                f"{option} {host[:NAME_LONGEST]!r}: must be an address like 127.0.0.1 or ::1, or the name of this machine"
            ) from error


def check_step(step: float) -> None:
    """Refuse a plant step that is none.

    Raises:
        UsageError: shorter than a millisecond, or no number.
    """
    if not STEP_LEAST <= step < float("inf"):
        raise UsageError(f"--step = {step:g} s: must be at least {STEP_LEAST:g}")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def panel_options(host: str, port: int, token_file: Path | None, certificate: Path | None, key: Path | None) -> dict[str, Any]:
    """Arguments of the panel; its token is made here, and said once, where one is needed and none is given.

    Raises:
        TokenError: the file is unreadable, or its token too short.
    """
    from lowlift.hil.panel.access import new_token, token_of
    from lowlift.wire.adapter import is_loopback

    token = None if token_file is None else token_of(token_file)
    if token is None and not is_loopback(host):
        token = new_token()
        typer.echo(f"token of the panel: {token}", err=True)
    if certificate is None and not is_loopback(host):
        typer.echo("the panel is not encrypted: whoever listens on the network reads its token; see --panel-certificate", err=True)
    return {"host": host, "port": port, "token": token, "certificate": certificate, "private_key": key}


def passwords(path: Path) -> dict[str, str]:
    """Names and passwords of a TOML file.

    Raises:
        UsageError: unreadable, empty, or something else than texts.
    """
    try:
        record = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"--opcua-users {path}: {error}") from error
    if not record or not all(isinstance(value, str) and value for value in record.values()):
        raise UsageError(f'--opcua-users {path}: must hold lines like operator = "password"')
    return record


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(points)
    app.command()(serve)
    app.command()(replay)
