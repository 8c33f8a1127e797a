"""Command line: compare controllers, describe plants, list and fetch data, validate components, serve plants, run the demonstration."""

import contextlib
import dataclasses
import time
import warnings
from pathlib import Path
from typing import Annotated

import typer

from lowlift import cli_commission, cli_control, cli_fmu, cli_hil
from lowlift.cli_schedule import schedule_app
from lowlift.terminal import UsageError, bar, friendly, one_line, show_proof, show_table

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Cool AI data centres with the least energy.",
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(no_args_is_help=True, help="Weather, workloads and other input data.")
app.add_typer(data_app, name="data")
app.add_typer(schedule_app, name="schedule")
app.command("export-fmu")(cli_fmu.export_fmu)


def version(wanted: bool) -> None:
    """Print the version and leave."""
    if wanted:
        import lowlift

        typer.echo(f"lowlift {lowlift.__version__}")
        raise typer.Exit


@app.callback()
def options(
    show: Annotated[bool, typer.Option("--version", callback=version, is_eager=True, help="Print the version and leave.")] = False,
) -> None:
    """Cool AI data centres with the least energy."""


@app.command()
def compare(
    plant: Annotated[str, typer.Option(help="Plant name or site file.")] = "gb200_hall",
    weather: Annotated[str | None, typer.Option(help="Weather name or EPW file; the plant's own if not given.")] = None,
    workload: Annotated[str | None, typer.Option(help="Workload name or CSV file; the plant's own if not given.")] = None,
    start: Annotated[str | None, typer.Option(help="First day, MM-DD or YYYY-MM-DD; the load's own, or 1 January, if not given.")] = None,
    days: Annotated[float, typer.Option(help="Length of the scored period.")] = 1.0,
    controllers: Annotated[str | None, typer.Option(help="Comma-separated names; all if not given.")] = None,
    oracle: Annotated[bool, typer.Option("--oracle", help="Add the perfect-foresight bound.")] = False,
    proof: Annotated[bool, typer.Option("--proof", help="Add the runs that prove the bound.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of generated loads.")] = 0,
    zone: Annotated[str | None, typer.Option(help="Time zone of naive time stamps in a CSV, like Europe/Berlin.")] = None,
    delimiter: Annotated[str, typer.Option(help="Delimiter of a CSV, or 'tab'.")] = ",",
    decimal: Annotated[str, typer.Option(help="Decimal mark of a CSV, '.' or ','.")] = ".",
    fmu: cli_hil.FmuOption = None,
    fmu_mapping: cli_hil.FmuMappingOption = None,
    out: Annotated[Path | None, typer.Option(help="Folder for report, KPIs, schedules and trajectories.")] = None,
) -> None:
    """Run controllers on one scenario, side by side, and print what they used."""
    with friendly(), contextlib.ExitStack() as stack:
        from lowlift.sim.compare import compare as run_comparison
        from lowlift.sim.compare import default_controllers, make_run, proof_names
        from lowlift.sim.files import make_folder
        from lowlift.sim.scenario import build_scenario

        if not 0.0 < days <= 366.0:
            raise UsageError(f"--days = {days}: must be above 0 and at most 366")
        if seed < 0:
            raise UsageError(f"--seed = {seed}: must be at least 0")
        names = None if controllers is None else listed(controllers)
        if out is not None:
            make_folder(out)
        if fmu is not None and (oracle or proof):
            raise UsageError("--oracle: it plans with the site's own equations, and so is no bound for an FMU; leave it out")
        hall = stack.enter_context(cli_hil.physics(plant, fmu, fmu_mapping))
        model = getattr(hall, "model", hall)
        scenario = build_scenario(hall, weather=weather, workload=workload, start=start, days=days, seed=seed, zone=zone,
                                  delimiter=delimiter, decimal=decimal)  # fmt: skip
        if fmu is not None:
            scenario = dataclasses.replace(scenario, provenance=(*scenario.provenance, f"physics: {fmu.name}, an FMU"))
        names = default_controllers(model) if names is None else names
        added = {"Oracle": oracle or proof} | dict.fromkeys(proof_names(names), proof)
        for name in [n for n in names if added.get(n)]:
            raise UsageError(f"--controllers: {name} is added by {'--oracle' if name == 'Oracle' else '--proof'}; leave it out of the list")
        for name in names:
            make_run(name, model, scenario)
        for note in scenario.provenance:
            typer.echo(note, err=True)
        with bar(scenario.name) as tell:
            result = run_comparison(hall, scenario, names, model=None if model is hall else model, oracle=oracle or proof, proof=proof,
                                    progress=tell)  # fmt: skip
        show_table(scenario.name, result.rows)
        show_proof(result.proof)
        if out is not None:
            from lowlift.sim.outputs import write_outputs

            for path in write_outputs(result, out):
                typer.echo(str(path))


