"""The parts of `bench_stream.py`."""
