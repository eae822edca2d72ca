"""What an operator sees of a running service: `/metrics` for Prometheus and `/status` for people.

`Metrics` counts requests, lanes and runs when they end. `ProcessStates` looks up the current state when `/metrics` or `/status` is
requested.

Before changing it: nothing here may run for each chunk. Lanes and runs are counted when they end (`comparison/running/observation.py`).
Every label has a limited number of values, whatever users send (`labels.py`).
"""
