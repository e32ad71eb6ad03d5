"""`python -m embedconsole`."""

from embedconsole.cli.main import main

main()
