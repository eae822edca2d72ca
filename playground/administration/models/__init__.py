"""`/admin/models`: which models may be used, by whom, at what price and under what name."""
