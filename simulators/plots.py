"""Plots that an engineer would want of a scenario: a year of drivers, a week of each system, before and after.

A port is data: panels are chosen by the kind of an asset and the names of its points, for the first asset of a kind
that has them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from simulators.day import DAY_S
from simulators.outputs import Amounts, Switch

if TYPE_CHECKING:
    from datetime import date

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from simulators.survey import Survey
    from telemetry.site import Asset

STYLE = Path(__file__).with_suffix(".mplstyle")
DOTS_PER_INCH = 110
_YEAR = 365  # [d]


class Panel(NamedTuple):
    """One panel of a week: what is drawn, and of which kind of asset."""

    label: str  # of the axis, unit in brackets
    kind: str  # of the asset
    names: tuple[str, ...]  # of its points


SYSTEMS = {
    "seawater": (
        Panel("level [m]", "seawater_loop", ("level_tide", "level_sump")),
        Panel("flow [m³/h]", "seawater_loop", ("flow",)),
        Panel("power [kW]", "seawater_loop", ("pump_1_power", "pump_2_power")),
        Panel("temperature [°C]", "heat_exchanger", ("t_sea_in", "t_sea_out", "t_loop_in", "t_loop_out")),
    ),
    "cold": (
        Panel("room [°C]", "cold_room", ("t_return", "t_product", "t_haccp", "setpoint")),
        Panel("door, defrost [0/1]", "cold_room", ("door", "defrost")),
        Panel("power [kW]", "refrigeration", ("compressor_1_power", "compressor_2_power", "condenser_fan_power")),
        Panel("condensing, sea [°C]", "refrigeration", ("t_condensing", "condenser_t_in", "condenser_t_out")),
    ),
    "steam": (
        Panel("steam [kg/h]", "boiler_house", ("steam_flow",)),
        Panel("gas [m³ a step]", "boiler_house", ("gas",)),
        Panel("pressure [bar g]", "boiler_house", ("p_steam",)),
        Panel("water [°C]", "boiler_house", ("t_feed", "t_flue")),
    ),
    "water": (
        Panel("fresh water [m³/h]", "water_meter", ("flow",)),
        Panel("seawater [m³ a step]", "water_meter", ("seawater",)),
        Panel("hot water [°C]", "hot_water", ("t_tank", "t_return")),
        Panel("site power [kW]", "electricity_meter", ("power",)),
    ),
}


def write_plots(found: Survey, folder: Path) -> list[Path]:
    """Draw a survey into a folder and return the files.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(fname=STYLE):
        figures = {"drivers": _drivers(found)}
        figures |= {f"week-{system}": _week(found, system, panels) for system, panels in SYSTEMS.items()}
        if found.scenario.demonstrators:
            figures["before-and-after"] = _before_and_after(found)
        return [_save(figure, folder / f"{name}.png") for name, figure in figures.items()]


def _save(figure: Figure, path: Path) -> Path:
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})
    return path


def _axes(count: int, title: str) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(10, 1.2 + 1.9 * count), layout="constrained")
    made = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure, list(made)


def _legend(axis: Axes) -> None:
    """Set the legend above its panel, where no curve runs."""
    axis.legend(ncols=4, loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.1, fontsize=8)


def _title(found: Survey, what: str) -> str:
    scenario = found.scenario
    return f"{what} – simulated: {found.site.id}, scenario {scenario.name}, seed {scenario.seed}"


def _drivers(found: Survey) -> Figure:
    """Draw the last year of drivers."""
    days = np.array(found.dates[-_YEAR:], "datetime64[D]")
    span = "A year" if len(days) == _YEAR else f"{len(days)} days" if len(days) > 1 else "A day"
    figure, axes = _axes(5, _title(found, f"{span} of drivers, daily means"))
    shown = {name: values[-_YEAR:] for name, values in found.drivers.items()}
    axes[0].plot(days, shown["sea"], label="sea")
    axes[0].plot(days, shown["air"], label="air", lw=0.8)
    axes[0].set_ylabel("temperature [°C]")
    _legend(axes[0])
    rows = (("tide_range", "tidal range [m]"), ("salinity", "salinity [1]"), ("turbidity", "turbidity [NTU]"))
    for axis, (name, label) in zip(axes[1:], rows, strict=False):
        axis.plot(days, shown[name], lw=0.9)
        axis.set_ylabel(label)
    axes[4].bar(days, shown["production"], width=1.0)
    axes[4].set_ylabel("production [t/d]")
    return figure


