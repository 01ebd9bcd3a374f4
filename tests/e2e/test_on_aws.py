"""Dropped to shown on AWS: the template's own stack, its real names, and Chromium before it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.deployed.stack import SESSION_SECRET, Deployment, deployed
from tests.e2e.browser_pages import drop, expect_state, row, tile, tiles, tray, upload
from tests.e2e.conftest import BROWSER_ARGUMENTS, REPOSITORY, Watch
from tests.postgres import Cluster
from tests.strict_s3.site import S3Site

pytestmark = pytest.mark.browser


@pytest.fixture
def aws(s3_site: S3Site, tmp_path: Path, postgres: Cluster) -> Iterator[Deployment]:
    """The stack with a catalog of its own, and Cognito as the template makes it."""
    catalog = postgres.create(f"on_aws_{time.monotonic_ns()}")
    with deployed(s3_site, tmp_path, visibility=90, CatalogUrl=catalog) as running:
        yield running


@pytest.fixture
def chromium(browser: Browser, aws: Deployment) -> Iterator[Browser]:
    """A browser for which the stack's names lead to this machine."""
    rules = ", ".join(f"MAP {host}:443 127.0.0.1:{port}" for host, port in aws.hosts.items())
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    started = browser.browser_type.launch(
        executable_path=path, args=[*BROWSER_ARGUMENTS, f"--host-resolver-rules={rules}"]
    )
    yield started
    started.close()


def session(aws: Deployment, role: str) -> dict[str, str]:
    """Return the cookie that the operator's command prints."""
    command = [sys.executable, "-m", "cli.main", "session", "--role", role]
    environment = os.environ | {"SESSION_SECRET": SESSION_SECRET, "PUBLIC_URL": aws.url}
    made = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True
    )
    name, _, value = made.stdout.strip().partition("=")
    return {"name": name, "value": value, "url": aws.url}


@pytest.fixture
def context(chromium: Browser, aws: Deployment, watch: Watch) -> Iterator[BrowserContext]:
    made = chromium.new_context(
        base_url=aws.url, ignore_https_errors=True, viewport={"width": 1440, "height": 900}
    )
    watch.listen(made)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, aws: Deployment) -> Page:
    context.add_cookies([session(aws, "editor")])  # type: ignore[list-item]
    opened = context.new_page()
    opened.goto("/", timeout=90_000)  # the function starts first
    return opened


def shown(page: Page, name: str) -> bool:
    """Tell whether a tile's thumbnail has come."""
    image = tile(page, name).locator("img")
    expect(image).to_be_visible()
    page.wait_for_function("(image) => image.complete", arg=image.element_handle())
    return bool(image.evaluate("(image) => image.naturalWidth > 0"))


def test_dropped_tagged_found_deleted_and_back(
    page: Page, aws: Deployment, photographs: Path
) -> None:
    drop(page, photographs / "letter.jpg")
    expect_state(page, "letter.jpg", "rejected")
    upload(page, photographs / "chelsea.jpg", photographs / "coffee.jpg")
    for name in ("chelsea.jpg", "coffee.jpg"):
        expect_state(page, name, "tagged")
    expect(tiles(page)).to_have_count(2)
    assert shown(page, "chelsea.jpg") and shown(page, "coffee.jpg")

    # The bytes went to the bucket and came from there; nothing of them through the function.
    sent = [seen for seen in aws.site.requests if seen.method == "PUT" and seen.presigned]
    assert [(seen.status, seen.key[:8]) for seen in sent] == [(200, "uploads/")] * 2
    smallest = min((photographs / name).stat().st_size for name in ("chelsea.jpg", "coffee.jpg"))
    assert max(aws.gateway.bytes_through) < smallest

    # The name is the one that the file had, though its key is another.
    expect(tray(page)).to_be_visible()  # and in nobody's way
    tile(page, "chelsea.jpg").get_by_role("link").click()
    expect(page.get_by_role("heading", name="chelsea.jpg")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(tiles(page)).to_have_count(1)
    expect(page.get_by_role("heading", name="coffee.jpg")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="chelsea.jpg")).to_be_visible()
    page.keyboard.press("Escape")
    expect(tiles(page)).to_have_count(2)
    aws.settle()
    page.reload()
    expect(tiles(page)).to_have_count(2)
    assert shown(page, "chelsea.jpg")
    assert aws.services.rekognition.asked == 2


def test_the_same_picture_again_is_the_one_that_is_there(
    page: Page, aws: Deployment, photographs: Path
) -> None:
    upload(page, photographs / "coffee.jpg")
    expect_state(page, "coffee.jpg", "tagged")
    page.goto("/")
    drop(page, photographs / "coffee.jpg")
    expect_state(page, "coffee.jpg", "duplicate")
    expect(row(page, "coffee.jpg").get_by_role("link")).to_be_visible()
    assert sum(seen.method == "PUT" and seen.presigned for seen in aws.site.requests) == 1


def test_nobody_comes_in_without_a_session(aws: Deployment) -> None:
    where = f"https://127.0.0.1:{aws.hosts[str(aws.stack.outputs['DistributionName'])]}"
    upload_asked = {
        "files": [{"name": "a.jpg", "size": 1, "type": "image/jpeg", "sha256": "0" * 64}]
    }
    with httpx.Client(base_url=where, verify=False, timeout=60) as client:  # noqa: S501 - our own
        assert client.get("/api/images").status_code == 401
        answer = client.get("/")
        assert answer.status_code in (302, 303)
        assert answer.headers["location"].startswith("/signin")
        viewer = session(aws, "viewer")
        client.headers["cookie"] = f"{viewer['name']}={viewer['value']}"
        client.headers["origin"] = aws.url
        assert client.get("/api/images").json()["total"] == 0
        assert client.post("/api/uploads", json=upload_asked).status_code == 403
        editor = session(aws, "editor")
        client.headers["cookie"] = f"{editor['name']}={editor['value']}"
        assert (
            client.post("/api/uploads", json=upload_asked).json()["uploads"][0]["status"] == "ready"
        )
        client.headers["origin"] = "https://elsewhere.example"
        assert client.post("/api/uploads", json=upload_asked).status_code == 403
