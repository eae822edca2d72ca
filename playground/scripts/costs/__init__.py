"""The parts of `playground report`."""
