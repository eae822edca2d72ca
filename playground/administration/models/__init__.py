"""`/admin/models`: which models can be used, by whom, at what price and under what name."""
