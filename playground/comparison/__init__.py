"""Comparisons: one prompt to several models at once, as streams and as records.

A `StreamRequest` becomes a `RunPlan` (`plan`), `Runs` runs it (`running/`), its events go to readers (`stream/`) and into the journal and
the database (`recording/`). `service` starts, joins and stops; `history` reads and changes what was kept.

Before changing it: a run belongs to the service, not to a connection. `running/` knows neither HTTP nor users nor the database.
"""
