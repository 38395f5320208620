"""`python -m gateway`: the command `lamplighter`."""

from gateway.cli import main

main(prog_name="lamplighter")
