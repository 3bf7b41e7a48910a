"""What a message is when it is no text, in words."""

from infra.words import N_, _

KINDS = {
    "photo": N_("Фото"),
    "video": N_("Видео"),
    "video_note": N_("Видеосообщение"),
    "voice": N_("Голосовое сообщение"),
    "audio": N_("Аудио"),
    "document": N_("Файл"),
    "sticker": N_("Стикер"),
    "location": N_("Место на карте"),
    "contact": N_("Контакт"),
    "animation": N_("Анимация"),
    "poll": N_("Опрос"),
    "live_photo": N_("Живое фото"),
    "paid_media": N_("Платное вложение"),
    "venue": N_("Место на карте"),
    "dice": N_("Игральная кость"),
    "story": N_("История"),
    "checklist": N_("Список дел"),
    "game": N_("Игра"),
    "invoice": N_("Счёт"),
    "rich_message": N_("Сообщение с оформлением"),
    "service": N_("Событие чата"),
}


def kind_word(kind: str, *, has_file: bool = False) -> str:
    """Return what stands where there are no words."""
    return _(KINDS.get(kind, N_("Файл") if has_file else N_("Сообщение без текста")))
