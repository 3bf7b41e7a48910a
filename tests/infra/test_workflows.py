"""What the workflows promise: nobody else's code by a movable name, no service before approval, images by digest."""

import re
from pathlib import Path

import pytest
import yaml

from tests.stack import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def test_actions_are_pinned_by_hash() -> None:
    used = [line for path in WORKFLOWS for line in re.findall(r"uses: (.*)", path.read_text())]
    assert used
    assert not [line for line in used if not re.fullmatch(r"actions/checkout@[0-9a-f]{40} # v[\d.]+", line)]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_and_no_more_unless_a_job_says_so(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 30, name
        for step in job["steps"]:
            # What somebody typed becomes a variable, never a part of a script.
            assert "${{" not in step.get("run", ""), step


def test_every_file_of_laws_has_a_machine_of_its_own_by_night() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/laws.yml").read_text())
    # YAML takes a bare `on` for a truth.
    assert workflow[True]["schedule"]
    job = workflow["jobs"]["laws"]
    laws = [path for path in (ROOT / "tests/sql").glob("test_*.py") if "\n@law(" in path.read_text()]
    assert job["strategy"]["matrix"]["part"] == sorted(path.stem.removeprefix("test_") for path in laws)
    assert (job["env"]["ONLY"], job["steps"][-1]["run"]) == ("${{ matrix.part }}", "make laws")


def test_a_deployment_waits_for_approval_and_names_its_image_by_digest() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())["jobs"]
    assert [name for name, job in jobs.items() if job.get("environment") == "production"] == ["deploy"]
    assert jobs["image"]["needs"] == "test"
    assert jobs["deploy"]["needs"] == "image"
    assert "RepoDigests" in jobs["image"]["steps"][-1]["run"]
    assert all("refs/heads/main" in jobs[name]["if"] for name in ("test", "deploy"))
    keys = [name for name, job in jobs.items() if "secrets.DEPLOY_KEY" in str(job)]
    assert keys == ["deploy"]
