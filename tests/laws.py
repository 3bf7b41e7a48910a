"""How often the laws are tried: the same examples each day in `make test`; far more of them, at random, by night."""

from hypothesis import HealthCheck, settings

EVERY_DAY, NIGHTLY = "every_day", "nightly"
EXAMPLES_BY_DAY, EXAMPLES_BY_NIGHT = 300, 10_000


def name_profiles() -> None:
    """Let `pytest --hypothesis-profile=nightly` find its profile: to be called before pytest reads its options."""
    settings.register_profile(EVERY_DAY, derandomize=True)
    settings.register_profile(NIGHTLY, max_examples=EXAMPLES_BY_NIGHT, print_blob=True)
    settings.load_profile(EVERY_DAY)


def law(examples: int = EXAMPLES_BY_DAY) -> settings:
    """Return the settings of a property test. Its database is rolled back after each example, and may be slow."""
    is_night = settings.get_current_profile_name() == NIGHTLY
    return settings(
        max_examples=EXAMPLES_BY_NIGHT if is_night else examples, deadline=None, suppress_health_check=list(HealthCheck)
    )
