#!/bin/sh
# Beside nginx in its container: takes up a certificate that certbot, in another container, has renewed.
set -eu

state() { stat -L -c '%i %Y' "/etc/letsencrypt/live/$DOMAIN/fullchain.pem"; }

watch() {
  in_use=$(state)
  while sleep 3600; do
    # Half-way through a renewal there may be no file: it is there next time.
    now=$(state) || continue
    if [ "$now" != "$in_use" ] && nginx -c /etc/nginx/buhbot/compose.conf -s reload; then
      in_use=$now
    fi
  done
}

watch &
