"""Drivers of one name: the doors of two rooms, told apart by the plant that they belong to."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from storage.aligned import AlignedFigure, PointColumn
    from storage.overview import AssetRow


def with_names_apart(figure: AlignedFigure, assets: Iterable[AssetRow]) -> AlignedFigure:
    """Return a figure whose drivers bear their plant's name, or its key where it has none, where two have one name."""
    plant = {asset.key: asset.name for asset in assets}
    borne = Counter(text for column in figure.drivers.values() for text in column.row.name.items())
    return replace(
        figure, drivers={key: _named_apart(column, borne, plant) for key, column in figure.drivers.items()}
    )  # fmt: skip


def _named_apart(
    column: PointColumn, borne: Mapping[tuple[str, str], int], plant: Mapping[str, Mapping[str, str]]
) -> PointColumn:
    of = plant.get(column.row.asset, {})
    name = {
        language: f"{text} ({of.get(language, column.row.asset)})" if borne[language, text] > 1 else text
        for language, text in column.row.name.items()
    }
    return replace(column, row=column.row._replace(name=name))
