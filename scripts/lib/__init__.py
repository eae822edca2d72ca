"""What `bench_stream.py` and `cost_report.py` are made of: clients of the service's public HTTP API, and nothing of its inside."""
