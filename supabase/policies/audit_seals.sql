-- The chain over the audit log. Written by one function alone; nobody else may, nor change or remove a seal.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | –                 | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.audit_seals');

create policy "admins read the chain" on public.audit_seals
for select
to authenticated
using ((select private.role()) = 'admin');
