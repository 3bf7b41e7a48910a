"""What ends a command badly; each is one line that says what happened, and most how to mend it."""


class Fault(Exception):  # noqa: N818 (reads as what happened)
    """It could not be done."""

    code = 1


class Unfit(Fault):
    """It cannot begin: settings, programs or arguments are wrong."""

    code = 2


class Busy(Fault):
    """Another one is under way: try again later, as sysexits' EX_TEMPFAIL says."""

    code = 75
