"""What stands around the endpoints: the HTTP server, the middlewares, the OpenAPI document, health.

Main types: `Server` (uvicorn, which lets runs finish when it is asked to stop), `Connection` (what uvicorn's own connection lacks, the
only file that touches uvicorn's internals), the middlewares in `middleware/`.

Before changing it: a middleware is plain ASGI and never buffers. The body of a stream passes around all of them (`bypass`).
"""
