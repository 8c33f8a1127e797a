"""``lowlift control``: a controller in charge of a site that it reaches over Modbus TCP, BACnet/IP or OPC UA."""

import contextlib
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lowlift.cli_link import (
    CertificateOption,
    ClientAddressOption,
    KeyOption,
    MapOption,
    PasswordOption,
    ServerCertificateOption,
    UserOption,
    link_options,
)
from lowlift.terminal import UsageError, friendly

if TYPE_CHECKING:
    import pandas as pd

    from lowlift.bms.control import DayBefore
    from lowlift.bms.control_cycle import Cycle
    from lowlift.bms.control_loop import Tally
    from lowlift.bms.plan_post import PlanPoster
    from lowlift.models.plant import Plant
    from lowlift.wire.point_list import PointList

CLOCKS = ("site", "own")


def control(
    plant: Annotated[str | None, typer.Argument(help="Plant name or site file.")] = None,
    url: Annotated[str | None, typer.Option(help="modbus://host:port, bacnet://host:port or opc.tcp://host:port.")] = None,
    controller: Annotated[str, typer.Option(help="Name of the controller.")] = "MPC",
    write: Annotated[bool, typer.Option("--write", help="Act. Without it nothing is written, only logged.")] = False,
    log: Annotated[Path | None, typer.Option(help="Audit log; gone on with where it exists. [default: PLANT-audit.jsonl]")] = None,
    verify_log: Annotated[Path | None, typer.Option(help="Check an audit log, and do nothing else.")] = None,
    last: Annotated[int, typer.Option(help="With --verify-log: show so many of the last records, too.")] = 0,
    allow: Annotated[str | None, typer.Option(help="Comma-separated commands that may be written; all setpoints if not given.")] = None,
    map_file: MapOption = None,
    sample: Annotated[float, typer.Option(help="Time between two looks at the plant, of the site's clock [s].")] = 15.0,
    timeout: Annotated[float, typer.Option(help="Longest wait for an answer [s].")] = 3.0,
    yield_for: Annotated[float, typer.Option(help="How long a value of somebody else's stands in Modbus and OPC UA [s].")] = 3600.0,
    clock: Annotated[str, typer.Option(help="site: its point 'elapsed'; own: this machine's, for sites without.")] = "site",
    begin: Annotated[str | None, typer.Option(help="Time of day when the site's clock was 0, ISO 8601; else as if it began now.")] = None,
    weather: Annotated[
        str | None, typer.Option(help="Weather name or EPW file whose day before --begin shapes the first forecasts.")
    ] = None,
    priority: Annotated[int | None, typer.Option(help="BACnet priority of what is written. [default: 13]")] = None,
    client_address: ClientAddressOption = None,
    user: UserOption = None,
    password_file: PasswordOption = None,
    certificate: CertificateOption = None,
    private_key: KeyOption = None,
    server_certificate: ServerCertificateOption = None,
    panel: Annotated[str | None, typer.Option(help="Web panel that shows the plans, like http://127.0.0.1:8080.")] = None,
    panel_token: Annotated[Path | None, typer.Option(help="File with the panel's token in its first line.")] = None,
    duration: Annotated[float | None, typer.Option(help="End after so much real time [s]; runs until interrupted if not given.")] = None,
) -> None:
    """Control a plant over the wire: read, decide, pass the safety envelope, write through the gateway. Dry run unless --write.

    Exit code 0 after a run that ended in order, 1 if the site was never reached or has refused every write, 2 if it cannot be run.
    """
    with friendly():
        from lowlift.bms.audit_log import AuditTrail, tail, verify

        if last < 0:
            raise UsageError(f"--last = {last}: must be at least 0")
        if last and verify_log is None:
            raise UsageError("--last needs --verify-log")
        if verify_log is not None:
            for record in tail(verify_log, last) if last else ():
                typer.echo(json.dumps(record, ensure_ascii=False))
            typer.echo(f"{verify_log}: {verify(verify_log).text}")
            return
        if plant is None or url is None:
            raise UsageError("control needs a plant and --url, or --verify-log")
        for name, value in (("--sample", sample), ("--timeout", timeout), ("--yield-for", yield_for), ("--duration", duration)):
            if value is not None and not 0.0 < value < float("inf"):
                raise UsageError(f"{name} = {value:g} s: must be above 0")
        if clock not in CLOCKS:
            raise UsageError(f"--clock {clock}: must be one of {', '.join(CLOCKS)}")
        if panel is not None and clock == "own":
            raise UsageError("--panel needs --clock site: plans are drawn over the site's own time")
        if panel is None and panel_token is not None:
            raise UsageError("--panel-token needs --panel")
        from lowlift import models
        from lowlift.bms.control import ControlClient
        from lowlift.bms.control_loop import ControlLoop
        from lowlift.hil.serve import listed_points
        from lowlift.sim.entrants import live_run
        from lowlift.wire.links import make_link
        from lowlift.wire.stopping import stopping

        hall = models.load(plant)
        options = link_options(client_address=client_address, user=user, password_file=password_file, certificate=certificate,
                               private_key=private_key, server_certificate=server_certificate)  # fmt: skip
        points = listed_points(hall, map_file)
        link = make_link(points, url, timeout=timeout, priority=priority, **options)
        begun, past = _begin(begin, weather)
        allowed = None if allow is None else tuple(name.strip() for name in allow.split(",") if name.strip())
        since = time.monotonic()
        own = (lambda: time.monotonic() - since) if clock == "own" else None
        run, stop = live_run(controller, hall), threading.Event()
        source = run.controller.name + " (dry run)" * (not write)
        poster = None if panel is None else _poster(panel, panel_token, hall, points, source)
        with AuditTrail(log or Path(f"{hall.site.name}-audit.jsonl")) as trail, stopping(stop), poster or contextlib.nullcontext():
            client = ControlClient(hall, run, link, trail, act=write, allow=allowed, sample=sample, begin=begun,
                                   weather=past, yield_for=yield_for, clock=own)  # fmt: skip
            if not write:
                typer.echo("dry run: decides, checks and logs, and writes nothing (--write acts)", err=True)
            told = _teller(typer.echo, write)

            def seen(cycle: "Cycle") -> None:
                told(cycle)
                if poster is not None and cycle.decision is not None and cycle.decision.plan is not None:
                    poster.post(cycle.decision.plan, client.zero)

            loop = ControlLoop(client, stop=stop, tell=typer.echo, seen=seen)
            done = loop.run(duration)
            wrote = f"{done.writes} values written" if write else f"{done.would_write} values would be written"
            typer.echo(f"{done.cycles} cycles, {done.decisions} decisions, {wrote}, {done.losses} connections lost, "
                       f"{done.attempts} in vain; {trail.path}: {trail.n} records, head {trail.head}")  # fmt: skip
            if failure := _failure(done, url):
                typer.echo(f"lowlift: {failure}", err=True)
                raise typer.Exit(1)


