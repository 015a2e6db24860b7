"""`quaymeter truth`: what a simulated port truly saved, for whoever holds the key."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from quaymeter.cli.context import Json, settings_of
from quaymeter.cli.output import show_json, show_table
from storage import truth as kept_truth
from storage.engine import connect
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from storage.truth import DayTruth, FaultTruth, KeptRun


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(truth)


def truth(
    context: typer.Context,
    *,
    demonstrator: Annotated[str, typer.Option(help="Id of one demonstrator; all if left out.")] = "",
    first: Annotated[str, typer.Option("--from", help="First day of the site's calendar.")] = "",
    last: Annotated[str, typer.Option("--to", help="Last day, included.")] = "",
    site: Annotated[str, typer.Option(help="Site id, where the database holds the truth of several.")] = "",
    scenario: Annotated[str, typer.Option(help="Scenario; the one written last if left out.")] = "",
    as_json: Json = False,
) -> None:
    """Show what each demonstrator truly saved, and which sensors were at fault: for judging analyses, never for them.

    Needs QUAYMETER_TRUTH_DSN, a login that is a member of quaymeter_truth. The demo keeps it in truth.env.

    Example:  quaymeter --env-file var/demo/truth.env truth --demonstrator floating-head --json
    """
    dsn = settings_of(context).truth_dsn
    if not dsn:
        raise ConfigurationError(
            "the truth is under a key of its own, and none is given",
            place="QUAYMETER_TRUTH_DSN",
            cure="for the demo: quaymeter --env-file var/demo/truth.env truth; else a login that is a member of "
            "quaymeter_truth",
        )
    begin, end = _day("--from", first), _day("--to", last)
    with connect(dsn) as connection:
        run = _chosen(kept_truth.runs(connection, site), site, scenario)
        days = kept_truth.days_of(connection, run.number, demonstrator=demonstrator, first=begin, last=end)
        faults = kept_truth.faults_of(connection, run.number, first=begin, last=end)
    if demonstrator and not days:
        raise ConfigurationError(
            f"no day of {demonstrator} is kept in this period", place="--demonstrator", cure="leave it out to see all"
        )
    if as_json:
        show_json(_document(run, days, faults))
    else:
        show_table(_table(run, days))


def _chosen(runs: list[KeptRun], site: str, scenario: str) -> KeptRun:
    """Return the run written last that is meant."""
    for run in runs:
        if not scenario or run.run.scenario == scenario:
            return run
    kept = ", ".join(sorted({f"{run.run.scenario} of {run.run.site}" for run in runs}))
    raise ConfigurationError(
        f"no such truth is kept: {scenario or 'any scenario'} of {site or 'any site'}",
        place="quaymeter truth",
        cure=f"one of: {kept}" if kept else "quaymeter simulate backfill, with QUAYMETER_TRUTH_DSN set, writes it",
    )


def _by_point(days: list[DayTruth]) -> dict[tuple[str, str], list[DayTruth]]:
    found: dict[tuple[str, str], list[DayTruth]] = defaultdict(list)
    for day in days:
        found[day.demonstrator, day.point].append(day)
    return found


def _document(run: KeptRun, days: list[DayTruth], faults: list[FaultTruth]) -> dict[str, object]:
    told = run.run
    return {
        "site": told.site, "scenario": told.scenario, "seed": told.seed, "begins": told.begins, "step_s": told.step_s,
        "code_version": told.code_version, "written_at": run.written_at,
        "demonstrators": [
            {
                "demonstrator": demonstrator, "point": point, "unit": found[0].unit,
                "saving": sum(day.saving for day in found),
                "days": [
                    {"day": day.day, "without": day.without_measure, "with": day.with_measure, "saving": day.saving}
                    for day in found
                ],
            }
            for (demonstrator, point), found in _by_point(days).items()
        ],
        "faults": [
            {
                "point": fault.point, "kind": fault.kind, "from": fault.begins_at, "to": fault.ends_at,
                "size": fault.size, **fault.detail,
            }
            for fault in faults
        ],
    }  # fmt: skip


def _table(run: KeptRun, days: list[DayTruth]) -> Table:
    told = run.run
    table = Table(title=f"{told.site}: scenario {told.scenario}, seed {told.seed}, from {told.begins}")
    for heading in ("demonstrator", "point", "days", "without", "with", "saving", "unit"):
        table.add_column(heading, justify="right" if heading in ("days", "without", "with", "saving") else "left")
    for (demonstrator, point), found in _by_point(days).items():
        without, with_ = sum(day.without_measure for day in found), sum(day.with_measure for day in found)
        figures = (f"{figure:.1f}" for figure in (without, with_, without - with_))
        table.add_row(demonstrator, point, str(len(found)), *figures, found[0].unit)
    return table


def _day(option: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f'"{text}" is no day', place=option, cure="write 2025-03-01") from None
