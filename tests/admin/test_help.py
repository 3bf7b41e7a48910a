"""The help names pages, buttons and commands as people find them, in their language."""

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog

from admin.navigation import DESTINATIONS
from admin.pages.help.topics import TOPICS, Topic
from bot.commands import COMMANDS
from infra.local import catalogue
from infra.words import LANGUAGES, _, speaking
from tests.stack import ROOT

# In quotation marks, and no label of ours: what a client says, and Telegram's own button.
OTHERS = {"спасибо", "Старт"}
BEYOND_THE_MENU = {"/profile": "Профиль"}

QUOTED = re.compile("[«“]([^»”]*)[»”]")
COMMAND = re.compile(r"(?<!\S)/(\w+)")


@pytest.fixture(scope="module")
def said() -> Catalog:
    return catalogue.said(ROOT)


def steps() -> Iterator[tuple[Topic, str]]:
    return ((topic, step) for topic in TOPICS for step in topic.steps)


def places(topic: Topic, step: str) -> tuple[str, ...]:
    """Where the labels of a step may be: on the topic's pages, and on those that the step names itself."""
    titles = {one.title: one.path for one in DESTINATIONS} | {name: path for path, name in BEYOND_THE_MENU.items()}
    paths = {*topic.pages, *(titles[label] for label in QUOTED.findall(step) if label in titles)}
    return tuple(f"admin/pages/{path.split('/')[1]}/" for path in paths)


def test_every_label_in_the_help_is_on_its_page(said: Catalog) -> None:
    titles = {one.title for one in DESTINATIONS} | {*BEYOND_THE_MENU.values()}
    named = 0
    for topic, step in steps():
        for label in {*QUOTED.findall(step)} - OTHERS:
            message = said.get(label)
            assert message, f"{topic.id}: nothing is called «{label}»"
            found = [str(path) for path, _line in message.locations]
            here = [path for path in found if path.startswith(places(topic, step))]
            assert here or label in titles, f"{topic.id}: «{label}» is on other pages: {found}"
            named += 1
    assert named > 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_help_calls_them_what_the_pages_call_them(language: str) -> None:
    for topic, step in steps():
        labels = [label for label in QUOTED.findall(step) if label not in OTHERS]
        with speaking(language):
            told = QUOTED.findall(_(step))
            for label in labels:
                assert _(label) in told, f"{topic.id}: «{label}» is {_(label)!r} on the page, and not in {_(step)!r}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_in_the_help_is_one_that_these_people_may_use(language: str) -> None:
    roles = {command.name: {*command.roles} for command in COMMANDS}
    for topic, step in steps():
        with speaking(language):
            for name in COMMAND.findall(_(step)):
                assert topic.roles & roles.get(name, set()), f"{topic.id}: nobody who reads this has /{name}"
