"""`quaymeter savings portfolio` and `replicate`: many runs at once, and one carried over; they need no database."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
import typer
from rich.table import Table as Grid

from quaymeter.cli.context import Json  # noqa: TC001 – typer reads annotations when it runs
from quaymeter.cli.output import ExitCode, progress, say, show_json, stdout
from quaymeter.savings.words import figure, shown_unit
from savings.findings import Severity
from savings.together import CARBON, Demonstrated, sums
from telemetry.errors import ConfigurationError, TransferError
from telemetry.plan import Cost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from savings.input_record import RunInput
    from savings.record import Figure
    from savings.replicate import WhatIf
    from savings.together import Ranking, Sums, Together

_Record = TypeVar("_Record")

Files = Annotated[
    list[Path], typer.Argument(help="Bundles of savings runs (.zip), or runs (.json).", exists=True, dir_okay=False)
]
Demonstrator = Annotated[
    Path, typer.Argument(help="Bundle (.zip) or input (.json) of the demonstrator.", exists=True, dir_okay=False)
]
Others = Annotated[
    list[Path],
    typer.Option("--to", help="Bundle or input of another plant, once for each.", exists=True, dir_okay=False),
]
Meter = Annotated[str, typer.Option("--meter", help="Id of the figure, where a plan has several.")]
Same = Annotated[
    list[str] | None, typer.Option("--same", help="OURS=THEIRS: the plant's name for a driver, once for each.")
]
Spread = Annotated[float, typer.Option("--between-plants", help="Spread of the share between plants.", min=0, max=2)]
Price = Annotated[float | None, typer.Option("--price", help="EUR a unit, for the payback.", min=0)]
Investment = Annotated[float | None, typer.Option("--investment", help="EUR at each plant; the plan's if left out.")]
Yearly = Annotated[float, typer.Option("--yearly", help="Upkeep [EUR/a], with --investment.")]
Life = Annotated[float, typer.Option("--life", help="Years, with --investment.", min=0.1)]
Rate = Annotated[float, typer.Option("--rate", help="Discount rate, with --investment.", min=0, max=0.99)]


CAUSES = {"demonstrator": "the demonstrator's interval", "model": "the plant's model",
          "between_plants": "the spread between plants", "extrapolation": "days never seen"}  # fmt: skip
SHOWN = {"EUR": "€", "t": "t CO₂e"}


def portfolio(files: Files, *, as_json: Json = False) -> None:
    """Add up the runs of many demonstrators, with the interval of their sum, and rank them by the cost of a saved unit.

    Exit 1 where a run could not be added, which is said.

    Example:  quaymeter savings portfolio floating-head.zip steam-traps.zip --json
    """
    found = sums(_runs(files))
    if as_json:
        show_json(msgspec.to_builtins(found._asdict()))
    else:
        _show_sums(found)
    unranked = {"no cost", "less than a year", "no emission factor"}
    unsummed = [each for each in found.left_out if each.reason not in unranked]
    raise typer.Exit(ExitCode.NOT_IN_ORDER if unsummed else ExitCode.OK)


def replicate(  # noqa: PLR0913 – each is an option of the command
    demonstrator: Demonstrator,
    *,
    to: Others,
    meter: Meter = "",
    same: Same = None,
    between_plants: Spread = 0.2,
    price: Price = None,
    investment: Investment = None,
    yearly: Yearly = 0.0,
    life: Life = 15.0,
    rate: Rate = 0.05,
    as_json: Json = False,
) -> None:
    """Say what a demonstrator's measure would save at other plants, how sure that is, and whether it pays.

    A forecast, not a measurement: the share saved is carried over under the other plant's conditions.

    Example:  quaymeter savings replicate seawater.zip --to north.zip --to south.zip --price 0.17 --investment 90000
    """
    from savings.elsewhere import elsewhere  # noqa: PLC0415 – imports wait until they are needed

    cost = None
    if investment is not None:
        cost = Cost(
            investment_eur=investment, yearly_eur=yearly, life_years=life, discount_rate=rate, source="command line"
        )
    pairs = dict(_pair(text) for text in same or ())
    given, others = _input(demonstrator), [_input(path) for path in to]
    with progress() as bar:
        bar.add_task("carrying over", total=None, note="")
        found = elsewhere(
            given, others, meter=meter, between_plants=between_plants, cost=cost, price_eur=price, same=pairs
        )
    if as_json:
        show_json([_document(each) for each in found])
    else:
        _show_plants(found)


def _pair(text: str) -> tuple[str, str]:
    ours, equals, theirs = text.partition("=")
    if not (ours and equals and theirs):
        raise ConfigurationError(f'"{text}" is not OURS=THEIRS', place="--same", cure="write air=quay/air")
    return ours, theirs


def _data(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TransferError(f"cannot be read: {error.strerror}", place=str(path), cure="name a bundle") from error


def _runs(files: Iterable[Path]) -> list[Demonstrated]:
    """Read bundles and runs; two demonstrators of one name are told apart by their site or their file."""
    from savings.bundle import unpack  # noqa: PLC0415 – imports wait until they are needed
    from savings.record import decode_run  # noqa: PLC0415

    found: list[Demonstrated] = []
    for path in files:
        data, cost = _data(path), None
        if data.startswith(b"PK"):
            held = unpack(data, place=str(path))
            run, cost = held.run, held.given.plan.cost
        else:
            run = _decoded(path, data, decode_run)
        taken = {each.key for each in found}
        names = (run.demonstrator, f"{run.site}/{run.demonstrator}", str(path))
        key = next((name for name in names if name not in taken), "")
        if not key:
            raise TransferError("is named twice", place=str(path), cure="name every file once")
        found.append(Demonstrated(key, cost, run))
    return found


def _input(path: Path) -> RunInput:
    """Read the input of a run, from a bundle or as it is."""
    from savings.bundle import unpack  # noqa: PLC0415 – imports wait until they are needed
    from savings.record import decode_input  # noqa: PLC0415

    data = _data(path)
    return unpack(data, place=str(path)).given if data.startswith(b"PK") else _decoded(path, data, decode_input)


def _decoded(path: Path, data: bytes, decode: Callable[[bytes], _Record]) -> _Record:
    try:
        return decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TransferError(
            f"is not understood: {error}", place=str(path), cure="name a bundle, or its JSON"
        ) from error


def _show_sums(found: Sums) -> None:
    for each in (found.money, found.carbon, *found.amounts):
        if each is not None:
            stdout().print(_sum(each), markup=False)
    for ranking in found.rankings:
        stdout().print(_ranking(ranking))
    for left in found.left_out:
        say(f"{'/'.join(part for part in (left.demonstrator, left.meter) if part)}: {left.reason}")


def _sum(each: Together) -> str:
    unit = SHOWN.get(each.unit) or shown_unit(each.unit)
    text = f"Saved together: {figure(each.saving.value)} {unit}, between {_ends(each.saving)}"
    if len(each.figures) == 1:
        return f"{text} (one figure)"
    bounds = f"{_ends(each.independent)} if they err apart, {_ends(each.dependent)} if they err as one"
    return f"{text} ({len(each.figures)} figures; {bounds})"


def _ranking(ranking: Ranking) -> Grid:
    unit = SHOWN["t"] if ranking.unit == CARBON else shown_unit(ranking.unit)
    grid = Grid(title=f"By the cost of a saved {unit}", title_justify="left", box=None, pad_edge=False)
    for heading in ("demonstrator", f"€ a {unit}", "between", "pays back in years"):
        grid.add_column(heading, justify="left" if heading == "demonstrator" else "right", overflow="fold")
    for each in ranking.entries:
        grid.add_row(each.demonstrator, _value(each.unit_cost), _ends(each.unit_cost), _value(each.payback_years))
    return grid


def _show_plants(found: tuple[WhatIf, ...]) -> None:
    for each in found:
        stdout().print(_plant(each), markup=False)
    say("a forecast, not a measurement: it rests on the spread between plants that --between-plants assumes")
    for each in found:
        for finding in each.replication.findings:
            if finding.severity is not Severity.INFO:
                say(f"{each.economy.name}: {finding.code}: {finding.message}")


def _plant(each: WhatIf) -> str:
    there, economy = each.replication, each.economy
    unit, yearly = shown_unit(there.saving.unit), economy.yearly_saving
    share = f"{figure(there.share.value)} % of its use"
    parts = [f"{economy.name}: would save {figure(yearly.value)} {unit} a year, between {_ends(yearly)} ({share})"]
    if economy.unit_cost is not None:
        parts.append(f"{figure(economy.unit_cost.value)} € a saved {unit}, between {_ends(economy.unit_cost)}")
    if economy.payback_years is not None:
        parts.append(
            f"pays back in {figure(economy.payback_years.value)} years, between {_ends(economy.payback_years)}"
        )
    parts.append(f"least sure of {CAUSES[max(there.errors, key=there.errors.__getitem__)]}")
    if there.beyond:
        parts.append(f"{len(there.beyond)} days in conditions never seen")
    return "; ".join(parts)


def _document(each: WhatIf) -> dict[str, object]:
    there, economy = each.replication, each.economy
    return {
        "plant": economy.name, "case": economy.case.value, "days": there.days, "errors": there.errors,
        "yearly_cost": economy.yearly_cost, "beyond": there.beyond, "beyond_share": there.beyond_share,
        **{name: None if value is None else msgspec.to_builtins(value) for name, value in {
            "saving": there.saving, "share": there.share, "use": there.use, "yearly_saving": economy.yearly_saving,
            "unit_cost": economy.unit_cost, "payback_years": economy.payback_years,
            "net_present_value": economy.net_present_value,
        }.items()},
        "findings": [asdict(finding) for finding in there.findings],
    }  # fmt: skip


def _value(found: Figure | None) -> str:
    return "–" if found is None else figure(found.value)


def _ends(found: Figure | None) -> str:
    """Return an interval; an end that nothing bounds is said so."""
    if found is None:
        return "–"
    low, high = ("no limit" if each is None else figure(each) for each in (found.low, found.high))
    return f"{low} and {high}"
