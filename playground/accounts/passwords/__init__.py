"""Passwords: hashing (bcrypt over a digest, in a worker thread), which are refused, and resets by mail.

Before changing it: an answer must take as long for an unknown account as for a wrong password.
"""
