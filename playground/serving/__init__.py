"""The server around the endpoints: HTTP server, middlewares, OpenAPI document, health.

Main types: `Server` (uvicorn, which lets runs finish when it is stopped), `Connection` (extends uvicorn's connection, in the only file
that touches uvicorn's internals), and the middlewares in `middleware/`.

Before changing it: a middleware is plain ASGI and never buffers. The body of a stream bypasses all of them (`bypass`).
"""
