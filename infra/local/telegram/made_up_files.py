"""Files of people who only said "a photo": small, valid enough to be downloaded, the same every time."""

import base64
from typing import Any

from infra.local.telegram.world import Media, MediaKind, World

# One grey pixel.
_PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")
_KINDS: dict[str, tuple[str, str | None, dict[str, Any]]] = {
    "photo": ("photo.png", None, {"width": 800, "height": 600}),
    "document": ("Акт сверки.pdf", "application/pdf", {}),
    "voice": ("voice.ogg", "audio/ogg", {"duration": 7}),
    "video": ("video.mp4", "video/mp4", {"duration": 12, "width": 640, "height": 360}),
    "audio": ("audio.mp3", "audio/mpeg", {"duration": 30, "title": "Запись"}),
    "video_note": ("note.mp4", None, {"duration": 5, "length": 240}),
    "animation": ("animation.mp4", "video/mp4", {"duration": 2, "width": 320, "height": 240}),
    "sticker": ("sticker.webp", None, {}),
    "live_photo": ("live.mp4", "video/mp4", {"duration": 3, "width": 320, "height": 240}),
    "paid_media": ("photo.png", None, {"width": 800, "height": 600}),
}
_PLACE = {"latitude": 55.7558, "longitude": 37.6173}
_POLL = {"id": "1", "question": "Когда созвон?", "total_voter_count": 0, "is_closed": False, "is_anonymous": True}
_POLL |= {"type": "regular", "allows_multiple_answers": False, "allows_revoting": True, "members_only": False}
_OBJECTS: dict[str, dict[str, Any]] = {
    "location": _PLACE,
    "venue": {"location": _PLACE, "title": "Офис", "address": "Тверская, 1"},
    "contact": {"phone_number": "+70000000000", "first_name": "Контакт"},
    "poll": {**_POLL, "options": [{"persistent_id": "a", "text": "Сегодня", "voter_count": 0}]},
    "dice": {"emoji": "🎲", "value": 4},
    "story": {"chat": {"id": 2001, "type": "private", "first_name": "Анна"}, "id": 1},
    "checklist": {"title": "К отчёту", "tasks": [{"id": 1, "text": "Выписка"}]},
    "game": {"title": "Игра", "description": "Игра", "photo": []},
    "invoice": {
        "title": "Счёт",
        "description": "Счёт",
        "start_parameter": "x",
        "currency": "RUB",
        "total_amount": 100,
    },
}
# The kinds of media whose object names its file.
_NAMED = frozenset({"document", "video", "audio", "animation"})


def made_up_media(
    world: World, contents: dict[str, bytes], kind: MediaKind, name: str | None, emoji: str, content: bytes | None
) -> Media:
    """Return media of this kind and put its bytes into `contents`."""
    if kind in _OBJECTS:
        return Media(kind=kind, content=_OBJECTS[kind])
    usual_name, mime, about = _KINDS[kind]
    data = content if content is not None else (_PNG if kind == "photo" else f"made up: {kind}".encode())
    file_id = world.add_file(name or usual_name, len(data))
    contents[file_id] = data
    if kind == "sticker":
        about = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        about |= {"emoji": emoji, "set_name": "simulator"}
    shown_name = (name or usual_name) if kind in _NAMED else None
    return Media(kind=kind, file_id=file_id, file_name=shown_name, mime_type=mime, file_size=len(data), content=about)
