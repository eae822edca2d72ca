"""`/reports`: the costs of answers by time, model, provider and user, as JSON or CSV.

Before changing it: sums are exact to the last digit, unknown costs are counted separately, and the costs of simulated models and of users'
own keys are never added to the others.
"""
