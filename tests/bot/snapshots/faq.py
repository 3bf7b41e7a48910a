"""Frequent questions, for people of the firm."""

from bot.messages import faq
from bot.messages.faq import Found, Item
from tests.bot.snapshot import Messages, Told


def found(words: str, *items: tuple[str, str]) -> Told:
    return faq.answers(Found(words=words, items=[Item(question=one, answer=two) for one, two in items]))


MESSAGES: Messages = {
    "what is asked most": lambda: found("", ("How to get <it>?", "Ask.\nThen wait."), ("When to pay?", "By the 25th.")),
    "what fits": lambda: found("pay", ("When to pay?", "a" * 600)),
    "nothing fits": lambda: found("plane"),
    "there is none": lambda: found(""),
}
