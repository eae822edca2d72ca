"""The command line: `playground compare`, `playground user`.

Before changing it: text of others is shown with signs in place of what a terminal obeys (`plain`), and a stream that was closed is no
error.
"""
