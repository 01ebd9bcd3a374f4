"""What the two processes say to each other: a length, a JSON object, and the bytes it announces.

JSON and raw pixels, never pickles: whoever takes the decoding process over through a picture
shall not get further by its answers.
"""

import json
import socket
import struct
import time
from typing import Any

from PIL import Image

from catalog.document import DominantColor, ImageProperties
from catalog.errors import StoreUnavailableError
from tagger.errors import PictureError
from tagger.imaging import Opened, Picture, RenderedThumbnail

_LENGTH = struct.Struct(">I")
_MOST_TEXT = 1024 * 1024
_MOST_BYTES = 64 * 1024 * 1024

Message = dict[str, Any]


class WireError(Exception):
    """The other side is gone, or says what makes no sense."""


def send(peer: socket.socket, message: Message, *blobs: bytes, fd: int | None = None) -> None:
    """Send a message and the bytes that belong to it, and a file with it."""
    text = json.dumps({**message, "blobs": [len(blob) for blob in blobs]}).encode()
    head = _LENGTH.pack(len(text))
    if fd is None:
        peer.sendall(head + text)
    else:
        socket.send_fds(peer, [head], [fd])
        peer.sendall(text)
    for blob in blobs:
        peer.sendall(blob)


def receive(peer: socket.socket, seconds: float) -> tuple[Message, list[bytes]]:
    """Receive a message and its bytes. Raises WireError, and TimeoutError after so many seconds."""
    deadline = time.monotonic() + seconds
    return _rest(peer, _exactly(peer, _LENGTH.size, deadline), deadline)


def receive_with_file(peer: socket.socket) -> tuple[Message, int]:
    """Receive a message and the file that comes with it. Raises WireError."""
    head, files, _, _ = socket.recv_fds(peer, _LENGTH.size, 1)
    if not head or len(files) != 1:
        raise WireError
    return _rest(peer, head + _exactly(peer, _LENGTH.size - len(head)))[0], files[0]


def _rest(
    peer: socket.socket, head: bytes, deadline: float | None = None
) -> tuple[Message, list[bytes]]:
    (length,) = _LENGTH.unpack(head)
    if length > _MOST_TEXT:
        raise WireError
    try:
        message = json.loads(_exactly(peer, length, deadline))
        sizes = [int(size) for size in message["blobs"]]
    except (ValueError, KeyError, TypeError) as error:
        raise WireError from error
    if sum(sizes) > _MOST_BYTES or min(sizes, default=0) < 0:
        raise WireError
    return message, [_exactly(peer, size, deadline) for size in sizes]


def _exactly(peer: socket.socket, count: int, deadline: float | None = None) -> bytes:
    data = bytearray(count)
    view, filled = memoryview(data), 0
    while filled < count:
        if deadline is not None:
            peer.settimeout(max(deadline - time.monotonic(), 0.001))
        got = peer.recv_into(view[filled:])
        if not got:
            raise WireError
        filled += got
    return bytes(data)


def answer_of(opened: Opened) -> tuple[Message, list[bytes]]:
    """Put a picture that was read into a message."""
    picture, measures = opened.picture, opened.properties
    message = {
        "picture": {
            "width": picture.width,
            "height": picture.height,
            "content_type": picture.content_type,
            "taken_at": picture.taken_at,
            "camera": picture.camera,
        },
        "image": picture.image.size,
        "measures": [measures.brightness, measures.sharpness, measures.contrast],
        "colors": [
            [each.hex_code, each.css_color, each.simplified_color, each.pixel_percent]
            for each in measures.dominant_colors
        ],
        "thumbnails": [[each.nominal, each.width, each.height] for each in opened.thumbnails],
    }
    return message, [picture.image.tobytes(), *(each.data for each in opened.thumbnails)]


def opened_of(message: Message, blobs: list[bytes]) -> Opened:
    """Return the picture that a message holds. Raises WireError, and what the message tells of."""
    if "error" in message:
        raise PictureError(str(message["error"]), str(message["sentence"]))
    if "trouble" in message:
        raise StoreUnavailableError(str(message["trouble"]))
    try:
        width, height = map(int, message["image"])
        image = Image.frombytes("RGB", (width, height), blobs[0])
        brightness, sharpness, contrast = map(float, message["measures"])
        colors = [
            DominantColor(str(code), str(css), str(name), float(percent))
            for code, css, name, percent in message["colors"]
        ]
        thumbnails = [
            RenderedThumbnail(int(nominal), int(wide), int(high), data)
            for (nominal, wide, high), data in zip(message["thumbnails"], blobs[1:], strict=True)
        ]
        picture = Picture(image, **message["picture"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise WireError from error
    properties = ImageProperties(brightness, sharpness, contrast, colors)
    return Opened(picture, properties, thumbnails)
