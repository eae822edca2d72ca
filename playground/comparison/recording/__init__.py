"""Writing down what runs produce, so that no text that was paid for is lost.

New text goes into a journal on disk every 0.8 s; a turn opens and closes with one statement each in the database. What the database did
not take waits in the journal (`backlog`); after a crash `recovery` makes answers out of it.

Before changing it: read decision 5. Every step may be the last one before the process is killed, and a test kills it there.
"""
