"""What a new password must be before Auth is asked, and Auth's refusals in words."""

SHORTEST = 10
LONGEST = 1000  # of what a form may carry; Auth hashes 72 bytes
HASHED_BYTES = 72

SHORT = "Пароль короче 10 знаков. Добавьте ещё слово."
TOO_LONG = "Пароль слишком длинный: сервис входа помнит 72 латинских знака или 36 русских букв."
DIFFERENT = "Пароли не совпали. Введите новый пароль дважды."

REFUSALS = {
    "weak": "Этот пароль слишком прост или известен по утечкам. Придумайте другой.",
    "same": "Это ваш прежний пароль. Придумайте другой.",
    "other": "Такой пароль сервис входа не принимает. Придумайте другой.",
}


def problem_of(password: str) -> str | None:
    """Return why this cannot be a password, or none."""
    if len(password) < SHORTEST:
        return SHORT
    return TOO_LONG if len(password.encode(errors="replace")) > HASHED_BYTES else None
