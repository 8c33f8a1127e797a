"""Command line ``lowlift schedule``: formats, checks, differences, preview, approval, devices and measured savings."""

from pathlib import Path
from typing import Annotated

import typer

from lowlift.cli_schedule_parts import checked, device, opened, person, read_past, site_of, words
from lowlift.terminal import friendly

schedule_app = typer.Typer(no_args_is_help=True, help="Setpoint schedules for a building management system.")

PlantOption = Annotated[str | None, typer.Option(help="Plant name or site file; the packaged plant that the schedule names if not given.")]
FormOption = Annotated[str | None, typer.Option("--format", help="Format of the file; by its suffix if not given.")]
StoreOption = Annotated[Path, typer.Option(help="Folder of approved schedules.")]
WhoOption = Annotated[str | None, typer.Option(help="Who decides; the user's login name if not given.")]
WhyOption = Annotated[str, typer.Option(help="A remark for the log.")]


@schedule_app.command("formats")
def formats() -> None:
    """List the formats and their suffixes."""
    from lowlift.bms.formats import FORMATS

    for f in FORMATS.values():
        typer.echo(f"{f.name:14s} {f.suffix:15s} {f.doc}")


@schedule_app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="Schedule of any format.")], plant: PlantOption = None, form: FormOption = None
) -> None:
    """Import a schedule: read it, check every row, and say what it holds."""
    with friendly():
        typer.echo(words(checked(file, plant, form)))


@schedule_app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="Schedule of any format.")],
    out: Annotated[Path, typer.Argument(help="File to write; its suffix names the format.")],
    plant: PlantOption = None,
    form: FormOption = None,
    hold: Annotated[
        bool,
        typer.Option(
            "--hold-repeated-hour", help="Hold values while daylight saving repeats an hour: another schedule, see the difference."
        ),
    ] = False,
) -> None:
    """Write a schedule in another format, checked and read back."""
    with friendly():
        from lowlift.bms.daylight import held_over
        from lowlift.bms.formats import write_schedule

        made = checked(file, plant, None)
        typer.echo(str(write_schedule(held_over(made) if hold else made, out, form=form, site=site_of(plant, made.site))))


@schedule_app.command("diff")
def diff(
    before: Annotated[Path, typer.Argument(help="Schedule of any format; may be over.")],
    after: Annotated[Path, typer.Argument(help="Schedule of any format.")],
) -> None:
    """Show rows added, removed and changed, and by how much; exit code 1 if any row differs."""
    with friendly():
        from lowlift.bms.difference import compare_schedules

        found = compare_schedules(read_past(before), read_past(after))
        typer.echo(found.text())
        raise typer.Exit(0 if found.same else 1)


@schedule_app.command("preview")
def preview(
    file: Annotated[Path, typer.Argument(help="Schedule of any format.")],
    out: Annotated[Path, typer.Argument(help="Sheets to write: .pdf, .png or .svg.")],
    against: Annotated[Path | None, typer.Option(help="Schedule to draw beside it.")] = None,
    store: Annotated[Path | None, typer.Option(help="Folder of approved schedules: the one in force is drawn beside it.")] = None,
    plant: PlantOption = None,
) -> None:
    """Draw a schedule with its limits, beside the one in force, on sheets to sign."""
    with friendly():
        from lowlift.bms.preview import save_preview
        from lowlift.bms.store import ApprovalError

        made = checked(file, plant, None)
        previous = None if against is None else read_past(against)
        if store is not None:
            try:
                previous = opened(store, plant or made.site).current()
            except ApprovalError as nothing:
                typer.echo(f"lowlift: {nothing}", err=True)
        for path in save_preview(made, out, previous):
            typer.echo(str(path))


@schedule_app.command("approve")
def approve(
    file: Annotated[Path, typer.Argument(help="Schedule of any format.")],
    store: StoreOption,
    plant: PlantOption = None,
    who: WhoOption = None,
    why: WhyOption = "",
    over: Annotated[str | None, typer.Option(help="Checksum of what was in force when you looked; refused if it no longer is.")] = None,
) -> None:
    """Put a schedule in force."""
    with friendly():
        made = checked(file, plant, None)
        approval = opened(store, plant or made.site).approve(made, person(who), why, over=over)
        typer.echo(
            f"{approval.checksum} in force from {approval.valid_from.isoformat()} to {approval.valid_to.isoformat()}, by {approval.who}"
        )


@schedule_app.command("roll-back")
def roll_back(
    store: StoreOption,
    plant: Annotated[str, typer.Option(help="Plant name or site file.")],
    who: WhoOption = None,
    why: WhyOption = "",
) -> None:
    """Take the schedule in force away; the one before is in force again."""
    with friendly():
        restored = opened(store, plant).roll_back(person(who), why)
        if restored is None:
            typer.echo("no schedule is in force; fallback values hold")
        else:
            typer.echo(f"{restored.checksum} in force again, to {restored.valid_to.isoformat()}, approved by {restored.who}")


