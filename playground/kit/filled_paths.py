"""Parameters of a route's path that contain slashes and are never empty, such as the full name of a model."""

from starlette.convertors import PathConvertor, register_url_convertor


class _FilledPath(PathConvertor):
    """Starlette's `path` also matches nothing, so that `/models/` would be a model without a name."""

    regex = ".+"


register_url_convertor("filled", _FilledPath())


def filled(name: str) -> str:
    """Return the parameter `name` for the path of a route."""
    return f"{{{name}:filled}}"