def listed(controllers: str) -> list[str]:
    """Names of a comma-separated list; at least one, each once."""
    names = [c.strip() for c in controllers.split(",") if c.strip()]
    if not names:
        raise UsageError(f"--controllers {controllers!r}: names none; leave the option out for all of them")
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise UsageError(f"--controllers {controllers!r}: {', '.join(twice)} is named more than once")
    return names


@app.command()
def plants(files: Annotated[list[str] | None, typer.Argument(help="Names or site files; all packaged plants if none.")] = None) -> None:
    """List plants and check that each can carry its own load."""
    with friendly():
        from lowlift.models.design import design_report
        from lowlift.models.kinds import plant_of
        from lowlift.models.site import load_site, site_names

        for name in files or site_names():
            hall = plant_of(load_site(name))
            report = design_report(hall)
            tight = min(report.margins, key=lambda k: report.margins[k])
            verdict = f"ok, {tight} {report.margins[tight]:.1f} K inside" if report.shortfall == 0.0 else (
                f"SHORT by {report.shortfall / 1e3:.0f} kW ({tight})"
            )  # fmt: skip
            typer.echo(f"{hall.site.name:14s} {hall.site.P_it_nominal / 1e6:6.1f} MW  {hall.site.title}; design day: {verdict}")
            for words in report.outside:
                typer.echo(f"  outside a declared range, extrapolated: {words}")


@app.command()
def describe(plant: Annotated[str, typer.Argument(help="Plant name or site file.")]) -> None:
    """Print the signal tables of a plant: states, actuators, setpoints, disturbances."""
    with friendly():
        from rich.console import Console
        from rich.table import Table

        from lowlift import models

        hall = models.load(plant, check=False)
        sheet = hall.site.sheet
        typer.echo(f"{hall.site.name} ({sheet.kind}): {hall.site.title}")
        tables = {"setpoints": sheet.setpoints, "actuators": hall.actuators, "measurements": sheet.measurements,
                  "disturbances": hall.disturbances, "states": hall.states}  # fmt: skip
        for title, vector in tables.items():
            table = Table(title=title, title_justify="left")
            for column in ("name", "size", "per", "unit", "low", "high", "rate /s", "meaning"):
                table.add_column(column)
            for s in vector.signals:
                numbers = [f"{v:.4g}" if abs(v) < 1e300 else "" for v in (s.low, s.high, s.rate)]
                table.add_row(s.name, str(s.size), s.per, s.unit, *numbers, s.doc)
            Console(width=140).print(table)


