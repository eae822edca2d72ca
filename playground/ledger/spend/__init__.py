"""`spend`: charges added up by quarter of an hour and by day, filled behind the charges so that closing answers never wait for each other.

Main types: `Adder`, which fills it, and `VIEWS`, what it is added up by. Before changing it: a charge is in every view of `spend` if its
transaction is below `ledger_progress.added_below`, and in none otherwise. So `spend` plus the charges from there on, read in one statement,
is exact at every moment. The migration that made the table has a copy of this SQL.
"""
