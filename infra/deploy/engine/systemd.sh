# shellcheck shell=bash disable=SC2034 # infra/deploy/steps.sh reads these variables
# How systemd runs a release: on one of two sides, blue and green, each with ports of its own behind the same nginx.
#
#   /opt/buhbot/releases/…       folders made by infra/deploy/release
#   /opt/buhbot/{blue,green}     which of them each side is
#   /etc/buhbot/env              the operator's variables; /etc/buhbot/{blue,green}/ what each process knows of them
#   /etc/buhbot/serving          the side that serves

home=${BUHBOT_HOME:-/opt/buhbot}
etc=${BUHBOT_ETC:-/etc/buhbot}
upstreams=${BUHBOT_UPSTREAMS:-/etc/nginx/buhbot/upstreams.conf}
nginx_pid=${BUHBOT_NGINX_PID:-/run/nginx.pid}
offset=${BUHBOT_PORT_OFFSET:-0}

programs=(systemctl nginx)
settings_file=$etc/env

old=
[[ ! -e $etc/serving ]] || old=$(< "$etc/serving")
new=blue
[[ $old != blue ]] || new=green

lock_file() { echo "$etc/lock"; }
disk() { echo "$home"; }
webhook_url() { setting WEBHOOK_URL; }
admin_url() { setting ADMIN_URL; }
checkout() { realpath "$home/$([[ -e $home/next ]] && echo next || echo "$new")"; }
new_name() { basename "$(realpath "$home/$new")"; }
old_name() { [[ -n $old ]] && basename "$(realpath "$home/$old")" || echo "no release"; }

port() { # port SIDE PROCESS
  local ten=0
  [[ $1 == blue ]] || ten=10
  case $2 in
    bot) echo $((3000 + ten + offset)) ;;
    jobs) echo $((3002 + ten + offset)) ;;
    admin) echo $((5000 + ten + offset)) ;;
  esac
}

prepare_release() {
  [[ -x $1/.venv/bin/python && -x $1/.local/tools/supabase ]] || fail "$1 is no release: make it with infra/deploy/release"
  ln --symbolic --force --no-dereference "$(realpath "$1")" "$home/next"
}

check_settings() {
  install --directory --mode=700 "$etc/next"
  (cd "$home/next" && env --ignore-environment .venv/bin/python -m infra.deploy.environment "$settings_file" "$etc/next" \
    "PORT=$(port "$new" bot)" "JOBS_METRICS_PORT=$(port "$new" jobs)" "ADMIN_PORT=$(port "$new" admin)" \
    "BOT_URL=http://127.0.0.1:$(port "$new" bot)" "HOST=127.0.0.1" \
    "REVISION=$(basename "$(realpath "$home/next")")") || fail "$settings_file is not as it must be: see above"
}

# in_new PROCESS ARGUMENT…: the new release's Python, knowing what this process knows.
in_new() {
  local known=$etc/next/$1.env
  shift
  # shellcheck disable=SC2016 # the inner shell's
  (cd "$home/next" && env --ignore-environment bash -c 'set -a; . "$0"; exec .venv/bin/python "$@"' "$known" "$@")
}

choose_previous() {
  [[ -n $old && -e $home/$new/.venv && -e $etc/$new/bot.env ]] || fail "no other release has served on this machine"
  # What a deployment left that ended before its start.
  rm -rf "$home/next" "$etc/next"
}

start_new() {
  systemctl stop "buhbot@$new.target"
  # Not when going back: then the side still is what it was.
  [[ ! -e $home/next ]] || put_next_on_its_side
  systemctl start "buhbot@$new.target"
}

put_next_on_its_side() {
  local folder
  for folder in "$home" "$etc"; do
    rm -rf "${folder:?}/before"
    [[ ! -e $folder/$new ]] || mv --no-target-directory "$folder/$new" "$folder/before"
    mv --no-target-directory "$folder/next" "$folder/$new"
  done
}

stop_new() {
  local folder
  systemctl stop "buhbot@$new.target"
  # What was on this side stays what one can go back to.
  for folder in "$home" "$etc"; do
    [[ ! -e $folder/before ]] || { rm -rf "${folder:?}/$new" && mv --no-target-directory "$folder/before" "$folder/$new"; }
  done
}

new_address() { echo "http://127.0.0.1:$(port "$new" "$1")"; }
new_keeps_ending() { (($(systemctl show --property=NRestarts --value "buhbot-$1@$new.service") > 2)); }

stop_old() {
  [[ -z $old ]] || systemctl disable --now "buhbot@$old.target"
}

remember_new() {
  systemctl enable "buhbot@$new.target"
  echo "$new" > "$etc/serving"
  rm -rf "${home:?}/before" "${etc:?}/before"
}

switch_to_new() { route_to "$new"; }

switch_back() {
  if [[ -n $old ]]; then
    # It may be on its way out already.
    systemctl enable --now "buhbot@$old.target"
    echo "$old" > "$etc/serving"
    route_to "$old"
  fi
}

# route_to SIDE: returns when no worker of nginx takes requests for another side any more.
route_to() {
  local before
  before=$(workers)
  printf 'upstream %s { least_conn; server 127.0.0.1:%s fail_timeout=1s; }\n' \
    bot "$(port "$1" bot)" admin "$(port "$1" admin)" > "$upstreams"
  nginx -t -q
  kill -HUP "$(< "$nginx_pid")"
  until_so 30 all_leave "$before" || fail "nginx does not take its new configuration, see its error log"
}

workers() { cat "/proc/$(< "$nginx_pid")/task/$(< "$nginx_pid")/children"; }

all_leave() {
  local worker
  for worker in $1; do
    if [[ -e /proc/$worker/cmdline ]] && ! grep --quiet 'shutting down' "/proc/$worker/cmdline"; then return 1; fi
  done
}
