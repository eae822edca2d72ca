"""What `playground bench` and `playground report` do, as do the scripts of a checkout: clients of a service that runs.

`bench/` measures models, `costs/` adds up what answers cost; `api` is their connection to the service, and `charts/` draws.

Before changing it: it knows the public API, and nothing of the service behind it.
"""
