# Each line of a recipe is one plain command, so that make hands Ctrl-C and SIGTERM to it and not to a shell.
python := .venv/bin/python

# Commands for the database of a running stack, unless the caller's own variables name another one.
stack_env := .local/$(if $(filter-out 0,$(PORT_OFFSET)),$(PORT_OFFSET)/)env
with_env := $(if $(SUPABASE_URL),,$(if $(wildcard $(stack_env)),set -a; . ./$(stack_env);))

.PHONY: up demo down reset test check bench bench-data eval i18n policies calendar audit-verify export-client erase-client admin remove-person matrix doctor laws old-code types rules packages test-packages ops-drill

up: packages  ## the local stack, the three processes and the Telegram simulator, until Ctrl-C
	@$(python) -m infra.local up

demo: packages  ## as up, and a working day of six client chats played in forty seconds
	@$(python) -m infra.local demo

down:  ## stop it from another terminal
	@test ! -x $(python) || $(python) -m infra.local down

reset:  ## stop it and forget its data
	@test ! -x $(python) || $(python) -m infra.local reset

policies: packages  ## restate every changed portrait of supabase/policies in a new migration
	@$(python) -m infra.local.policies

i18n: packages  ## brings locale/ up to what the source says; ends badly while a text is not said in every language
	@$(python) -m infra.local.catalogue

matrix: packages  ## who may what, read from the database, beside what supabase/policies says
	@$(if $(DATABASE_URL),,$(with_env)) exec $(python) -m infra.local.matrix

doctor: packages  ## what is wrong with the running stack, or with the installation that the variables name, and how to mend it
	@$(with_env) exec $(python) -m infra.doctor

calendar: packages  ## what the production calendar of YEAR would change for the firm; APPLY=1 writes it
	@$(with_env) exec $(python) -m jobs.production_calendar $(YEAR) $(if $(APPLY),--apply)

audit-verify: packages  ## walk the chain over the audit log of DATABASE_URL; ANCHOR=<number>:<hash> must be in it
	@$(if $(DATABASE_URL),,$(with_env)) exec $(python) -m infra.local.audit_verify $(if $(ANCHOR),--anchor $(ANCHOR)) $(if $(SINCE),--since $(SINCE))

# Quoted for the shell, whatever is in a client's name.
quoted = '$(subst ','\'',$(1))'

export-client: packages  ## all that is stored about CLIENT (id or name) as a ZIP; FILE says where
	@$(with_env) exec $(python) -m jobs.client_data export $(call quoted,$(CLIENT)) $(if $(FILE),--file $(call quoted,$(FILE)))

erase-client: packages  ## erase everything personal of CLIENT for good; asks for its name, or takes CONFIRM
	@$(with_env) exec $(python) -m jobs.client_data erase $(call quoted,$(CLIENT)) $(if $(CONFIRM),--confirm $(call quoted,$(CONFIRM)))

admin: packages  ## let in an admin, the first one above all: EMAIL, and NAME of a new person; prints a link
	@$(with_env) exec $(python) -m jobs.staff admin $(call quoted,$(EMAIL)) $(call quoted,$(NAME))

remove-person: packages  ## remove the person with this EMAIL for good; figures stay, and what is in the way is named
	@$(with_env) exec $(python) -m jobs.staff remove-person $(call quoted,$(EMAIL))

check: test-packages  ## format, lint, types, imports, SQL, house rules
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target types rules

# Side by side, because the first takes as long as all the others, and one core.
types:
	$(python) -m mypy

rules:
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/lint-imports
	.venv/bin/squawk supabase/migrations/*.sql
	$(python) -m pytest --quiet tests/house

test: check  ## everything, from a bare machine
	@python3 infra/local/browser.py
	$(python) -m tests.parts

laws: test-packages  ## the laws of the engine, each on ten thousand random examples: takes an hour and a half; ONLY a part, such as worlds
	@$(python) -m pytest --hypothesis-profile=nightly --override-ini=faulthandler_timeout=0 tests/sql $(if $(ONLY),-k $(ONLY))

old-code: test-packages  ## the tests of an older release, REF, against the migrations of this tree; TESTS, e2e by themselves
	@$(python) -m tests.old_code $(REF) $(TESTS)

ops-drill: test-packages  ## everything that production stands on, tried for real: what was done, how long it took, what is not well
	@$(python) -m pytest tests/infra --verbose --log-cli-level=INFO --log-disable=httpx

bench: test-packages  ## speed and memory, each figure beside its floor in the same run; ends badly when a target is missed; ONLY=engine or pages, STEADY_SECONDS, MESSAGES
	@$(python) -m tests.bench $(if $(ONLY),--only $(ONLY)) $(if $(STEADY_SECONDS),--steady-seconds $(STEADY_SECONDS)) $(if $(MESSAGES),--page-messages $(MESSAGES))

bench-data: test-packages  ## fill DATABASE_URL, or the running stack, with a large firm; MESSAGES, ten million by themselves
	@$(if $(DATABASE_URL),,$(with_env)) exec $(python) -m tests.bench.firm $(if $(MESSAGES),--messages $(MESSAGES))

eval: test-packages  ## how often the classifier is right; CORRECTIONS=1 adds what people corrected in this firm
	@$(if $(CORRECTIONS),$(with_env)) exec $(python) -m tests.evaluation $(if $(CORRECTIONS),--corrections)

packages:
	@python3 infra/local/install.py

test-packages:
	@python3 infra/local/install.py tests
