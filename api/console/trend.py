"""One sensor over time."""


def trend_context(*args, **kwargs):
    return {}
