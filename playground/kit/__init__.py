"""Small general-purpose modules: errors and problems, ids, text, money on the wire, tasks, CSV, mail, logs.

Main types: `Problem` (an HTTP error response), `WireModel` (a shape on the wire), `Services` and `Provided` (how an endpoint gets the
service it names), `Announcements` (notices of changes, on which caches are cleared).

Before changing it: nothing here may import a room. `make lint` checks this.
"""
