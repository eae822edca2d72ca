"""`/reports`: what answers cost, by time, model, provider and user, as JSON or CSV.

Before changing it: sums are exact to the last digit, unknown costs are counted apart, and simulated and own-key money is never added
to the rest.
"""
