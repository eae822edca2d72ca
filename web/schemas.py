"""Print the schemas of the OpenAPI document, from which `make types` writes `src/api/types.ts`.

Paths are left out, since the page has names for its calls, and so are titles and examples, which repeat the names.
"""

import json
import sys

from playground.app import create_app


def main() -> None:
    """Write an OpenAPI document with nothing but the schemas to stdout."""
    document = create_app().openapi()
    schemas = {name: _bare(schema) for name, schema in document["components"]["schemas"].items()}
    json.dump({"openapi": document["openapi"], "info": document["info"], "paths": {}, "components": {"schemas": schemas}}, sys.stdout)


def _bare(schema: object) -> object:
    if isinstance(schema, list):
        return [_bare(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    bare = {key: _bare(value) for key, value in schema.items() if key not in ("title", "example", "examples", "properties")}
    if "properties" in schema:
        bare["properties"] = {name: _bare(each) for name, each in schema["properties"].items()}
    return bare


if __name__ == "__main__":
    main()
