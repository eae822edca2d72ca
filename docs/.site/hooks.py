"""What MkDocs can't do by itself: the home page from README.md, pages from other folders, and the generated reference.

README and others link to files as one finds them in the repository; on the site these links lead to the pages.
"""

import posixpath
import re
from urllib.parse import urlsplit

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from reference import reference_pages

from playground.files import CHECKOUT

_ELSEWHERE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "SECURITY.md": "project/security-policy.md",
}
"""Pages that are not in `docs/`, and where the site has them."""
_PLACES = {
    **_ELSEWHERE,
    ".env.example": "reference/settings.md",
    "docs/decisions": "decisions/index.md",
    "LICENSE": "project/license.md",
}
_LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the decisions in the navigation."""
    for section in config.nav or ():
        if "Decisions" in section:
            section["Decisions"] = ["decisions/index.md", *(f"decisions/{name}" for name in _decisions())]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in `docs/`."""
    for name, place in _ELSEWHERE.items():
        text = (CHECKOUT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, place, content=_relinked(text, name, place)))
    licence = (CHECKOUT / "LICENSE").read_text(encoding="utf-8")
    files.append(File.generated(config, "project/license.md", content=f"# License\n\n{licence}"))
    titles = (f"- [{_title(name)}]({name})" for name in _decisions())
    files.append(File.generated(config, "decisions/index.md", content="\n".join(["# Decisions\n", *titles])))
    for place, text in reference_pages().items():
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Lead links out of `docs/` to the pages of the site."""
    place = page.file.src_uri
    return markdown if page.file.generated_by else _relinked(markdown, f"docs/{place}", place)


def _relinked(text: str, source: str, place: str) -> str:
    """Return `text` of the repository's file `source` with links that work at `place` on the site."""

    def replace(link: re.Match[str]) -> str:
        address = urlsplit(link[1])
        if address.scheme or not address.path:
            return link[1]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), address.path))
        on_site = _PLACES.get(target, target.removeprefix("docs/"))
        moved = posixpath.relpath(on_site, posixpath.dirname(place) or ".")
        return f"{moved}#{address.fragment}" if address.fragment else moved

    return _LINK.sub(replace, text)


def _decisions() -> list[str]:
    return sorted(path.name for path in (CHECKOUT / "docs" / "decisions").glob("*.md"))


def _title(name: str) -> str:
    return (CHECKOUT / "docs" / "decisions" / name).read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
