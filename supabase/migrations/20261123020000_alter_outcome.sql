-- Rules of one expression are bound to their names when they are made, and become part of the question that asks: of a million waiting
-- windows the operators' measurement took 12.7 s, every quarter of a minute, calling the rule for each.
set lock_timeout = '5s';

create or replace function private.outcome_at(closed_as text, warn_at timestamptz, due_at timestamptz, as_of timestamptz)
returns text
language sql
immutable
/* Outcome of a window at an instant (S12): stored once closed, derived while open. */
return case
  when closed_as is not null then closed_as
  when as_of > due_at then 'overdue'
  when as_of >= warn_at then 'at_risk'
  else 'waiting'
end;
