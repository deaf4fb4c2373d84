"""`python -m apimpy`."""

from apimpy.cli.main import main

main()
