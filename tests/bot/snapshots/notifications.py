"""What people are told, and when."""

from bot.messages import notifications
from bot.messages.notifications import KINDS, Choice, Notifications
from tests.bot.snapshot import Messages, Told
from tests.bot.told import BUTTONS


def chosen(*silent: str, quiet: tuple[str, str] | None = None, amount: int = 20) -> Told:
    kinds = [Choice(kind=kind, wanted=kind not in silent, locked=kind in {"breach", "escalation"}) for kind in KINDS]
    since, until = quiet or (None, None)
    shown = Notifications(quiet_from=since, quiet_until=until, alerts_per_hour=amount, kinds=kinds)
    return notifications.notifications(shown, BUTTONS)


MESSAGES: Messages = {
    "as it is at first": chosen,
    "some silence": lambda: chosen("warning", "digest", quiet=("22:00", "08:00"), amount=5),
    "hours of one's own": lambda: chosen(quiet=("21:30", "08:30"), amount=7),
    "no hours": notifications.not_hours,
}
