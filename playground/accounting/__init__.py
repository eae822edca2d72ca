"""What a call came to: tokens, prices, bills, estimates.

`TokenCounter` counts where a provider did not say, `Prices` chooses the price by its source, `Bills` puts both together, `Estimator` says
it before anything is sent.

Before changing it: money is `Decimal` from end to end, and an unknown price is `None`, never 0.
"""
