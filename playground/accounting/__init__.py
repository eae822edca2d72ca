"""The tokens and cost of a call: token counts, prices, bills, estimates.

`TokenCounter` counts tokens if the provider sent no usage, `Prices` chooses the price by its source, `Bills` combines both, and `Estimator`
does the same before anything is sent.

Before changing it: money is `Decimal` from end to end, and an unknown price is `None`, never 0.
"""
