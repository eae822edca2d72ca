"""The PostgreSQL error codes that the service handles (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

INVALID_PARAMETER_VALUE = "22023"
FOREIGN_KEY_VIOLATION = "23503"
UNIQUE_VIOLATION = "23505"
QUERY_CANCELED = "57014"
