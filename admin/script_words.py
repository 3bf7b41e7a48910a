"""What scripts say: texts that appear without the server, in the reader's language, on the root of every page."""

from typing import Any

from infra.words import N_, _

_WORDS = {
    "copied": N_("Скопировано"),
    "lost": N_("нет связи, обновляем…"),
    "unreachable": N_("Нет связи. Проверьте интернет и попробуйте ещё раз."),
    "left": N_("осталось {time}"),
    "overdue": N_("просрочено на {time}"),
    "hours": N_("{hours} ч {minutes} мин"),
    "minutes": N_("{minutes} мин"),
    "minutesSeconds": N_("{minutes} мин {seconds} с"),
    "seconds": N_("{seconds} с"),
}
_KEYS = (("?", N_("Эта подсказка")),)
_WALK = (
    ("j", N_("Следующая строка")),
    ("k", N_("Предыдущая строка")),
    ("x", N_("Отметить строку")),
    ("Enter", N_("Открыть строку")),
)


def script_words() -> dict[str, Any]:
    """Return them by the names that the scripts know."""
    said: dict[str, Any] = {name: _(text) for name, text in _WORDS.items()}
    return {**said, "keys": _said(_KEYS), "walk": _said(_WALK)}


def _said(keys: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    return [(key, _(text)) for key, text in keys]
