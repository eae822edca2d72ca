"""The parts of `bench_stream.py` and `cost_report.py`, which only use the service's public HTTP API."""
