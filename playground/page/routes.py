"""Serves the built page to browsers, without ever standing before a route of the API."""

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

# Names below `assets/` hold a hash of what is in the file: what a name stands for never changes.
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"

_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
"""The build writes these beside the files, best first."""

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
    """One file of the page, and its compressed siblings by the name of the encoding."""

    path: Path
    media_type: str
    compressed: Mapping[str, Path]
    cache_control: str

    def response(self, headers: Headers) -> Response:
        """The file, compressed as far as the browser takes it."""
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
    """All files of the page by their address. Looked up, not opened by name: no address leads outside."""
    files = {}
    for path in sorted(built.rglob("*")):
        if path.is_file() and path.suffix not in {".br", ".gz"}:
            address = f"/{path.relative_to(built).as_posix()}"
            compressed = {encoding: sibling for encoding, suffix in _ENCODINGS if (sibling := path.with_name(path.name + suffix)).is_file()}
            cache_control = _FOR_EVER if address.startswith("/assets/") else _ASK_EACH_TIME
            files[address] = PageFile(path, guess_type(path.name)[0] or "application/octet-stream", compressed, cache_control)
    return files


class Page:
    """The page of one application. Without a built page there is one that says so."""

    def __init__(self, built: Path = BUILT) -> None:
        self._files = page_files(built)

    def index(self, scope: Scope) -> Response:
        """The page itself, the same at all of its addresses: it looks at the address by itself."""
        found = self._files.get(f"/{_INDEX}")
        response = (
            HTMLResponse(_NOT_BUILT, headers={"Cache-Control": _ASK_EACH_TIME}) if found is None else found.response(Headers(scope=scope))
        )
        response.headers["Vary"] = "Accept, Accept-Encoding"
        return response

    def find(self, scope: Scope) -> Response | None:
        """What a browser gets at an address that is none of the API's: a file, or the page; `None`: there is nothing."""
        if scope["type"] != "http" or not self.serves(scope):
            return None
        file = self._files.get(scope["path"])
        return self.index(scope) if file is None else file.response(Headers(scope=scope))

    def serves(self, scope: Scope) -> bool:
        """Whether a request is for a file of the page, or for the page itself, provided that its address is none of the API's."""
        if scope["method"] not in {"GET", "HEAD"}:
            return False
        address: str = scope["path"]
        return (address in self._files and address != f"/{_INDEX}") or ("." not in address and wants_html(scope))


def wants_html(scope: Scope) -> bool:
    """Whether a browser asks for something to show: programs take anything, or JSON."""
    return "text/html" in Headers(scope=scope).get("accept", "")


def serve_page(app: FastAPI) -> None:
    """Let `app` answer with the page where no route of it does."""
    app.state.page = page = Page()
    nothing: ASGIApp = app.router.default

    async def page_or_nothing(scope: Scope, receive: Receive, send: Send) -> None:
        response = page.find(scope)
        await (nothing if response is None else response)(scope, receive, send)

    app.router.default = page_or_nothing
