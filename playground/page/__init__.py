"""The page: `make setup` builds it from `web/` into `built/` here, which the wheel contains."""
