"""`/attachments` over HTTP: storing, showing, limits, and what other users see of it."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal

from playground.attachments.repository import CHUNK_BYTES
from playground.attachments.service import MOST_BYTES
from playground.database.generated import Prisma
from playground.serving.server import RunningService

from ..support.client import PASSWORD, User
from .files import pdf, png

Sql = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def sql(service: RunningService, portal: BlockingPortal) -> Sql:
    def ask(statement: str, *parameters: Any) -> list[dict[str, Any]]:
        async def query(prisma: Prisma) -> list[dict[str, Any]]:
            return await prisma.query_raw(statement, *parameters)

        return portal.call(service.database.run, query)

    return ask


async def upload(user: User, content: bytes, name: str = "file.bin", declared: str = "application/x-anything") -> httpx.Response:
    return await user.http.post("/attachments", files={"file": (name, content, declared)})


async def stored(user: User, content: bytes, name: str = "file.bin") -> dict[str, Any]:
    response = await upload(user, content, name)
    assert response.status_code == 201, response.text
    return response.json()


async def used(user: User) -> int:
    return (await user.http.get("/users/me/usage")).raise_for_status().json()["storage"]["used"]


async def test_an_image_is_stored_shown_and_served_as_it_came(user: User) -> None:
    content = png(640, 480)
    file = await stored(user, content, "a diagram.png")
    assert (file["name"], file["kind"], file["type"], file["size"]) == ("a diagram.png", "image", "image/png", len(content))
    assert (file["width"], file["height"], file["pages"], file["note"]) == (640, 480, None, None)
    assert (await user.http.get(f"/attachments/{file['id']}")).json() == file
    assert (await user.http.get("/attachments")).json() == {"items": [file], "nextCursor": None}
    served = await user.http.get(f"/attachments/{file['id']}/content")
    assert served.content == content


async def test_a_file_of_several_pieces_comes_back_whole(user: User) -> None:
    content = b"".join(b"%09d\n" % number for number in range((2 * CHUNK_BYTES + 777) // 10))
    file = await stored(user, content, "long.txt")
    assert (await user.http.get(f"/attachments/{file['id']}/content")).content == content


@pytest.mark.parametrize(
    ("content", "name", "declared", "kind", "served_as"),
    [
        (b"<script>alert(1)</script>", "page.html", "text/html", "text", "text/plain; charset=utf-8"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "x.png", "image/png", "text", "text/plain; charset=utf-8"),
        (pdf("Hi"), "x.png", "image/png", "pdf", "application/octet-stream"),
        (png(2, 2), "x.html", "text/html", "image", "image/png"),
    ],
    ids=["html", "svg", "pdf", "png"],
)
async def test_what_a_file_is_comes_from_its_bytes_and_no_browser_runs_it(
    user: User, content: bytes, name: str, declared: str, kind: str, served_as: str
) -> None:
    response = await upload(user, content, name, declared)
    file = response.json()
    assert file["kind"] == kind
    served = await user.http.get(f"/attachments/{file['id']}/content")
    assert served.headers["content-type"] == served_as
    assert served.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in served.headers["content-security-policy"]


@pytest.mark.parametrize("content", [b"", b"\x7fELF\0\0\0", b"PK\x03\x04\0\0", png(3, 3)[:20]], ids=["empty", "program", "archive", "cut"])
async def test_anything_else_is_refused_by_name_of_the_field(user: User, content: bytes) -> None:
    response = await upload(user, content)
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == ["file"]
    assert (await user.http.get("/attachments")).json()["items"] == []


async def test_the_largest_file_is_taken_and_a_larger_one_is_refused(user: User) -> None:
    assert (await upload(user, b"x" * (MOST_BYTES + 1))).status_code == 422
    assert (await upload(user, b"x" * (MOST_BYTES + 1_000_000))).status_code == 413
    assert (await stored(user, b"x" * MOST_BYTES))["size"] == MOST_BYTES


async def test_a_request_without_a_file_names_the_field(user: User) -> None:
    for request in ({"files": {"other": ("a.txt", b"a")}}, {"data": {"file": "text"}}, {"json": {"file": "text"}}):
        response = await user.http.post("/attachments", **request)
        assert response.status_code == 422, response.text
        assert "file" in [error["field"] for error in response.json()["errors"]]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\me\\notes.txt", "notes.txt"),
        ("..", "file.txt"),
        ("bad\u202egnp.exe", "badgnp.exe"),
        ("Zeugnis für Åsa 日本.txt", "Zeugnis für Åsa 日本.txt"),
        ("x" * 300 + ".txt", "x" * 179 + "….txt"),
    ],
)
async def test_a_name_is_that_of_a_file_and_hides_nothing(user: User, given: str, shown: str) -> None:
    assert (await stored(user, b"text", given))["name"] == shown


async def test_a_file_of_another_user_is_not_there(user: User, other_user: User) -> None:
    file = await stored(user, b"mine")
    for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        response = await other_user.http.request(method, f"/attachments/{file['id']}{path}")
        assert (response.status_code, response.json()["type"]) == (404, "urn:playground:problem:attachment_not_found")
    assert (await other_user.http.get("/attachments")).json()["items"] == []
    assert (await user.http.get(f"/attachments/{file['id']}")).status_code == 200


async def test_a_content_is_kept_once_for_all_and_until_its_last_file_is_deleted(user: User, other_user: User, sql: Sql) -> None:
    content = png(77, 33)
    mine, theirs = await stored(user, content, "mine.png"), await stored(other_user, content, "theirs.png")

    def kept() -> int:
        return len(sql("SELECT hash FROM file_contents WHERE width = 77 AND height = 33"))

    assert kept() == 1
    assert (await user.http.delete(f"/attachments/{mine['id']}")).status_code == 204
    assert (await user.http.delete(f"/attachments/{mine['id']}")).status_code == 404
    assert kept() == 1
    assert (await other_user.http.get(f"/attachments/{theirs['id']}/content")).content == content
    assert (await other_user.http.delete(f"/attachments/{theirs['id']}")).status_code == 204
    assert kept() == 0
    assert sql("SELECT count(*)::int AS count FROM file_chunks WHERE hash NOT IN (SELECT hash FROM file_contents)") == [{"count": 0}]


async def test_the_same_content_counts_once_and_the_same_file_is_the_same(user: User) -> None:
    first = await stored(user, b"x" * 1000, "one.txt")
    assert await stored(user, b"x" * 1000, "one.txt") == first
    second = await stored(user, b"x" * 1000, "two.txt")
    assert second["id"] != first["id"]
    assert await used(user) == 1000
    await stored(user, b"y" * 500, "three.txt")
    assert await used(user) == 1500
    (await user.http.delete(f"/attachments/{first['id']}")).raise_for_status()
    assert await used(user) == 1500
    (await user.http.delete(f"/attachments/{second['id']}")).raise_for_status()
    assert await used(user) == 500


async def test_the_limit_of_storage_is_exact_when_files_come_at_once(
    user: User, sql: Sql, service: RunningService, portal: BlockingPortal
) -> None:
    sql("UPDATE users SET limits = $2::jsonb WHERE id = $1 RETURNING id", user.account["id"], json.dumps({"storageMb": 1}))
    portal.call(service.announcements.announce, "user", user.account["id"])
    statuses: list[int] = []

    async def one(number: int) -> None:
        response = await upload(user, bytes([97 + number]) * 300_000, f"{number}.txt")
        statuses.append(response.status_code)
        if response.status_code == 409:
            assert response.json()["type"] == "urn:playground:problem:storage_full"

    async with anyio.create_task_group() as group:
        for number in range(6):
            group.start_soon(one, number)
    assert sorted(statuses) == [201, 201, 201, 409, 409, 409]
    usage = (await user.http.get("/users/me/usage")).json()["storage"]
    assert usage == {"max": 1_048_576, "used": 900_000, "left": 148_576}


async def test_uploads_and_deletions_of_one_content_at_once_leave_no_file_without_it(user: User, other_user: User) -> None:
    content = b"the same for both " * 40_000

    async def again_and_again(who: User) -> None:
        for _ in range(6):
            file = await stored(who, content, "shared.txt")
            assert (await who.http.get(f"/attachments/{file['id']}/content")).content == content
            assert (await who.http.delete(f"/attachments/{file['id']}")).status_code == 204

    async with anyio.create_task_group() as group:
        group.start_soon(again_and_again, user)
        group.start_soon(again_and_again, other_user)


async def test_files_are_listed_page_by_page_the_newest_first(user: User) -> None:
    ids = [(await stored(user, b"%d" % number, f"{number}.txt"))["id"] for number in range(5)]
    found, cursor = [], None
    while True:
        page = (await user.http.get("/attachments", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        found += [item["id"] for item in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert found == sorted(ids, reverse=True)


async def test_a_pdf_is_read_when_it_is_stored(user: User) -> None:
    assert (await stored(user, pdf("One", "Two")))["pages"] == 2
    assert (await stored(user, pdf("")))["note"] == "It contains no text, only images."


async def test_an_account_takes_its_files_with_it_and_exports_them_before(user: User, sql: Sql) -> None:
    content = png(91, 92)
    file = await stored(user, content, "a picture.png")
    with zipfile.ZipFile(io.BytesIO((await user.http.get("/users/me/export")).content)) as archive:
        assert archive.read(f"attachments/{file['id']}-a picture.png") == content
        [listed] = json.loads(archive.read("attachments.json"))
    assert (listed["name"], listed["size"]) == ("a picture.png", len(content))
    assert (await user.http.request("DELETE", "/users/me", json={"password": PASSWORD})).status_code == 204
    assert sql("SELECT hash FROM file_contents WHERE width = 91") == []


async def test_files_are_for_those_who_are_logged_in(user: User) -> None:
    del user.http.headers["Authorization"]
    assert (await upload(user, b"text")).status_code == 401
    assert (await user.http.get("/attachments")).status_code == 401
