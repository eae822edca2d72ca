"""`charges`: one row for every call that a provider may have charged, written in the statement that closes its answer.

Main types: `Charge`, and `charge_rows`, which the recorder calls. Before changing it: rows are never changed and never deleted, and what is
written twice is kept once, by the id. A charge has ids of its user, key and session, never their names, so it stays when they are deleted.
"""
