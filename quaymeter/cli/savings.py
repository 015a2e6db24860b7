"""`quaymeter savings`: what a measure saved, from any engineer's CSV, with an interval; needs no database."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quaymeter.cli.context import Json  # noqa: TC001 – typer reads annotations when it runs
from quaymeter.cli.output import ExitCode, make_folder, progress, say, show_json, stderr, stdout
from quaymeter.cli.report import report
from quaymeter.cli.together import portfolio, replicate
from quaymeter.cli.verify import verify
from quaymeter.savings.request import Request, in_order, period
from savings.table import Frequency
from simulators.recorded import Fold
from telemetry.errors import ConfigurationError
from telemetry.plan import DayTypes

if TYPE_CHECKING:
    from quaymeter.savings.analysis import Analysis
    from savings.table import Table

COLUMN = "columns are named by their heading, or by number from 0 where the file has none"

File = Annotated[Path, typer.Argument(help="CSV, plain or gzip.", exists=True, dir_okay=False)]
Time = Annotated[str, typer.Option("--time", help="Column of the time; Date+Hour where it stands in two.")]
Zone = Annotated[str, typer.Option("--tz", help="Zone of the site: Europe/Paris, or +01:00 for winter time all year.")]
Energy = Annotated[str, typer.Option("--energy", help=f"COLUMN[:unit][:register] of the meter; {COLUMN}.")]
Drivers = Annotated[
    list[str] | None,
    typer.Option(
        "--driver", help="COLUMN[:linear|:changepoint|:category][:unit][:mean|:sum][:lasts=DAYS], once for each."
    ),
]
Also = Annotated[list[str] | None, typer.Option("--also", help="FILE[:time column] with further columns.")]
Freq = Annotated[Frequency, typer.Option("--freq", help="How long a row is.")]
Baseline = Annotated[str, typer.Option("--baseline", help="START/END before the measure; both days included.")]
Reporting = Annotated[str, typer.Option("--reporting", help="START/END after the measure; left out: the fit alone.")]
Confidence = Annotated[float, typer.Option(help="Of the interval.", min=0.5, max=0.999)]
Method = Annotated[str, typer.Option(help="Of the interval: reml, guideline14, hac, bootstrap, ols.")]
Exclude = Annotated[list[str] | None, typer.Option("--exclude", help="START/END to leave out, once for each.")]
Types = Annotated[
    DayTypes,
    typer.Option(
        "--day-types",
        help="Tell Monday to Friday, Saturday and Sunday apart, all seven days, or how long a plant has rested.",
    ),
]
Holidays = Annotated[str, typer.Option("--holidays", help="Country whose public holidays count as days of rest: FR.")]
ByDay = Annotated[
    bool, typer.Option("--drivers-by-day", help="Hours take their day's mean of each driver: for what works slowly.")
]
ResultUnit = Annotated[str, typer.Option("--unit", help="Unit of the result: kWh, MWh, m3; the file's if left out.")]
Registers = Annotated[
    list[str] | None, typer.Option("--register", help="Column that is a register: its growth counts.")
]
FoldOption = Annotated[Fold, typer.Option("--ambiguous", help="The hour that happens twice in autumn.")]
WallTime = Annotated[bool, typer.Option("--wall-time", help="Read the clock's digits, whatever offset follows them.")]
Stamp = Annotated[str, typer.Option("--stamp", help="Whether a time is the start or the end of its interval.")]
Decimal = Annotated[str, typer.Option("--decimal", help="Decimal mark, . or , where it cannot be told.")]
Dates = Annotated[str, typer.Option("--dates", help="dmy or mdy, where it cannot be told.")]
Missing = Annotated[list[str] | None, typer.Option("--missing", help="Value that means none, as -9999; none: no such.")]
Least = Annotated[
    float, typer.Option("--least-coverage", help="Share of a row's time that must be there.", min=0.01, max=1)
]
Accept = Annotated[list[str] | None, typer.Option("--accept", help="Code of a finding of the file to let pass.")]
Plots = Annotated[Path | None, typer.Option("--plots", help="Draw into this directory.", file_okay=False)]
Csv = Annotated[bool, typer.Option("--csv", help="Write the table as CSV to stdout.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="What a measure saved: from a CSV, or a run's bundle.", no_args_is_help=True)
    group.command()(fit)
    group.command()(table)
    group.command()(verify)
    group.command()(report)
    group.command()(portfolio)
    group.command()(replicate)
    app.add_typer(group, name="savings")


def fit(  # noqa: PLR0913 – each is an option of the command
    file: File,
    *,
    time: Time,
    energy: Energy,
    baseline: Baseline,
    reporting: Reporting = "",
    driver: Drivers = None,
    tz: Zone = "",
    freq: Freq = Frequency.DAILY,
    also: Also = None,
    confidence: Confidence = 0.9,
    method: Method = "reml",
    exclude: Exclude = None,
    day_types: Types = DayTypes.NONE,
    holidays: Holidays = "",
    drivers_by_day: ByDay = False,
    unit: ResultUnit = "",
    register: Registers = None,
    ambiguous: FoldOption = Fold.IN_ORDER,
    wall_time: WallTime = False,
    stamp: Stamp = "start",
    decimal: Decimal = "",
    dates: Dates = "",
    missing: Missing = None,
    least_coverage: Least = 0.9,
    accept: Accept = None,
    robust: Annotated[bool, typer.Option("--robust", help="Let outliers weigh less.")] = False,
    plots: Plots = None,
    as_json: Json = False,
) -> None:
    """Fit a baseline to the time before a measure and say what was saved after it, and how sure that is.

    Exit 1 where the data allow no figure: the findings say why and what to do.

    Example:  quaymeter savings fit meter.csv --time date --tz Europe/Paris --energy kWh --driver t_ext:changepoint:Cel
    --driver tonnes:linear:t --freq daily --baseline 2023-01-01/2023-12-31 --reporting 2024-02-01/2025-01-31
    """
    from quaymeter.savings.analysis import Question, analyse  # noqa: PLC0415 – `table` runs without it
    from savings.uncertainty.interval import Method as Methods  # noqa: PLC0415

    _one_of("--method", method, tuple(Methods))
    after = period(reporting, "--reporting") if reporting else None
    question = Question(
        baseline=in_order(period(baseline, "--baseline"), after), reporting=after, confidence=confidence,
        method=method, robust=robust,
    )  # fmt: skip
    request = _request(
        file, time=time, energy=energy, driver=driver, also=also, tz=tz, freq=freq, exclude=exclude, accept=accept,
        day_types=day_types, holidays=holidays, drivers_by_day=drivers_by_day, unit=unit, register=register,
        ambiguous=ambiguous, wall_time=wall_time, stamp=stamp, decimal=decimal, dates=dates, missing=missing,
        least_coverage=least_coverage,
    )  # fmt: skip
    if plots is not None:
        make_folder(plots, "--plots")
    with progress() as bar:
        task = bar.add_task(f"reading {file.name}", total=None, note="")
        found = analyse(request, question)
        bar.update(task, note="drawing" if plots else "")
        drawn = _draw(found, plots) if plots else []
    _tell(found, drawn, as_json=as_json)
    raise typer.Exit(ExitCode.NOT_IN_ORDER if found.stopped else ExitCode.OK)


def table(  # noqa: PLR0913 – each is an option of the command
    file: File,
    *,
    time: Time,
    energy: Energy,
    driver: Drivers = None,
    tz: Zone = "",
    freq: Freq = Frequency.DAILY,
    also: Also = None,
    exclude: Exclude = None,
    baseline: Annotated[str, typer.Option("--baseline", help="START/END: show this period.")] = "",
    reporting: Annotated[str, typer.Option("--reporting", help="START/END: show this period too.")] = "",
    day_types: Types = DayTypes.NONE,
    holidays: Holidays = "",
    drivers_by_day: ByDay = False,
    unit: ResultUnit = "",
    register: Registers = None,
    ambiguous: FoldOption = Fold.IN_ORDER,
    wall_time: WallTime = False,
    stamp: Stamp = "start",
    decimal: Decimal = "",
    dates: Dates = "",
    missing: Missing = None,
    least_coverage: Least = 0.9,
    accept: Accept = None,
    as_csv: Csv = False,
    as_json: Json = False,
) -> None:
    """Show a file as the aligned table that a fit would see: use, drivers and coverage by row, and what was found.

    Example:  quaymeter savings table meter.csv --time date --tz Europe/Paris --energy kWh --driver t_ext --csv
    """
    from quaymeter.savings.analysis import period_findings  # noqa: PLC0415
    from quaymeter.savings.document import reading_document  # noqa: PLC0415 – imports wait until they are needed
    from quaymeter.savings.read import read  # noqa: PLC0415
    from savings.findings import Severity  # noqa: PLC0415
    from savings.stuck_values import check_stuck  # noqa: PLC0415
    from savings.suspect_values import check_values  # noqa: PLC0415

    request = _request(
        file, time=time, energy=energy, driver=driver, also=also, tz=tz, freq=freq, exclude=exclude, accept=accept,
        day_types=day_types, holidays=holidays, drivers_by_day=drivers_by_day, unit=unit, register=register,
        ambiguous=ambiguous, wall_time=wall_time, stamp=stamp, decimal=decimal, dates=dates, missing=missing,
        least_coverage=least_coverage,
    )  # fmt: skip
    asked = {name: period(text, f"--{name}")
             for name, text in (("baseline", baseline), ("reporting", reporting)) if text}  # fmt: skip
    reading = read(request)
    wanted = asked.values()
    inside = sum((each.holds(reading.table.start) for each in wanted), start=reading.table.start != reading.table.start)
    outside = sum((each.holds(reading.table.start) for each in request.exclude), start=inside & False)
    shown = reading.table.take((inside if wanted else ~inside) & ~outside)
    found = [*reading.findings, *check_values(shown), *check_stuck(shown)]
    findings = (*found, *(each for name, one in asked.items() for each in period_findings(reading, one, name)))
    if as_json:
        show_json(reading_document(reading, shown, findings))
    elif as_csv:
        _write_csv(shown)
    else:
        _show_table(shown)
    if not as_json and findings:
        from quaymeter.savings.words import findings_grid  # noqa: PLC0415

        stderr().print(findings_grid(findings))
    stopped = any(finding.severity is Severity.STOP for finding in findings)
    raise typer.Exit(ExitCode.NOT_IN_ORDER if stopped else ExitCode.OK)


def _request(  # noqa: PLR0913 – the options that both commands share
    file: Path, *, time: str, energy: str, driver: list[str] | None, also: list[str] | None, tz: str, freq: Frequency,
    exclude: list[str] | None, accept: list[str] | None, day_types: DayTypes, holidays: str, drivers_by_day: bool,
    unit: str, register: list[str] | None, ambiguous: Fold, wall_time: bool, stamp: str, decimal: str, dates: str,
    missing: list[str] | None, least_coverage: float,
) -> Request:  # fmt: skip
    """Make a request of the options that both commands share."""
    _one_of("--stamp", stamp, ("start", "end"))
    _one_of("--decimal", decimal, ("", ".", ","))
    _one_of("--dates", dates, ("", "dmy", "mdy"))
    return Request(
        path=file, time=time, energy=energy, drivers=tuple(driver or ()), also=tuple(also or ()), tz=tz, frequency=freq,
        exclude=tuple(period(text, "--exclude") for text in exclude or ()), registers=tuple(register or ()),
        day_types=day_types, holidays=holidays, drivers_by_day=drivers_by_day, unit=unit, fold=ambiguous,
        wall_time=wall_time, stamped_at_end=stamp == "end", decimal=decimal, dates=dates,
        codes=None if missing is None else _codes(missing), least_coverage=least_coverage, accepted=tuple(accept or ()),
    )  # fmt: skip


def _one_of(option: str, text: str, lawful: tuple[str, ...]) -> None:
    if text not in lawful:
        words = ", ".join(repr(each) for each in lawful if each)
        raise ConfigurationError(f'"{text}" is not among {words}', place=option, cure=f"choose one of {words}")


def _codes(words: list[str]) -> tuple[float, ...]:
    """Read values that mean "no value"."""
    try:
        return tuple(float(word) for word in words if word != "none")
    except ValueError as error:
        raise ConfigurationError(str(error), place="--missing", cure="give a number, as -9999, or none") from error


def _draw(found: Analysis, folder: Path) -> list[Path]:
    try:
        from quaymeter.savings.plots import write_plots  # noqa: PLC0415 – only with --plots
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"plots need the Python package {error.name!r}, which is not installed",
            place="--plots",
            cure="pip install 'quaymeter[plots]'",
        ) from error
    return write_plots(found, folder)


def _tell(found: Analysis, drawn: list[Path], *, as_json: bool) -> None:
    from quaymeter.savings.document import analysis_document  # noqa: PLC0415 – imports wait until they are needed
    from quaymeter.savings.words import show_analysis  # noqa: PLC0415

    if as_json:
        show_json({**analysis_document(found), "plots": [str(path) for path in drawn]})
        return
    show_analysis(found, stdout())
    for path in drawn:
        say(f"drawn: {path}")


def _write_csv(shown: Table) -> None:
    from quaymeter.savings.document import table_columns  # noqa: PLC0415 – imports wait until they are needed

    columns = table_columns(shown)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))


def _show_table(shown: Table) -> None:
    from rich.table import Table as Grid  # noqa: PLC0415 – imports wait until they are needed

    from quaymeter.savings.document import table_columns  # noqa: PLC0415
    from quaymeter.savings.words import figure, shown_unit  # noqa: PLC0415

    units = {"energy": shown_unit(shown.unit), **{each.name: shown_unit(each.unit) for each in shown.drivers}}
    columns = table_columns(shown)
    grid = Grid(box=None, pad_edge=False)
    for name in columns:
        heading = f"{name} [{units[name]}]" if units.get(name) else name
        grid.add_column(heading.replace("[", r"\["), justify="left" if name == "start" else "right")
    for cells in zip(*columns.values(), strict=True):
        grid.add_row(*(cell if isinstance(cell, str) else figure(cell) for cell in cells))
    stdout().print(grid)
