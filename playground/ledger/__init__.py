"""The permanent record of costs, and reports on it."""
