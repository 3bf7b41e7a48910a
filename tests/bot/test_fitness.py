"""An unfit bot does not run: it ends with one line that says what is wrong and where to look."""

from typing import Any

import pytest

from bot.fitness import announce, reach
from bot.settings import BotSettings
from bot.webhook_watch import WebhookWatch
from infra import redis, telegram
from infra.supabase import Database, open_http
from tests.stack import Stack

NOBODY = "http://127.0.0.1:1"


async def begin(stack: Stack, **changes: str) -> None:
    """Do what a start does before it listens, with these settings otherwise."""
    known: dict[str, Any] = {name.lower(): value for name, value in {**stack.env, **changes}.items()}
    settings = BotSettings.model_validate(known)
    bot = telegram.connect(settings.telegram_bot_token.get_secret_value(), str(settings.telegram_api_url))
    queue = redis.connect(stack.env["REDIS_URL"])
    try:
        async with open_http() as http:
            key = settings.supabase_service_role_key.get_secret_value()
            await reach(Database(http, str(settings.supabase_url), key), settings)
        await announce(WebhookWatch(bot, queue, settings), settings)
    finally:
        await bot.session.close()
        await queue.aclose()


async def test_a_fit_bot_begins(stack: Stack) -> None:
    await begin(stack)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"TELEGRAM_BOT_TOKEN": "123456:wrong"}, "Telegram refused the webhook: .*Check TELEGRAM_BOT_TOKEN"),
        ({"TELEGRAM_API_URL": NOBODY}, f"{NOBODY}/ does not answer: .*Check TELEGRAM_API_URL"),
        ({"SUPABASE_URL": NOBODY}, f"{NOBODY}/ does not answer. Check SUPABASE_URL"),
        ({"SUPABASE_SERVICE_ROLE_KEY": "not-the-key"}, "Check SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY"),
    ],
)
async def test_an_unfit_bot_says_why_and_ends(stack: Stack, changes: dict[str, str], line: str) -> None:
    with pytest.raises(SystemExit, match=f"cannot start: .*{line}") as ended:
        await begin(stack, **changes)
    assert not [value for value in changes.values() if "wrong" in value and value in str(ended.value)]