@schedule_app.command("current")
def current(
    store: StoreOption,
    plant: Annotated[str, typer.Option(help="Plant name or site file.")],
    out: Annotated[Path | None, typer.Option(help="JSON file to write it to.")] = None,
) -> None:
    """Hand out the approved schedule, if it is valid; exit code 2 if there is none."""
    with friendly():
        from lowlift.sim.files import write_text
        from lowlift.sim.schedule_text import json_text

        made = opened(store, plant).current()
        typer.echo(words(made))
        if out is not None:
            typer.echo(str(write_text(out, json_text(made.sealed()))))


@schedule_app.command("log")
def log(store: StoreOption, plant: Annotated[str, typer.Option(help="Plant name or site file.")]) -> None:
    """Show who approved and rolled back what, and check the chain."""
    with friendly():
        for e in opened(store, plant).log():
            why = f" ({e.about['why']})" if e.about.get("why") else ""
            typer.echo(f"{e.n:4d} {e.at.isoformat()} {e.what:9s} {str(e.about.get('schedule'))[:12]} by {e.who}{why}")


AddressOption = Annotated[str, typer.Option(help="Address of the device, like 10.0.0.5 or 10.0.0.5:47808.")]
InstanceOption = Annotated[int, typer.Option(help="Instance of its Device object.")]
BindOption = Annotated[str, typer.Option(help="Own address with the length of its network, like 10.0.0.9/24 or 10.0.0.9/24:47809.")]
ClockOption = Annotated[str | None, typer.Option(help="Zone of the device's clock; the schedule's if not given.")]
TimeoutOption = Annotated[float, typer.Option(help="Longest wait for an answer [s].")]


@schedule_app.command("send")
def send(
    store: StoreOption,
    plant: Annotated[str, typer.Option(help="Plant name or site file.")],
    address: AddressOption,
    instance: InstanceOption,
    bind: BindOption,
    clock: ClockOption = None,
    timeout: TimeoutOption = 3.0,
) -> None:
    """Write the approved schedule to the Schedule objects of a BACnet device, and read it back."""
    with friendly():
        from lowlift.bms.bacnet_device import write_to_device

        made = opened(store, plant).current()
        write_to_device(made, device(address, instance, bind, clock, timeout), site_of(plant, made.site), approved=True)
        typer.echo(f"{address} holds {made.checksum}")


@schedule_app.command("receive")
def receive(
    out: Annotated[Path, typer.Argument(help="File to write; its suffix names the format.")],
    plant: Annotated[str, typer.Option(help="Plant name or site file.")],
    address: AddressOption,
    instance: InstanceOption,
    bind: BindOption,
    timeout: TimeoutOption = 3.0,
) -> None:
    """Read the schedule that a BACnet device holds, check it and write it to a file."""
    with friendly():
        from lowlift.bms.bacnet_device import read_from_device
        from lowlift.bms.formats import write_schedule

        site = site_of(plant, plant)
        made = read_from_device(device(address, instance, bind, None, timeout), site)
        typer.echo(str(write_schedule(made, out, site=site)))


@schedule_app.command("savings")
def savings(
    baseline: Annotated[Path, typer.Argument(help="CSV of readings before: time, energy_kWh, T_wb_degC or T_db_degC, it_kWh.")],
    reporting: Annotated[Path, typer.Argument(help="CSV of readings after.")],
    out: Annotated[Path | None, typer.Option(help="Report to write: .html or .md.")] = None,
    frequency: Annotated[str, typer.Option(help="daily or hourly.")] = "daily",
    zone: Annotated[str | None, typer.Option(help="Time zone of naive time stamps and of local days, like Europe/Berlin.")] = None,
    confidence: Annotated[float, typer.Option(help="Confidence of the interval.")] = 0.9,
    adjustments: Annotated[
        Path | None, typer.Option(help="Non-routine adjustments, TOML: what else changed, its energy and how sure that is.")
    ] = None,
    poor: Annotated[bool, typer.Option("--poor", help="State savings, marked, of a baseline that fails its fit criteria.")] = False,
) -> None:
    """Avoided energy with its uncertainty; exit code 1 if it is not good enough, 2 if the baseline fails its fit criteria."""
    with friendly():
        from lowlift.bms.adjustments import read_adjustments
        from lowlift.bms.meter import read_meter
        from lowlift.bms.savings import measure_savings
        from lowlift.bms.savings_report import markdown, write_report
        from lowlift.data.csv_series import known_zone

        zone = None if zone is None else known_zone(zone)
        before, after = (read_meter(path, frequency=frequency, zone=zone) for path in (baseline, reporting))
        known = () if adjustments is None else read_adjustments(adjustments)
        result = measure_savings(before, after, confidence=confidence, adjustments=known, poor=poor)
        typer.echo(markdown(result).split("\n## Method")[0])
        for path in write_report(result, out) if out is not None else []:
            typer.echo(str(path))
        raise typer.Exit(0 if result.good else 1)
