"""`/admin/users`: accounts as administrators find and change them.

Before changing it: one administrator must stay, which a lock in the database decides.
"""
