"""Running comparisons: `Runs` has all runs of this process, a `Run` has its lanes, a `Lane` calls its model.

A lane appends to the run's event log and never waits for a reader. Its result is an `AnswerRecord`.

Before changing it: this is the hot path. Run `benchmarks/relay.py` before and after. Lanes must not affect each other.
"""
