"""Administration: users, models, statistics, the state of the system, and the audit trail, each in its own folder.

Before changing it: every endpoint requires `Administrator`, and every change is one transaction with its audit event.
"""
