# ruff: noqa: ANN401 – pandas and opendsm are not installed here, so that their types are unknown
"""Fit OpenDSM's models to cases in a folder: run by the Python of an environment that has it, never imported here.

    /path/of/that/environment/bin/python benchmarks/opendsm_child.py FOLDER

Each `*.npz` holds `frequency`, `zone`, a baseline (`start`, `celsius`, `energy`) and years after it (`start_0`,
`celsius_0`, `energy_0` and so on; `counts_0` masks the rows of the reporting period: its hourly model fails on a period
that lacks a month). One line of JSON a file goes to standard output: seconds of the fit, and for each
period the sums of prediction and measurement over its rows and its row uncertainties added in quadrature.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import logging
import sys
import time
import warnings
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
_KINDS = {"daily": "Daily", "hourly": "Hourly"}


def stamps(pandas: Any, case: Any, suffix: str) -> Any:
    """Return the local times of a period's rows."""
    local = pandas.DatetimeIndex(case[f"start{suffix}"])
    return local.tz_localize(str(case["zone"]), ambiguous="infer", nonexistent="shift_forward")


def frame(pandas: Any, case: Any, suffix: str) -> Any:
    """Return a period as the data frame that OpenDSM wants: Fahrenheit and use, by local time of the zone."""
    index = stamps(pandas, case, suffix)
    columns = {"temperature": 32.0 + 1.8 * case[f"celsius{suffix}"], "observed": case[f"energy{suffix}"]}
    made = pandas.DataFrame(columns, index=index)
    return made[~made.index.duplicated()]


def judged(pandas: Any, opendsm: Any, case: Any) -> dict[str, Any]:
    """Return what the model of a case's frequency says of its periods."""
    kind = _KINDS[str(case["frequency"])]
    baseline = getattr(opendsm, f"{kind}BaselineData")(frame(pandas, case, ""), is_electricity_data=True)
    begun = time.perf_counter()
    model = getattr(opendsm, f"{kind}Model")().fit(baseline, ignore_disqualification=True)
    found: dict[str, Any] = {"fit_s": time.perf_counter() - begun, "periods": []}
    period = 0
    while f"start_{period}" in case:
        rows = frame(pandas, case, f"_{period}")
        data = getattr(opendsm, f"{kind}ReportingData")(rows, is_electricity_data=True)
        made = model.predict(data, ignore_disqualification=True).reindex(rows.index)
        counted = pandas.Series(case[f"counts_{period}"], index=stamps(pandas, case, f"_{period}"))
        counts = counted[~counted.index.duplicated()]
        known = made["predicted"].notna() & counts
        found["periods"].append(
            {
                "rows": int(known.sum()),
                "missing": int((counts & ~known).sum()),
                "predicted": float(made["predicted"][known].sum()),
                "measured": float(rows["observed"][known].sum()),
                "quadrature": float((made["predicted_unc"][known] ** 2).sum() ** 0.5),
            }
        )
        period += 1
    return found


def main() -> None:
    """Fit every case of the folder."""
    pandas: Any = importlib.import_module("pandas")
    numpy: Any = importlib.import_module("numpy")
    opendsm: Any = importlib.import_module("opendsm.eemeter")
    for path in sorted(Path(sys.argv[1]).glob("*.npz")):
        with numpy.load(path) as case, contextlib.redirect_stderr(io.StringIO()):
            try:
                found = judged(pandas, opendsm, case)
            except Exception as error:  # noqa: BLE001 – whatever OpenDSM raises of a case is its answer to it
                found = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps({"case": path.stem, **found}), flush=True)


if __name__ == "__main__":
    main()
