"""The transcript of all commands is what the bot says today."""

from tests.bot import transcript


def test_the_transcript_is_current() -> None:
    """Where it is not: `python -m tests.bot.transcript`, and read what it wrote."""
    assert transcript.PATH.read_text(encoding="utf-8") == transcript.text()


def test_every_command_has_its_answer_in_every_place() -> None:
    assert transcript.ANSWERS.keys() == {
        (command.name, scope) for command in transcript.SHOWN for scope in command.scopes
    }
