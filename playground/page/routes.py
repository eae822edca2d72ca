"""Serves the built page to browsers at all addresses that are not in the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

BUILT = Path(__file__).resolve().parent / "built"
_INDEX = "index.html"

# File names in `assets/` contain a hash of the content, so a file never changes.
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"

_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
"""The compressed versions that the build writes beside the files, best first."""

_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Playground</title>
<h1>The page has not been built</h1>
<p>The service is running, and the <a href="/docs">API</a> is available. To build the page, run <code>make setup</code>,
then restart the service.</p>
</html>
"""


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file of the page, and its compressed versions by encoding."""

    path: Path
    media_type: str
    compressed: Mapping[str, Path]
    cache_control: str

    def response(self, headers: Headers) -> Response:
        """Return the file in the best encoding that the browser accepts."""
        accepted = {each.partition(";")[0].strip() for each in headers.get("accept-encoding", "").split(",")}
        answer_headers = {"Cache-Control": self.cache_control, "Vary": "Accept-Encoding"}
        path = self.path
        for encoding, compressed in self.compressed.items():
            if encoding in accepted:
                path = compressed
                answer_headers["Content-Encoding"] = encoding
                break
        return FileResponse(path, media_type=self.media_type, headers=answer_headers)


def page_files(built: Path) -> dict[str, PageFile]:
    """Return all files of the page by address. Requests look them up here, so no address can lead outside the folder."""
    files = {}
    for path in sorted(built.rglob("*")):
        if path.is_file() and path.suffix not in {".br", ".gz"}:
            address = f"/{path.relative_to(built).as_posix()}"
            compressed = {encoding: sibling for encoding, suffix in _ENCODINGS if (sibling := path.with_name(path.name + suffix)).is_file()}
            cache_control = _FOR_EVER if address.startswith("/assets/") else _ASK_EACH_TIME
            files[address] = PageFile(path, guess_type(path.name)[0] or "application/octet-stream", compressed, cache_control)
    return files


class Page:
    """The page of one application. If it is not built, a placeholder says so."""

    def __init__(self, built: Path = BUILT) -> None:
        self._files = page_files(built)

    def index(self, scope: Scope) -> Response:
        """Return the page itself. It is the same at all of its addresses, and reads the address itself."""
        found = self._files.get(f"/{_INDEX}")
        response = (
            HTMLResponse(_NOT_BUILT, headers={"Cache-Control": _ASK_EACH_TIME}) if found is None else found.response(Headers(scope=scope))
        )
        response.headers["Vary"] = "Accept, Accept-Encoding"
        return response

    def find(self, scope: Scope) -> Response | None:
        """Return a file or the page for an address that is not in the API; `None`: nothing is there."""
        if scope["type"] != "http" or not self.serves(scope):
            return None
        file = self._files.get(scope["path"])
        return self.index(scope) if file is None else file.response(Headers(scope=scope))

    def serves(self, scope: Scope) -> bool:
        """Return whether a request is for the page or one of its files, if its address is not in the API."""
        if scope["method"] not in {"GET", "HEAD"}:
            return False
        address: str = scope["path"]
        return (address in self._files and address != f"/{_INDEX}") or ("." not in address and wants_html(scope))


def wants_html(scope: Scope) -> bool:
    """Return whether the client prefers HTML, as browsers do. Programs accept anything, or JSON."""
    return "text/html" in Headers(scope=scope).get("accept", "")


def serve_page(app: FastAPI) -> None:
    """Let `app` serve the page at addresses without a route."""
    app.state.page = page = Page()
    nothing: ASGIApp = app.router.default

    async def page_or_nothing(scope: Scope, receive: Receive, send: Send) -> None:
        response = page.find(scope)
        await (nothing if response is None else response)(scope, receive, send)

    app.router.default = page_or_nothing
