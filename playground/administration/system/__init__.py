"""`/admin/system`: the state of the process that answers, and of what it stands on."""
