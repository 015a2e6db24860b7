"""Properties of water, steam, refrigerant and humid air: pure functions, arrays in and out."""
