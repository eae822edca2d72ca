#!/usr/bin/env python3
"""The same as `playground report`, from a checkout; docs/scripts.md explains it."""

from playground.scripts.costs.command import app

if __name__ == "__main__":
    app()
