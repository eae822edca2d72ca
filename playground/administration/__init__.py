"""What administrators do: users, models, statistics, the state of the system, the audit trail. A folder for each.

Before changing it: every endpoint takes `Administrator`, and every change is one transaction with its audit event.
"""
