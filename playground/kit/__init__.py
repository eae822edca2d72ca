"""Small general pieces without a subject: errors and problems, ids, text, money on the wire, tasks, CSV, mail, logs.

Main types: `Problem` (an error that a person or a program reads), `WireModel` (a shape on the wire), `Services` and `Provided`
(how an endpoint gets the service it names), `Announcements` (what changed, sent to every part that remembers it).

Before changing it: nothing here may know a room. `make lint` refuses an import of one.
"""
