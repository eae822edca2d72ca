"""Runs while they are produced: `Runs` knows all of this process, a `Run` has its lanes, a `Lane` asks its model.

A lane appends to the run's event log and never waits for a reader. What it came to is its `AnswerRecord`.

Before changing it: this is the hot path. Run `benchmarks/relay.py` before and after; lanes must not feel each other.
"""
