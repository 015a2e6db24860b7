"""Drivers of one name: the doors of two rooms, told apart by the plant that they belong to, else by their points."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from storage.aligned import AlignedFigure
    from storage.overview import AssetRow

    Names = Mapping[str, Mapping[str, str]]  # by driver, then by language


def with_names_apart(figure: AlignedFigure, assets: Iterable[AssetRow]) -> AlignedFigure:
    """Return a figure whose drivers bear their plant's name, or its key where it has none, where two have one name.

    Those of one plant bear the last part of their point's key besides, and all of it where that is not enough.
    """
    plant, rows = {asset.key: asset.name for asset in assets}, {key: each.row for key, each in figure.drivers.items()}

    def by_plant(key: str, language: str) -> str:
        return plant.get(rows[key].asset, {}).get(language, rows[key].asset)

    def by_point(key: str, _language: str) -> str:
        return rows[key].key.rsplit("/", 1)[-1]

    def by_key(key: str, _language: str) -> str:
        return rows[key].key

    names: Names = {key: row.name for key, row in rows.items()}
    for told in (by_plant, by_point, by_key):
        names = _apart(names, told)
    return replace(
        figure,
        drivers={key: replace(each, row=each.row._replace(name=names[key])) for key, each in figure.drivers.items()},
    )


def _apart(names: Names, told: Callable[[str, str], str]) -> Names:
    """Return names of which those that are borne twice have behind them by what they are told."""
    borne = Counter(item for name in names.values() for item in name.items())
    return {
        key: {
            language: f"{text} ({told(key, language)})" if borne[language, text] > 1 else text
            for language, text in name.items()
        }
        for key, name in names.items()
    }
