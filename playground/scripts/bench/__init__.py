"""The parts of `playground bench`."""
