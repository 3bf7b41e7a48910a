"""Words of `/help`: the commands of whoever asks."""

from infra.words import _

Listing = list[tuple[str, str]]


def private(commands: Listing, in_groups: Listing) -> str:
    """Return the commands one may use here, and those for clients' chats."""
    lines = [_("<b>Что я умею</b>"), "", *_lines(commands)]
    if in_groups:
        lines += ["", _("В чате с клиентом:"), *_lines(in_groups)]
    return "\n".join(lines)


def group(commands: Listing) -> str:
    """Return what anybody may use in a group."""
    return "\n".join(_lines(commands))


def elsewhere() -> str:
    """Return what is said to a command that works in groups only."""
    return _("Эта команда работает в чате с клиентом: отправьте её там.")


def _lines(commands: Listing) -> list[str]:
    return [f"/{name} — {_(what)}" for name, what in commands]
