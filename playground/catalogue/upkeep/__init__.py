"""What administrators do with the catalogue: fetch the lists now, add models by hand, and try every provider.

Before changing it: `sync` and `test` ask all providers at once, and one that hangs or fails changes nothing for the others.
"""