def _week(found: Survey, system: str, panels: tuple[Panel, ...]) -> Figure:
    """Draw the week kept in full, one panel under the other."""
    figure, axes = _axes(len(panels), "")
    drawn: list[str] = []
    for axis, panel in zip(axes, panels, strict=True):
        asset = _first(found, panel)
        for name in panel.names:
            times, values = _series(found, f"{asset.key}/{name}") if asset else (_no_times(), np.empty(0))
            if len(values):
                axis.plot(times, values, label=name, lw=1.0, drawstyle="steps-post")
        axis.set_ylabel(panel.label)
        if axis.lines:
            _legend(axis)
        if asset is not None and asset.key not in drawn:
            drawn.append(asset.key)
    figure.suptitle(_title(found, f"A week of {system}: {', '.join(drawn)}"), x=0.01, ha="left", fontsize=11)
    return figure


def _first(found: Survey, panel: Panel) -> Asset | None:
    """Return the first asset of a panel's kind that has one of its points."""
    keys = {point.key for point in found.site.points}
    of_kind = (asset for asset in found.site.assets if asset.kind == panel.kind)
    return next((asset for asset in of_kind if any(f"{asset.key}/{name}" in keys for name in panel.names)), None)


def _no_times() -> NDArray[np.datetime64]:
    return np.empty(0, "datetime64[s]")


def _series(found: Survey, key: str) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    """Return the week of one point: times (n,) and values (n,), nothing where it is not simulated."""
    times, values = [], []
    for made in found.week:
        output = made.outputs.get(key)
        if output is None:
            continue
        if isinstance(output, Amounts):
            times.append(output.ts_s)
        else:
            times.append(made.day.minutes_s if isinstance(output, Switch) else made.day.starts_s)
        values.append(output.values)
    if not values:
        return _no_times(), np.empty(0)
    return np.concatenate(times).astype("datetime64[s]"), np.concatenate(values)


def _before_and_after(found: Survey) -> Figure:
    """Draw weekly use with and without each demonstrator at the first point of its boundary."""
    names = found.scenario.demonstrators
    figure, axes = _axes(len(names), _title(found, "With (line) and without (dots) each demonstrator, means of a week"))
    for axis, name in zip(axes, names, strict=True):
        rows = [row for row in found.truth if row.demonstrator == name]
        rows = [row for row in rows if row.point == rows[0].point]
        days, (use, without) = _weeks([row.day for row in rows], [row.with_ for row in rows], [r.without for r in rows])
        axis.plot(days, without, ":", color="#d1495b", lw=1.2)
        axis.plot(days, use, color="#0b5c8a", lw=1.2)
        axis.fill_between(days, use, without, color="#2a9d8f", alpha=0.25, lw=0)
        axis.axvline(_start(found, name), color="0.4", lw=0.8, ls="--")
        axis.set_ylabel(f"{rows[0].unit} a day" if rows else "")
        axis.set_title(f"{name} – {rows[0].point}" if rows else name, loc="left", fontsize=9)
        axis.set_ylim(bottom=0)
    return figure


def _start(found: Survey, name: str) -> float:
    """Return when a demonstrator's first measure starts [d since 1970-01-01], as plots count days."""
    measures = [measure for measure in found.scenario.measures if measure.demonstrator == name]
    return min(found.scenario.instant_s(measure.start, found.site.timezone) for measure in measures) / DAY_S


def _weeks(days: list[date], *columns: list[float]) -> tuple[NDArray[np.datetime64], list[NDArray[np.float64]]]:
    """Average columns over whole weeks; a rest of less than a week is left out."""
    count = len(days) // 7
    mondays = np.array(days[: 7 * count : 7], "datetime64[D]")
    return mondays, [np.array(column[: 7 * count]).reshape(count, 7).mean(axis=1) for column in columns]