def _failure(done: "Tally", url: str) -> str:
    """What a run that has ended in order has not achieved at all; empty where it has."""
    if done.contacts == 0:
        return f"{url} was never reached"
    if done.refusals and not done.writes:
        return f"{url} has refused every write, {done.refusals} of them"
    return ""


def _poster(url: str, token_file: Path | None, plant: "Plant", points: "PointList", source: str) -> "PlanPoster":
    from lowlift.bms.plan_post import PlanPoster
    from lowlift.hil.panel.access import token_of

    token = None if token_file is None else token_of(token_file)
    poster = PlanPoster(url, plant, points, source, token=token, tell=typer.echo)
    if poster.in_the_open:
        typer.echo(f"{url} is not encrypted: whoever listens on the network reads the panel's token", err=True)
    return poster


def _begin(begin: str | None, weather: str | None) -> tuple["pd.Timestamp | None", "DayBefore | None"]:
    """Zone-aware time at the site's zero, and what gives the hourly weather of the day before a time."""
    import pandas as pd

    from lowlift.sim.scenario import day_before

    if weather is not None and begin is None:
        raise UsageError("--weather needs --begin: which day before?")
    if begin is None:
        return None, None
    # What is no time, and not even an error of pandas, as an empty text, is NaT.
    at = pd.to_datetime(begin, errors="coerce")
    if pd.isna(at):
        raise UsageError(f"--begin {begin}: must be an ISO 8601 time, like 2025-07-04T00:00-07:00")
    return day_before(at, weather)[0], None if weather is None else lambda time: day_before(time, weather)[1]


def _teller(tell: Callable[[str], None], write: bool) -> Callable[["Cycle"], None]:
    """Tells of decisions and of what has changed about who decides."""
    last: dict[str, Any] = {}
    how = "written" if write else "would be written"

    def told(cycle: "Cycle") -> None:
        state = {
            "supervision": cycle.supervision,
            "remote": cycle.remote,
            "humans": cycle.humans,
            "hand": cycle.in_hand,
            "safe": cycle.fail_safe,
        }
        if cycle.decision is not None:
            d = cycle.decision
            told_of = "; " * bool(d.message) + d.message
            tell(f"{cycle.t:.0f} s: {d.status.value}, {d.solve_ms:.0f} ms, {len(cycle.written)} {how}{told_of}")
        if state != last:
            parts = [f"site is {cycle.supervision}"]
            parts += [f"{name}: {how}" for name, how in cycle.humans.items()] + [f"{name} in {how}" for name, how in cycle.in_hand.items()]
            parts += ["local: commands wait"] * (not cycle.remote) + ["readings lost or controller silent: fail-safe"] * cycle.fail_safe
            tell(f"{cycle.t:.0f} s: {'; '.join(parts)}")
            last.update(state)

    return told


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(control)
