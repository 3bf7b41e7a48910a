"""What a batch of the sweep reads: what it is about, and none of what was raised before."""

from tests.sql.firm import ANNA, Connection, ingest, monday, one, said, sweep

FIRST_MINUTES = "truncate public.sla_alerts, public.notices; analyze public.sla_alerts, public.notices"
QUIET_NIGHT = """
  delete from public.sla_alerts;
  insert into public.sla_alerts (request_id, kind, level, resolved_at, resolution)
  select (select w.id from public.client_requests as w limit 1), 'escalation', n, now(), 'answered'
  from generate_series(1, 2000) as n;
  analyze public.sla_alerts, public.notices
"""
READ = """
  select jsonb_object_agg(relname, seq_tup_read + idx_tup_fetch)
  from pg_stat_xact_user_tables
  where relname in ('sla_alerts', 'notices', 'outbox', 'client_requests', 'request_events')
"""


def test_a_batch_costs_the_same_however_many_alerts_are_open(db: Connection) -> None:
    """Plans go by what is known of the tables, from long ago: that they are empty, then that no alert is open."""
    ingest(db, *(said(ANNA, monday("09:00"), topic_id=topic) for topic in range(2001, 2101)))
    db.execute("delete from public.client_requests; analyze public.client_requests")
    ingest(db, *(said(ANNA, monday("10:00"), topic_id=topic) for topic in range(1, 1201)))
    for known in (FIRST_MINUTES, QUIET_NIGHT):
        db.execute(known.encode())
        read = []
        for _ in range(3):
            assert sweep(db, monday("11:01"), batch=200) == 200
            read.append(one(db, READ))
        for table, rows in read[2].items():
            assert rows - read[1][table] <= read[1][table] - read[0][table], (table, read)
