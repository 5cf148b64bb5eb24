"""`python -m pipeline.cli` is `qingyu`."""

from pipeline.cli import main

main()
