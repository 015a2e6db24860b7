"""A file as columns of text: its encoding, its separator and the line of its headings are found, not asked for."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped] # pyarrow brings no types
import pyarrow.csv  # type: ignore[import-untyped] # pyarrow brings no types

from quaymeter.savings.unit_names import known_unit, without_unit
from telemetry.errors import TransferError
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SEPARATORS = (";", "\t", ",", "|")
PREAMBLE_LINES = 60  # titles, addresses, serial numbers: what exports put above the headings


@dataclass(frozen=True, kw_only=True, eq=False)
class TextFile:
    """A file's columns, as written."""

    path: str
    columns: Mapping[str, pa.Array]  # heading → text (n,)
    separator: str
    header_line: int  # 1-based; 0 where the file has none and columns are numbered from 0
    units: Mapping[str, str]  # heading → unit, from a line of units under the headings
    broken_lines: tuple[int, ...]  # lines with another number of cells, left out
    encoding: str

    @property
    def first_line(self) -> int:
        """Line of the file that row 0 stands on, as long as no line is broken."""
        return self.header_line + 1 + bool(self.units)

    def find(self, name: str) -> str | None:
        """Return the heading that a name means: itself, in other case, or without the unit in brackets."""
        if name in self.columns:
            return name
        for spell in (str.casefold, lambda text: without_unit(text).casefold()):
            found = [heading for heading in self.columns if spell(heading) == name.casefold()]
            if len(found) == 1:
                return found[0]
        return None

    def missing(self, name: str, option: str) -> TransferError:
        """Return the error for a column that is not there."""
        have = ", ".join(repr(heading) for heading in self.columns)
        return TransferError(
            f"no column {name!r}", place=f"{option}, {self.path}",
            cure=f"{did_you_mean(name, self.columns)}it has {have}",
        )  # fmt: skip


def read_text_file(path: Path, time: str) -> TextFile:
    """Read a CSV, plain or gzip, whose headings are the first line that names the time's column.

    Parameters
    ----------
    time
        Heading of the time, `Date+Hour` where it stands in two columns, or a number from 0 where the file has no
        headings.

    Raises
    ------
    TransferError
        Where the file cannot be read, or has no such column.
    """
    text, encoding = _decoded(path)
    lines = text.splitlines()[:PREAMBLE_LINES]
    if not any(line.strip() for line in lines):
        raise TransferError("the file is empty", place=str(path), cure="export it again")
    separator, header = _layout(lines, time, path)
    names = _unique(_cells(lines[header], separator)) if header >= 0 else []
    if not names:
        names = [str(number) for number in range(max(len(_cells(line, separator)) for line in lines if line))]
    broken: list[int] = []
    columns = _columns(text, separator, header + 1, names, broken, path)
    units = _unit_row(columns) if header >= 0 else {}
    if units:
        columns = {name: column.slice(1) for name, column in columns.items()}
    return TextFile(
        path=path.name, columns=columns, separator=separator, header_line=header + 1, units=units,
        broken_lines=tuple(broken), encoding=encoding,
    )  # fmt: skip


def time_parts(time: str) -> list[str]:
    """Return the headings a time is made of: one, or date and hour joined by `+`."""
    return [part.strip() for part in time.split("+")]


def _decoded(path: Path) -> tuple[str, str]:
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except (OSError, EOFError) as error:
        raise TransferError(f"cannot be read: {error}", place=str(path), cure="is the path right?") from error
    if raw[:4] == b"PK\x03\x04" or raw[:4] == b"PAR1":
        raise TransferError("is a workbook or Parquet, not CSV", place=str(path), cure="save it as CSV (UTF-8)")
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return raw.decode("utf-16", "replace"), "utf-16"
    try:
        return raw.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace"), "cp1252"


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]


def _layout(lines: Sequence[str], time: str, path: Path) -> tuple[str, int]:
    """Return the separator and the 0-based line of the headings, −1 where there are none."""
    best: tuple[int, str, int] | None = None
    for separator in SEPARATORS:
        for number, line in enumerate(lines):
            cells = _cells(line, separator)
            if _names_time(cells, time) and (best is None or len(cells) > best[0]):
                best = (len(cells), separator, number)
                break
    if best is not None:
        return best[1], best[2]
    separator = max(SEPARATORS, key=lambda each: _regular(lines, each))
    if all(part.isdigit() for part in time_parts(time)):
        return separator, -1
    widest = max((_cells(line, separator) for line in lines), key=len)
    raise TransferError(
        f"no column {time!r}", place=f"--time, {path.name}",
        cure=f"{did_you_mean(time, widest)}the headings look like {', '.join(map(repr, widest[:12]))}; where there "
        "are none, number the columns from 0: --time 0 --energy 1",
    )  # fmt: skip


def _names_time(cells: Sequence[str], time: str) -> bool:
    folded = {cell.casefold() for cell in cells} | {without_unit(cell).casefold() for cell in cells}
    return time.casefold() in folded or all(part.casefold() in folded for part in time_parts(time))


def _regular(lines: Sequence[str], separator: str) -> tuple[int, int]:
    """Score a separator: how many lines have the commonest number of cells, if that is more than one."""
    widths = [len(_cells(line, separator)) for line in lines if line.strip()]
    common = max(set(widths), key=widths.count)
    return (widths.count(common) if common > 1 else 0, common)


def _unique(headings: Sequence[str]) -> list[str]:
    """Give a name to columns without one, and a number to repeated ones."""
    names: list[str] = []
    for number, heading in enumerate(headings):
        name = heading or f"column {number}"
        count = sum(each == name or each.startswith(f"{name} (") for each in names)
        names.append(name if name not in names else f"{name} ({count + 1})")
    return names


def _columns(
    text: str, separator: str, skip: int, names: list[str], broken: list[int], path: Path
) -> dict[str, pa.Array]:
    def leave_out(row: pa.csv.InvalidRow) -> str:
        if row.text.strip(f" {separator}"):
            broken.append(row.number or 0)
        return "skip"

    rest = "\n".join(text.splitlines()[skip:]) + "\n"
    if not rest.strip():
        raise TransferError("has headings but no rows", place=str(path), cure="export it again")
    try:
        table = pa.csv.read_csv(
            io.BytesIO(rest.encode()),
            read_options=pa.csv.ReadOptions(column_names=names, use_threads=False),
            parse_options=pa.csv.ParseOptions(delimiter=separator, invalid_row_handler=leave_out),
            convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid as error:
        raise TransferError(f"cannot be read: {error}", place=str(path), cure="is it CSV?") from error
    broken[:] = [number + skip if number else 0 for number in broken]
    return {name: table.column(name).combine_chunks() for name in names}


def _unit_row(columns: Mapping[str, pa.Array]) -> dict[str, str]:
    """Return the units of a line of units: its cells are units or no numbers at all, at least one is a unit."""
    first = {name: str(column[0].as_py() or "").strip() if len(column) else "" for name, column in columns.items()}
    if any(any(letter.isdigit() for letter in cell.replace("m3", "")) for cell in first.values()):
        return {}
    units = {name: cell.strip("[]()") for name, cell in first.items()}
    return {name: cell for name, cell in units.items() if cell and known_unit(cell)}
