# shellcheck shell=bash disable=SC2154 # the engine sets settings_file and programs
# The steps of a deployment that are the same whatever runs the processes; infra/deploy/deploy has their order.

room_megabytes=2048
start_seconds=${BUHBOT_START_SECONDS:-120}
backup=${BUHBOT_BACKUP:-$here/../backup/backup}
# Without these the CLI calls home.
export DO_NOT_TRACK=1 SUPABASE_TELEMETRY_DISABLED=1 SUPABASE_NO_UPDATE_NOTIFIER=1

usage() {
  sed -n '2,/^set/p' "$here/deploy" | sed -n 's/^# \{0,1\}//p'
  exit 2
}

chapter() { printf '\n%s\n' "$*"; }

step() {
  local title=$1
  shift
  printf '  %s  %s\n' "$(date +%H:%M:%S)" "$title"
  "$@"
}

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  exit 1
}

# until_so SECONDS COMMAND…: whether the command succeeds in time, asked twice a second.
until_so() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.5
  done
}

one_at_a_time() {
  exec 9> "$(lock_file)"
  flock --nonblock 9 || fail "another deployment is under way"
}

# setting NAME: its value in the operator's file, without the quotes around it.
setting() {
  sed -n "s/^$1=//p" "$settings_file" | tail -n 1 | sed "s/^\(['\"]\)\(.*\)\1\$/\2/"
}

check_programs() {
  local program
  for program in curl flock realpath "${programs[@]}"; do
    command -v "$program" > /dev/null || fail "$program is not installed"
  done
  [[ -r $settings_file ]] || fail "$settings_file is missing or unreadable: copy .env.example there and fill it in"
  [[ -n $(setting DATABASE_URL) ]] || fail "DATABASE_URL is not set in $settings_file: migrations need it"
}

check_disk() {
  local free
  free=$(df --output=avail --block-size=1M "$(disk)" | tail -n 1)
  ((free > room_megabytes)) || fail "only $((free)) MB are free on $(disk), $room_megabytes are needed"
}

check_services() {
  in_new bot -m bot.preflight || fail "what the bot stands on is not as it must be; the line above says what"
}

check_backup() {
  [[ -x $backup ]] || fail "there is no backup command $backup: set BUHBOT_BACKUP"
}

# The Supabase CLI without Node: the program that its package carries.
supabase() {
  "$(checkout)/.local/tools/supabase" --workdir "$(checkout)" "$@" --db-url "$(setting DATABASE_URL)"
}

check_migrations() {
  supabase db push --dry-run < /dev/null 2>&1 | sed 's/^/            /' ||
    fail "the migrations cannot be compared; DATABASE_URL is wrong, the database down, or of a newer release: see above"
}

back_up() {
  "$backup" --unless-new || fail "the backup failed; nothing was changed: infra/README.md, «Backups and restore»"
}

migrate() {
  supabase db push --yes < /dev/null 2>&1 | sed 's/^/            /' ||
    fail "a migration failed and was undone; the release that served goes on serving"
}

answers() { # answers CODE URL [curl's options]
  local code=$1 url=$2
  shift 2
  [[ $(curl --silent --output /dev/null --max-time 5 --write-out '%{http_code}' "$@" "$url") == "$code" ]]
}

is_up() {
  ! new_keeps_ending "$1" || fail "$1 of the new release ends as soon as it has started; its log says why"
  answers 200 "$(new_address "$1")/health"
}

smoke_test_new() {
  local process
  for process in bot jobs admin; do
    until_so "$start_seconds" is_up "$process" || fail "$process of the new release is not well after $start_seconds s"
  done
  answers 403 "$(new_address bot)/webhook" --request POST || fail "the new bot takes messages without the secret"
  answers 200 "$(new_address admin)/login" --header "Host: $(admin_url | sed 's#^[a-z]*://##; s#/.*##')" ||
    fail "the new admin has no page to sign in"
}

smoke_test_public() {
  # Nginx lets only Telegram in, the bot only who knows the secret: 403 either way.
  until_so 15 answers 403 "$(webhook_url)" --request POST || fail "no bot answers at $(webhook_url)"
  until_so 15 answers 200 "$(admin_url)/login" || fail "no admin answers at $(admin_url)"
}

# From here on whatever fails, Ctrl-C included, ends with the old release in service.
taking_back_on_failure() {
  trap take_back EXIT
}

take_back() {
  local code=$?
  trap - EXIT
  ((code)) || exit 0
  chapter "Rolling back by itself (impact): $(new_name) does not come into service"
  step "switch to the old release" switch_back
  step "stop the new release" stop_new
  printf '\nROLLED BACK: %s serves, as before. The schema stays: it works with both.\n' "$(old_name)" >&2
  exit "$code"
}
