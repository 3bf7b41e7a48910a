"""What the product promises, scenario by scenario: each has the number of the test that proves it, or it is a wish."""

import re
from collections.abc import Iterator

from tests.house.tree import Tree, keep, objections

# Letter of the group, and how many scenarios it has.
GROUPS = {"A": 21, "B": 8, "C": 16, "D": 15, "E": 24, "F": 10, "G": 7, "H": 11, "I": 21}
# Promises of what is not built yet: recorded promises, simulation.
LATER = {"C16", "E24"}
# In capitals wherever people read, in small letters in the name of a test.
_NUMBER = re.compile(r"(?<![A-Za-z0-9])([A-I]\d{1,2})(?![A-Za-z0-9])")
_NAME = re.compile(r"def test_\w+")
_NUMBER_IN_NAME = re.compile(r"(?<=_)([a-i]\d{1,2})(?=_)")


def unproven(tree: Tree) -> Iterator[str]:
    files = [file for file in tree.texts(".py", under=("tests/",)) if not file.path.startswith("tests/house/")]
    proven = {number for file in files for number in _NUMBER.findall(file.text)}
    names = [name for file in files for name in _NAME.findall(file.text)]
    proven |= {number.upper() for name in names for number in _NUMBER_IN_NAME.findall(name)}
    for group, count in GROUPS.items():
        for number in (f"{group}{place}" for place in range(1, count + 1)):
            if number in LATER and number in proven:
                yield f"{number}: is proven by now, take it out of LATER"
            if number not in LATER | proven:
                yield f"{number}: put it into the name or the docstring of the test that proves it"


def test_every_scenario_has_its_test() -> None:
    keep(unproven, "A scenario without a test is a wish.")


def test_the_scenario_rule_bites() -> None:
    every = [f"{group}{place}" for group, count in GROUPS.items() for place in range(1, count + 1)]
    names = "\n".join(f"def test_{number.lower()}_holds(): ..." for number in every if number not in LATER)
    assert not objections(unproven, {"tests/sql/test_a.py": names})
    assert "A1:" in objections(unproven, {"tests/sql/test_a.py": names.replace("test_a1_", "test_")})[0]
    assert "C16" in objections(unproven, {"tests/sql/test_a.py": f"{names}\n# C16"})[0]
