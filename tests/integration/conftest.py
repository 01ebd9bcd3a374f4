"""A whole site on a temporary library, with real parts; only the worker is played."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from catalog import keys
from catalog.database import Database
from catalog.document import Document, ImageFacts, Label, Tagging, TaggingError, write_document
from catalog.indexer import Indexer
from catalog.library import Library
from catalog.storage.folder import FolderStore
from catalog.storage.journal import Journal
from webapp.app import create_app
from webapp.media import FolderUrls
from webapp.settings import WebSettings
from webapp.tickets import FolderTickets

BASE = "http://127.0.0.1:8000"
PICTURE = b"\xff\xd8\xff\xe0 not a real picture, and nobody here opens it"


@dataclass
class Site:
    """One library with its app, and a client that talks to it as curl on this machine would."""

    root: Path
    store: FolderStore
    journal: Journal
    database: Database
    indexer: Indexer
    library: Library
    tickets: FolderTickets
    app: FastAPI
    client: TestClient

    def add(
        self,
        path: str = "2026/11/dog-00000001.jpg",
        labels: dict[str, float] | None = None,
        *,
        content: bytes | None = None,
        failed: str = "",
        name: str = "",
        content_type: str = "image/jpeg",
        uploaded_at: str = "2026-11-22T16:04:56Z",
    ) -> str:
        """Put a picture there, tagged so (or failed for this reason); return its id."""
        key = keys.UPLOADS + path
        content = PICTURE + path.encode() if content is None else content
        info = self.store.put(key, content)
        sha256 = hashlib.sha256(content).hexdigest()
        document = Document(
            image=ImageFacts(
                key=key,
                name=name or keys.file_name(key),
                content_type=content_type,
                size=len(content),
                sha256=sha256,
                etag=info.etag,
                width=400,
                height=300,
                uploaded_at=uploaded_at,
            ),
            tagging=Tagging("failed" if failed else "tagged", recognizer="local"),
            labels=[Label(label, confidence) for label, confidence in (labels or {}).items()],
        )
        if failed and document.tagging:
            document.tagging.error = TaggingError("truncated", failed)
        self.store.put(keys.metadata_key(key), write_document(document))
        self.indexer.index(key)
        return keys.image_id(key)

    def add_pending(self, path: str = "2026/11/new-00000002.jpg", content: bytes = PICTURE) -> str:
        """Put a picture there that waits to be tagged; return its id."""
        key = keys.UPLOADS + path
        self.store.put(key, content)
        self.indexer.mark_pending(key)
        return keys.image_id(key)

    def ask_ticket(self, content: bytes = PICTURE, **changed: Any) -> dict[str, Any]:
        """Ask for one upload ticket and return the answer for it."""
        file = {
            "name": "cute dog.jpg",
            "size": len(content),
            "type": "image/jpeg",
            "sha256": hashlib.sha256(content).hexdigest(),
        } | changed
        file = {name: value for name, value in file.items() if value is not None}
        response = self.client.post("/api/uploads", json={"files": [file]})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()["uploads"][0]
        return answer

    def send(self, ticket: dict[str, Any], content: bytes = PICTURE, **headers: str) -> Response:
        """Send bytes with a ticket."""
        return self.client.put(
            ticket["url"], content=content, headers=ticket["headers"] | dict(headers)
        )

    def upload(self, content: bytes = PICTURE, **changed: Any) -> dict[str, Any]:
        """Ask for a ticket, send the bytes, and return the ticket."""
        ticket = self.ask_ticket(content, **changed)
        response = self.send(ticket, content)
        assert response.status_code == 201, response.text
        return ticket


def make_site(root: Path, *, catalog: str = "", **settings: Any) -> Site:
    """Compose a site on a folder, with its catalog in it or at another CATALOG_URL."""
    journal = Journal(root / ".taglight" / "journal.sqlite")
    store = FolderStore(root, on_change=journal.announce)
    store.prepare()
    database = Database.open(catalog or f"sqlite:///{root}/.taglight/catalog.sqlite")
    indexer = Indexer(store, database)
    library = Library(store, indexer, journal)
    tickets = FolderTickets("a secret of the tests", journal.use_once)
    app = create_app(
        WebSettings(**settings), store, database, indexer, library, tickets, FolderUrls()
    )
    client = TestClient(app, base_url=BASE, raise_server_exceptions=False)
    return Site(root, store, journal, database, indexer, library, tickets, app, client)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An empty library with its app."""
    made = make_site(tmp_path / "library")
    with made.client:
        yield made
    made.database.close()
    made.journal.close()
