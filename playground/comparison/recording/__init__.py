"""Recording runs, so that no text that was paid for is lost.

New text is written to a journal on disk every 0.8 s. In the database, a turn is opened with one statement and closed with one. While the
database is unavailable, turns wait in the journal (`backlog`). After a crash, `recovery` turns journal files into answers.

Before changing it: read decision 5. Every step may be the last one before the process is killed, and a test kills it there.
"""
