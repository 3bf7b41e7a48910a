"""Who may know what: the share of each process in the operator's variables is what its settings name."""

import os
import sys
from collections.abc import Mapping

from pydantic import ValidationError

from admin.settings import AdminSettings
from bot.settings import BotSettings
from infra.settings import ProcessSettings, problems
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


def share(process: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return what this process may know of what is given, or end with one line that says what is wrong with it."""
    kind = KINDS[process]
    names = [name.upper() for name in kind.model_fields]
    own = {name: value for name in names if (value := given.get(name))}
    try:
        # As arguments they come before the environment, and a name that is missing may not come from there.
        kind.model_validate(dict.fromkeys(_required(kind), "") | {name.lower(): own[name] for name in own})
    except ValidationError as error:
        sys.exit(f"settings of {process} are wrong: {problems(error)}. See .env.example.")
    return own


def _required(kind: type[ProcessSettings]) -> list[str]:
    return [name for name, field in kind.model_fields.items() if field.is_required()]
