"""A library's folder as an operator has it before him, and what the commands leave there."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.pictures import encode, noise


@dataclass
class Folder:
    """A library on disk; pictures come and go as files, without any of our own code."""

    root: Path

    def __str__(self) -> str:
        return str(self.root)

    def add(self, path: str = "dog.png", content: bytes | None = None) -> Path:
        """Put a picture there, of its own bytes."""
        file = self.root / "uploads" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        seed = sum(path.encode())
        file.write_bytes(encode(noise(40, 30, seed), "png") if content is None else content)
        return file

    def write_document(self, path: str, content: object) -> Path:
        """Write a document as another tool or a person would; text is written as it is."""
        file = self.root / f"metadata/{path}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return file

    def document(self, path: str = "dog.png") -> dict[str, Any]:
        """Return a document as it stands in the folder."""
        found: dict[str, Any] = json.loads((self.root / f"metadata/{path}.json").read_text("utf-8"))
        return found

    def labels(self, path: str = "dog.png") -> list[str]:
        """Return the names that the recogniser gave."""
        return [label["Name"] for label in self.document(path)["Labels"]]

    def files(self, top: str) -> set[str]:
        """Return the paths of all files below one of the top folders."""
        start = self.root / top
        return {str(p.relative_to(start)) for p in start.rglob("*") if p.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "library")
    (made.root / "uploads").mkdir(parents=True)
    (made.root / "metadata").mkdir()
    return made
