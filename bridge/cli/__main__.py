"""`python -m bridge.cli`: the program where its command is not on the path."""

from bridge.cli import main

main()
