"""Passwords: hashing (bcrypt over a digest, in a worker thread), which passwords are refused, and resets by mail.

Before changing it: a response must take as long for an unknown account as for a wrong password.
"""
