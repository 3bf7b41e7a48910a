-- Whoever made a version is a person of the firm.
set lock_timeout = '5s';

alter table public.schedule_versions validate constraint schedule_versions_are_made_by_people;
alter table public.sla_policy_versions validate constraint policy_versions_are_made_by_people;
