# shellcheck shell=bash disable=SC2034,SC2154 # shared with infra/deploy/deploy and steps.sh
# How Docker runs a release: an image by digest, in docker-compose.prod.yml of the checkout that this file is in.
#
#   .env                    the operator's variables; BUHBOT_IMAGE is the image that serves
#   .deploy/previous        the image before it
#
# A new release is tried in containers of its own, which Docker's name server does not tell nginx about.

checkout=$(realpath "$here/../..")
settings_file=$checkout/.env
programs=(docker)
processes=(bot jobs admin)

compose() { docker compose --file "$checkout/docker-compose.prod.yml" --env-file "$settings_file" "$@"; }

old=
new=
[[ ! -r $settings_file ]] || old=$(sed -n 's/^BUHBOT_IMAGE=//p' "$settings_file")

lock_file() { mkdir -p "$checkout/.deploy" && echo "$checkout/.deploy/lock"; }
webhook_url() { echo "https://$(setting DOMAIN)/webhook"; }
admin_url() { echo "https://$(setting DOMAIN)"; }
disk() { docker info --format '{{.DockerRootDir}}'; }
checkout() { echo "$checkout"; }
new_name() { echo "$new"; }
old_name() { echo "${old:-no release}"; }

prepare_release() {
  [[ $1 == *@sha256:* ]] || fail "$1 is no image by digest, such as ghcr.io/firm/buhbot@sha256:…: a tag can be moved"
  new=$1
  docker pull --quiet "$new"
  python3 "$checkout/infra/local/install.py" cli
}

choose_previous() {
  [[ -s $checkout/.deploy/previous ]] || fail "no other image has served on this machine"
  new=$(< "$checkout/.deploy/previous")
  docker image inspect "$new" > /dev/null || docker pull --quiet "$new"
}

check_settings() {
  compose config --quiet
  in_new jobs -c 'from infra.settings import load; from jobs.settings import JobsSettings; load(JobsSettings)'
  in_new admin -c 'from infra.settings import load; from admin.settings import AdminSettings; load(AdminSettings)'
}

# in_new PROCESS ARGUMENT…: the new release's Python, knowing what this process knows.
in_new() {
  local process=$1
  shift
  BUHBOT_IMAGE=$new compose run --rm --no-deps --no-TTY --entrypoint python "$process" "$@"
}

trial() { echo "buhbot-trial-$1"; }

start_new() {
  local process
  stop_trials
  for process in "${processes[@]}"; do
    # Not under the service's name: nobody meets it there.
    BUHBOT_IMAGE=$new compose run --detach --no-deps --name "$(trial "$process")" "$process"
  done
}

stop_trials() {
  local process
  for process in "${processes[@]}"; do
    if docker container inspect "$(trial "$process")" > /dev/null 2>&1; then
      docker stop --time 30 "$(trial "$process")" && docker rm "$(trial "$process")"
    fi
  done
}

new_address() {
  local port
  case $1 in bot) port=3000 ;; jobs) port=3002 ;; admin) port=5000 ;; esac
  echo "http://$(docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$(trial "$1")" |
    cut -d ' ' -f 1):$port"
}

new_keeps_ending() { [[ $(docker inspect --format '{{.State.Status}}' "$(trial "$1")") == exited ]]; }

# containers IMAGE: those of the three services that run it, or ran it.
containers() {
  compose ps --all --quiet "${processes[@]}" |
    xargs --no-run-if-empty docker inspect --format '{{.Id}} {{.Config.Image}}' |
    awk -v image="$1" '$2 == image { print $1 }'
}

copies() { compose ps --quiet "$1" | wc -l; }

# As many of the new as there are of the old, beside them; nginx hears of them from Docker's name server.
switch_to_new() {
  local process now scale=()
  for process in "${processes[@]}"; do
    now=$(copies "$process")
    scale+=(--scale "$process=$((now ? now * 2 : 1))")
  done
  BUHBOT_IMAGE=$new compose up --detach --wait --no-deps --no-recreate "${scale[@]}" "${processes[@]}"
  stop_trials
}

switch_back() { :; } # the old never went

stop_new() {
  stop_trials
  stop_containers "$new"
}

stop_old() { [[ -z $old || $old == "$new" ]] || stop_containers "$old"; }

stop_containers() {
  containers "$1" | xargs --no-run-if-empty docker stop --time 30
  containers "$1" | xargs --no-run-if-empty docker rm
}

remember_new() {
  [[ -z $old ]] || echo "$old" > "$checkout/.deploy/previous"
  if grep --quiet '^BUHBOT_IMAGE=' "$settings_file"; then
    sed --in-place "s#^BUHBOT_IMAGE=.*#BUHBOT_IMAGE=$new#" "$settings_file"
  else
    echo "BUHBOT_IMAGE=$new" >> "$settings_file"
  fi
}
