"""How the page is served: to browsers, beside the API, and never in its place."""

import re
from pathlib import Path

import httpx
import pytest

from playground.page.routes import BUILT, Page
from playground.serving.server import RunningService

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/", "/s/01k9w3zj2c6v8n4r5t7y9b1d3f", "/history", "/costs"])
def test_a_browser_gets_the_page_at_each_of_its_urls(service: RunningService, path: str) -> None:
    response = httpx.get(service.url + path, headers=HTML)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"
    assert "Accept" in response.headers["Vary"]
    assert '<div id="page">' in response.text


def test_a_program_gets_json_and_problems_where_a_browser_gets_the_page(service: RunningService) -> None:
    assert httpx.get(service.url).json()["name"] == "Playground"
    assert httpx.get(f"{service.url}/history").status_code == 404
    assert httpx.get(f"{service.url}/history").headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/models", 401), ("GET", "/playground/sessions", 401), ("PUT", "/playground/stream", 405), ("POST", "/history", 404)],
)
def test_the_page_hides_no_path_of_the_api(service: RunningService, method: str, path: str, status: int) -> None:
    response = httpx.request(method, service.url + path, headers=HTML)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/assets/nothing.js", "/favicon.ico", "/assets/../serving.py", "/assets/%2e%2e/%2e%2e/serving.py"])
def test_a_missing_file_is_not_answered_with_the_page(service: RunningService, path: str) -> None:
    assert httpx.get(service.url + path, headers=HTML).status_code == 404


def test_files_with_a_hash_in_their_name_are_cached_forever_and_sent_compressed(service: RunningService) -> None:
    script = next((BUILT / "assets").glob("index-*.js"))
    response = httpx.get(f"{service.url}/assets/{script.name}", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.text == script.read_text(encoding="utf-8")
    plain = httpx.get(f"{service.url}/assets/{script.name}", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers


def test_the_first_view_loads_at_most_150_kilobytes_of_script(service: RunningService) -> None:
    index = (BUILT / "index.html").read_text(encoding="utf-8")
    # The entry, and all that it needs at once: the build names both in the page.
    scripts = re.findall(r'(?:src|href)="(/[^"]+\.js)"', index)
    assert scripts
    assert sum((BUILT / f"{script[1:]}.gz").stat().st_size for script in scripts) <= 150 * 1024


def test_a_service_without_a_built_page_says_so(tmp_path: Path) -> None:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"accept", b"text/html")]}
    response = Page(tmp_path).index(scope)
    assert b"make setup" in bytes(response.body)
