"""What is promised of the night: ten thousand examples of each law, and time for them."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.house.tree import repository
from tests.laws import EVERY_DAY, NIGHTLY, law


@pytest.fixture
def night() -> Iterator[None]:
    settings.load_profile(NIGHTLY)
    yield
    settings.load_profile(EVERY_DAY)


def test_by_day_a_law_has_three_hundred_examples_unless_it_asks_for_fewer() -> None:
    assert (law().max_examples, law(40).max_examples) == (300, 40)


@pytest.mark.usefixtures("night")
def test_by_night_every_law_has_ten_thousand() -> None:
    assert law(40).max_examples == law().max_examples == 10_000


def test_a_law_that_takes_the_night_is_not_taken_for_a_test_that_hangs() -> None:
    """A run by day ends when one test takes five minutes."""
    (run,) = (line for line in repository().files["Makefile"].splitlines() if f"--hypothesis-profile={NIGHTLY}" in line)
    assert "faulthandler_timeout=0" in run
