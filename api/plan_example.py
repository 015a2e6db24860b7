"""A plan as the description of the API shows it."""

PLAN_EXAMPLE = {
    "id": "cold-store",
    "name": {"fr": "Entrepôt froid", "en": "Cold store"},
    "measure": {"fr": "Rideaux à lanières", "en": "Strip curtains"},
    "boundary": {"fr": "Compteur de l’entrepôt", "en": "The store's meter"},
    "option": "B",
    "meters": [
        {
            "id": "energy",
            "name": {"fr": "Électricité", "en": "Electricity"},
            "unit": "kW.h",
            "points": [{"point": "frozen-store/room-1/energy", "tariff": ["electricity"], "emission_factor": "mix"}],
        }
    ],
    "drivers": [
        {"point": "quay/weather/t_air", "role": "changepoint"},
        {"point": "frozen-store/room-1/inflow", "role": "linear"},
    ],
    "periods": {"baseline_from": "2025-09-01", "baseline_to": "2026-08-31", "reporting_from": "2026-10-01"},
    "expected_saving": [0.06, 0.1],
    "responsible": "A. Martin",
}
