"""The command line: `playground compare`, `playground user`.

Before changing it: in text from other sources, terminal control characters are replaced by visible signs (`plain`). A closed output
stream is not an error.
"""
