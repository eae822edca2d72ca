"""All data of one account, as a ZIP file that is created while it is sent.

Before changing it: columns are listed one by one, so that a new column with a secret is not exported automatically.
"""
