-- The clock's look-ups are planned once. Left to itself a session that first asked before the periods had statistics compares every new
-- plan with what it once thought of those, and plans each look-up anew for as long as it lives: three times the price of a deadline.
set lock_timeout = '5s';

alter function api.add_working(uuid, timestamptz, interval) set plan_cache_mode = 'force_generic_plan';
alter function api.working_between(uuid, timestamptz, timestamptz) set plan_cache_mode = 'force_generic_plan';
