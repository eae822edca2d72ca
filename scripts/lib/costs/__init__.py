"""The parts of `cost_report.py`."""
