"""`/admin/users`: accounts, for administrators.

Before changing it: at least one administrator must remain, which a database lock guarantees.
"""
