"""Thumbnails and originals: whole, in part, cached, and never as something that runs."""

import pytest

from catalog import keys
from catalog.document import Document, ImageFacts, Tagging, Thumbnail, write_document
from tests.integration.conftest import Site

CONTENT = bytes(range(256)) * 2000  # more than one piece


def add_with_thumbnails(site: Site, key: str = "uploads/a.jpg") -> str:
    etag = site.store.put(key, CONTENT).etag
    thumbnails = [
        Thumbnail(keys.thumbnail_key(key, width), width, width // 2)
        for width in keys.THUMBNAIL_WIDTHS
    ]
    for thumbnail in thumbnails:
        site.store.put(thumbnail.key, b"webp " + str(thumbnail.width).encode())
    facts = ImageFacts(key=key, name="a.jpg", content_type="image/jpeg", etag=etag)
    document = Document(image=facts, tagging=Tagging("tagged"), thumbnails=thumbnails)
    site.store.put(keys.metadata_key(key), write_document(document))
    site.indexer.index(key)
    return keys.image_id(key)


def test_thumbnail(site: Site) -> None:
    add_with_thumbnails(site)
    (image,) = site.client.get("/api/images").json()["images"]
    assert (image["thumbnail"]["width"], image["thumbnail"]["height"]) == (320, 160)
    response = site.client.get(image["thumbnail"]["url"])
    assert response.status_code == 200
    assert response.content == b"webp 320"
    assert response.headers["content-type"] == "image/webp"
    assert "immutable" in response.headers["cache-control"]
    assert "private" in response.headers["cache-control"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in response.headers["content-security-policy"]


def test_thumbnails_there_are_not(site: Site) -> None:
    image_id = add_with_thumbnails(site)
    for path in (
        f"{image_id}/100.webp",
        f"{image_id}/x.webp",
        f"{image_id}/320.png",
        f"{keys.image_id('uploads/b.jpg')}/320.webp",
        f"{site.add('plain.jpg')}/320.webp",
        "../../etc/passwd",
        "%2e%2e/original",
    ):
        response = site.client.get(f"/media/{path}")
        assert response.status_code == 404, path


def test_old_address_is_not_kept_for_ever(site: Site) -> None:
    image_id = add_with_thumbnails(site)
    for version in ("", "?v=00000000"):
        response = site.client.get(f"/media/{image_id}/320.webp{version}")
        assert response.status_code == 200
        assert response.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("part", ["320.webp", "original"])
def test_known_copy_is_not_sent_again(site: Site, part: str) -> None:
    address = f"/media/{add_with_thumbnails(site)}/{part}"
    etag = site.client.get(address).headers["etag"]
    response = site.client.get(address, headers={"If-None-Match": etag})
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == etag
    changed = site.client.get(address, headers={"If-None-Match": '"x"'})
    assert changed.status_code == 200


def test_original(site: Site) -> None:
    image_id = add_with_thumbnails(site)
    response = site.client.get(f"/media/{image_id}/original")
    assert response.content == CONTENT
    assert response.headers["content-type"] == "image/jpeg"
    assert response.headers["content-length"] == str(len(CONTENT))
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["content-disposition"].startswith("inline;")


def test_part_of_an_original(site: Site) -> None:
    address = f"/media/{add_with_thumbnails(site)}/original"
    response = site.client.get(address, headers={"Range": "bytes=300000-399999"})
    assert response.status_code == 206
    assert response.content == CONTENT[300000:400000]
    assert response.headers["content-range"] == f"bytes 300000-399999/{len(CONTENT)}"
    beyond = site.client.get(address, headers={"Range": "bytes=999999-"})
    assert beyond.status_code == 416
    assert beyond.headers["content-range"] == f"bytes */{len(CONTENT)}"


def test_head(site: Site) -> None:
    image_id = add_with_thumbnails(site)
    response = site.client.head(f"/media/{image_id}/original")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-length"] == str(len(CONTENT))


def test_download_with_its_name(site: Site) -> None:
    image_id = site.add("a.jpg", name='Zoë "1"; 50%.jpg')
    response = site.client.get(f"/media/{image_id}/original?download")
    assert response.headers["content-disposition"] == (
        'attachment; filename="Zo_ _1_; 50_.jpg"; '
        "filename*=UTF-8''Zo%C3%AB%20%221%22%3B%2050%25.jpg"
    )


@pytest.mark.parametrize(
    "kind", ["text/html", "image/svg+xml", "application/pdf", "text/javascript", "", "image/x-new"]
)
def test_what_could_run_is_only_ever_saved(site: Site, kind: str) -> None:
    image_id = site.add("a.bin", content=b"<script>alert(1)</script>", content_type=kind)
    response = site.client.get(f"/media/{image_id}/original")
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"].startswith("attachment;")
    assert response.headers["x-content-type-options"] == "nosniff"


def test_picture_that_is_html_too_stays_a_picture(site: Site) -> None:
    image_id = site.add("a.jpg", content=b"<html><script>alert(1)</script>")
    response = site.client.get(f"/media/{image_id}/original")
    assert response.headers["content-type"] == "image/jpeg"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_picture_in_the_trash_can_be_looked_at(site: Site) -> None:
    image_id = add_with_thumbnails(site)
    site.client.delete(f"/api/images/{image_id}")
    (image,) = site.client.get("/api/images?q=is:trashed").json()["images"]
    site.add("a.jpg", content=b"another picture, which has its key now")
    assert site.client.get(image["thumbnail"]["url"]).content == b"webp 320"
    assert "In the trash" in site.client.get(image["page"]).text
    asked = image["page"].partition("?")[2]
    original = site.client.get(f"/api/images/{image_id}?{asked}").json()["original"]
    assert site.client.get(original).content == CONTENT
    site.store.delete("uploads/a.jpg")
    site.indexer.index("uploads/a.jpg")
    shown = site.client.get(f"/api/images/{image_id}").json()
    assert site.client.get(shown["original"]).content == CONTENT


def test_picture_that_someone_removed_by_hand(site: Site) -> None:
    image_id = add_with_thumbnails(site)
    site.store.path("uploads/a.jpg").unlink()
    assert site.client.get(f"/media/{image_id}/original").status_code == 404


def test_empty_file(site: Site) -> None:
    image_id = site.add("empty.jpg", content=b"")
    response = site.client.get(f"/media/{image_id}/original")
    assert (response.status_code, response.content) == (200, b"")
