"""`/admin/stats`: what happened over time."""
