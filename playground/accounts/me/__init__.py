"""`/users/me`: the user's own account."""
