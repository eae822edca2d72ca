#!/usr/bin/env python3
"""The same as `playground bench`, from a checkout; docs/scripts.md explains it."""

from playground.scripts.bench.command import app

if __name__ == "__main__":
    app()
