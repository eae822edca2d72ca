"""`/admin/stats`: statistics over time."""
