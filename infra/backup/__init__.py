"""Backups: made on the server, proven and restored where the private key is.

Needs nothing but Python and the programs that it runs (psql, pg_dump, pg_restore, age, rclone, redis-cli): when it is
wanted most, nothing of BuhBot may be left.
"""
