"""`python -m quaymeter`: the same as the command `quaymeter`."""

from quaymeter.cli import main

main()
