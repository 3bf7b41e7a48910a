# Each line of a recipe is one plain command, so that make hands Ctrl-C and SIGTERM to it and not to a shell.
python := .venv/bin/python

.PHONY: up down reset test check policies packages test-packages

up: packages  ## the local stack, the three processes and the Telegram simulator, until Ctrl-C
	@$(python) -m infra.local up

down:  ## stop it from another terminal
	@test ! -x $(python) || $(python) -m infra.local down

reset:  ## stop it and forget its data
	@test ! -x $(python) || $(python) -m infra.local reset

policies: packages  ## restate every changed portrait of supabase/policies in a new migration
	@$(python) -m infra.local.policies

check: test-packages  ## format, lint, types, imports, SQL, house rules
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	$(python) -m mypy
	.venv/bin/lint-imports
	.venv/bin/squawk supabase/migrations/*.sql
	$(python) -m pytest --quiet tests/house

test: check  ## everything, from a bare machine
	@python3 infra/local/browser.py
	$(python) -m pytest --ignore=tests/house

packages:
	@python3 infra/local/install.py

test-packages:
	@python3 infra/local/install.py tests
