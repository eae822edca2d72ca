"""API keys for programs: created, listed, revoked, and when each was last used.

Before changing it: revoking takes effect at once on every replica, through an announcement.
"""
