"""Who may know what: the share of each process in the operator's variables is what its settings name."""

import os
import sys
from collections.abc import Mapping

from pydantic import ValidationError

from admin.settings import AdminSettings
from bot.settings import BotSettings
from infra.settings import ProcessSettings, ReleaseSettings, problems
from jobs.settings import JobsSettings

KINDS: Mapping[str, type[ProcessSettings]] = {"bot": BotSettings, "jobs": JobsSettings, "admin": AdminSettings}
# What any program may know: where programs lie, and how one gets out.
_OF_THE_SYSTEM = ("PATH", "LANG", "LC_ALL", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


def variables() -> dict[str, str]:
    """Return the environment of this process."""
    return dict(os.environ)


def of_the_system(given: Mapping[str, str]) -> dict[str, str]:
    """Return what is no setting of ours and every process may have."""
    return {name: given[name] for name in _OF_THE_SYSTEM if name in given}


def shares(given: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return what each process may know of what is given, or end with a line for each that would not start with it."""
    own = {process: _share(kind, given) for process, kind in KINDS.items()}
    faults = {process: _fault(kind, own[process]) for process, kind in KINDS.items()}
    if wrong := [f"{process} would not start, {fault}" for process, fault in faults.items() if fault]:
        sys.exit("\n".join(["some variables are wrong; .env.example explains each:", *wrong]))
    return own


def _share(kind: type[ProcessSettings], given: Mapping[str, str]) -> dict[str, str]:
    names = [name.upper() for name in (*kind.model_fields, *ReleaseSettings.model_fields)]
    return {name: value for name in names if (value := given.get(name))}


def _fault(kind: type[ProcessSettings], own: Mapping[str, str]) -> str:
    required = [name for name, field in kind.model_fields.items() if field.is_required()]
    try:
        # As arguments they come before the environment, and a name that is missing may not come from there.
        kind.model_validate(dict.fromkeys(required, "") | {name.lower(): value for name, value in own.items()})
    except ValidationError as error:
        return problems(error)
    return ""
