"""`/admin/system`: the state of the responding process, and of everything it depends on."""
