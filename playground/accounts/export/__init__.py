"""All data of one account, as a ZIP that is made while it is sent.

Before changing it: columns are named one by one, so that a new column with a secret does not get into it by itself.
"""
