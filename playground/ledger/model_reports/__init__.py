"""`GET /reports/models`: how models did: failures, percentiles of times, and what a call costs.

Before changing it: percentiles are of answers, counts and costs of all charged calls. Simulated models have rows of their own.
"""
