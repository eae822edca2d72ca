"""The books: what everything cost, for good."""