@app.command()
def linearize(
    plant: Annotated[str, typer.Argument(help="Plant name or site file.")],
    load: Annotated[float, typer.Option(help="Share of the rated load.")] = 0.7,
    wet_bulb: Annotated[float | None, typer.Option(help="Wet bulb [degC]; that of the design day if not given.")] = None,
    dry_bulb: Annotated[float | None, typer.Option(help="Dry bulb [degC]; that of the design day if not given.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the matrices A to F, as CSV.")] = None,
) -> None:
    """Linearise a plant around the steady state of its initial actuators: print its time constants, write its matrices."""
    with friendly():
        from lowlift import models
        from lowlift.bms.meter import OUTDOORS
        from lowlift.sim.files import make_folder, write_text
        from lowlift.sim.linear_point import linear_at

        if not 0.0 < load <= 1.0:
            raise UsageError(f"--load = {load}: must be above 0 and at most 1")
        for option, value in (("--wet-bulb", wet_bulb), ("--dry-bulb", dry_bulb)):
            if value is not None and not OUTDOORS[0] <= value <= OUTDOORS[1]:
                raise UsageError(f"{option} = {value} degC: must be from {OUTDOORS[0]:g} to {OUTDOORS[1]:g} degC")
        if out is not None:
            make_folder(out)
        hall = models.load(plant, check=False)
        point = linear_at(hall, load, wet_bulb, dry_bulb)
        slow, fast = point.time_constants[0], point.time_constants[-1]
        sizes = f"{len(point.model.A)} states, {len(point.model.C)} outputs"
        typer.echo(f"{hall.site.name}: {sizes}; time constants {fast:.3g} s to {slow:.4g} s")
        for name, value, unit in zip(point.model.y.index, point.model.y, point.model.units, strict=True):
            typer.echo(f"  {name:24s} {value - 273.15 if unit == 'K' else value:12.4f} {'degC' if unit == 'K' else unit}")
        if out is not None:
            for matrix in "ABCDEF":
                typer.echo(str(write_text(out / f"{matrix}.csv", getattr(point.model, matrix).to_csv())))


@data_app.command("list")
def data_list() -> None:
    """List weather and workloads, where they come from and whether they are at hand."""
    with friendly():
        from lowlift.data import catalogue

        form = "{:9s} {:34s} {:9s} {:8s} {:14s} {}"
        typer.echo(form.format("kind", "name", "where", "state", "licence", "what"))
        for e in catalogue():
            typer.echo(form.format(e.kind, e.name, e.where, e.state, e.licence, e.what))


@data_app.command("get")
def data_get(name: Annotated[str, typer.Argument(help="Name of a remote entry, or 'all'.")]) -> None:
    """Fetch remote files into the cache and verify them."""
    with friendly():
        from lowlift.data import UnknownNameError, catalogue, fetch

        remote = {e.name: e for e in catalogue() if e.where == "remote"}
        if name != "all" and name not in remote:
            raise UnknownNameError("remote data", name, remote)
        for entry in remote.values() if name == "all" else [remote[name]]:
            typer.echo(f"{entry.name}: {fetch(entry.file)}")


@app.command()
def validate(
    files: Annotated[list[Path], typer.Argument(help="Tables in the format of tests/reference, recognised by name, then by header.")],
    coefficients: Annotated[list[Path] | None, typer.Option(help="Chiller coefficients (JSON); may be given more than once.")] = None,
    weather: Annotated[Path | None, typer.Option(help="Folder of EPW files that tables name.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the recomputed tables.")] = None,
    page: Annotated[Path | None, typer.Option(help="Markdown page with plots, like docs/validation.md.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Recompute validation tables with the library's components and compare them row by row; exit code 1 if one fails."""
    with friendly():
        from lowlift.sim.validation.command import run_command

        raise typer.Exit(run_command(files, coefficients or [], weather, out, page, as_json))


@app.command()
def demo(out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("out/demo")) -> None:
    """The main job: the Frontier day and two July days of a GB200 hall, all controllers and the oracle, in two processes."""
    with friendly():
        from lowlift.sim.demo import run_demo
        from lowlift.sim.files import make_folder

        make_folder(out)
        begun = time.perf_counter()
        results = run_demo(out)
        for result in results:
            show_table(result.title, result.rows)
            for note in result.notes:
                typer.echo(f"  {note}")
            show_proof(result.proof)
            for line in result.published:
                typer.echo(f"  {line}")
        typer.echo(f"done in {time.perf_counter() - begun:.0f} s; look at {out / 'report.html'}")


cli_hil.register(app)
cli_commission.register(app)
cli_control.register(app)


def main() -> None:
    """Entry point."""
    warnings.formatwarning = one_line
    app(prog_name="lowlift")


if __name__ == "__main__":
    main()
