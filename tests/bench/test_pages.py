"""What the bench says of pages is what readers would say of them."""

from tests.bench.pages import Figure, growth
from tests.bench.results import Target


def figure(path: str, ratio: float, role: str = "admin") -> Figure:
    return Figure(role, path, milliseconds=10 * ratio, floor=10, ratio=ratio)


def test_a_report_may_take_longer_than_a_list() -> None:
    assert figure("/reports/people", 5).measure().target == Target("ratio", "<=", 8)
    assert figure("/", 5).measure().target == Target("ratio", "<=", 8)
    assert figure("/requests", 5).measure().target == Target("ratio", "<=", 3)
    assert not figure("/requests", 3.1).measure().met


def test_growth_is_that_of_the_list_that_suffers_most_and_reports_may_grow() -> None:
    small = [figure("/requests", 2), figure("/clients", 2), figure("/reports", 2)]
    large = [figure("/requests", 2.2), figure("/clients", 2.6), figure("/reports", 6)]
    found = growth(small, large)
    assert found.name == "growth of lists, worst /clients of admin"
    assert round(found.value, 2) == 1.3
    assert not found.met


def test_a_page_of_one_role_is_compared_with_that_roles_own() -> None:
    small = [figure("/requests", 3), figure("/requests", 1, "accountant")]
    large = [figure("/requests", 3), figure("/requests", 1.1, "accountant")]
    assert growth(small, large).met
