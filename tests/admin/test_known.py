"""What the admin remembers of people."""

from uuid import uuid4

from admin.known import Known
from infra.caching import IDENTITY, REQUESTS
from infra.redis import EVERYTHING


def test_what_is_known_is_forgotten_with_any_change_of_a_person_or_after_an_interruption() -> None:
    known, person = Known[str](), uuid4()
    for topic in (IDENTITY, EVERYTHING):
        known.keep(person, "Мария", known.times_forgotten)
        known.hear(REQUESTS)
        assert known.find(person) == "Мария"
        known.hear(topic)
        assert known.find(person) is None


def test_what_was_read_before_a_change_is_not_kept_after_it() -> None:
    known, person = Known[str](), uuid4()
    asked_when = known.times_forgotten
    known.hear(IDENTITY)
    known.keep(person, "Мария", asked_when)
    assert known.find(person) is None


def test_nobody_is_known_for_another() -> None:
    known = Known[str]()
    known.keep(uuid4(), "Мария", known.times_forgotten)
    assert known.find(uuid4()) is None
