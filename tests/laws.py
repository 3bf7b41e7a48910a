"""How often the laws are tried: a law names its examples for `make test`; the profile `nightly` tries many more."""

from hypothesis import HealthCheck, settings

NIGHTLY = 20
_USUAL = settings.get_profile("default").max_examples


def allow_nightly() -> None:
    """Register what `pytest --hypothesis-profile=nightly` asks for; before pytest reads its options."""
    settings.register_profile("nightly", max_examples=_USUAL * NIGHTLY)


def law(examples: int) -> settings:
    """Return the settings of a property test. Its database is rolled back after each example, and may be slow."""
    times = settings.default.max_examples // _USUAL
    return settings(max_examples=examples * times, deadline=None, suppress_health_check=list(HealthCheck))
