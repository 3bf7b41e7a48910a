"""The attacker's fixtures: the admin's own process, and an accountant who is after what is another's.

Proved elsewhere and not repeated: forms without their token (admin/test_routes), foreign hosts and headers
(admin/test_security), `next` (admin/test_next_page), paths of static files (admin/test_answers), odd bytes
and lengths (admin/test_fuzz), a replayed reset link (admin/test_reset), one invitation used twice at once
(admin/test_invite), links to Telegram (bot/test_telegram_link), cells that are formulas (jobs/test_client_data),
PostgREST tricks with rows (sql/test_api_tricks) and role × view × verb (sql/test_matrix_api).
"""

from collections.abc import Iterator

import pytest

from tests.admin.conftest import admin, environment, firm, reader
from tests.admin.firm import Firm
from tests.admin.process import Admin, Reader
from tests.attack.victim import Victim, victim_of

__all__ = ["admin", "environment", "firm", "reader"]


def at_home(reader: Reader) -> Reader:
    """Return somebody who has read a page: the first one sets the language, and no answer after it does."""
    assert reader.get("/profile").status_code == 200
    return reader


@pytest.fixture(scope="module")
def victim(admin: Admin, firm: Firm) -> Iterator[Victim]:
    with Reader(admin) as own:
        hers = victim_of(firm, own)
        yield hers
        hers.leave()


@pytest.fixture(scope="module")
def intruder(admin: Admin, firm: Firm) -> Iterator[Reader]:
    """An accountant with a client of her own, signed in."""
    with Reader(admin) as made:
        own = firm.hire("accountant")
        firm.add_client("ООО Своё", firm.connect_chat(own))
        yield at_home(made.as_person(own))


@pytest.fixture(scope="module")
def rival(admin: Admin, firm: Firm) -> Iterator[Reader]:
    """A manager of another team."""
    with Reader(admin) as made:
        yield at_home(made.as_person(firm.hire("manager")))


@pytest.fixture(scope="module")
def observer(admin: Admin, firm: Firm) -> Iterator[Reader]:
    with Reader(admin) as made:
        yield at_home(made.as_person(firm.hire("observer")))


@pytest.fixture
def chief(admin: Admin, firm: Firm) -> Iterator[Reader]:
    with Reader(admin) as made:
        yield made.as_person(firm.hire("admin"))


@pytest.fixture(scope="module")
def reading(admin: Admin, firm: Firm) -> Iterator[Reader]:
    """An admin who changes nothing."""
    with Reader(admin) as made:
        yield made.as_person(firm.hire("admin"))
