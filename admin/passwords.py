"""What a new password must be before Auth is asked, and Auth's refusals in words."""

from infra.words import N_

SHORTEST = 10
LONGEST = 1000  # of what a form may carry; Auth hashes 72 bytes
HASHED_BYTES = 72

SHORT = N_("Пароль короче 10 знаков. Добавьте ещё слово.")
TOO_LONG = N_("Пароль слишком длинный: сервис входа помнит 72 латинских знака или 36 русских букв.")
DIFFERENT = N_("Пароли не совпали. Введите новый пароль дважды.")

REFUSALS = {
    "weak": N_("Этот пароль слишком прост или известен по утечкам. Придумайте другой."),
    "same": N_("Это ваш прежний пароль. Придумайте другой."),
    "other": N_("Такой пароль сервис входа не принимает. Придумайте другой."),
}


def problem_of(password: str) -> str | None:
    """Return why this cannot be a password, or none."""
    if len(password) < SHORTEST:
        return SHORT
    return TOO_LONG if len(password.encode(errors="replace")) > HASHED_BYTES else None
