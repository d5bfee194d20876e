"""`python -m burnlab`."""

from burnlab.cli.main import main

main()
