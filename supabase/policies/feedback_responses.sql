-- Votes with names: for those who run the firm. Nobody changes or deletes what was cast.
--
--              | select            | insert | update | delete
-- admin        | –                 | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –
--
-- Admins and managers read them in api.find_votes, accountants and observers groups of three or more in api.feedback_summary, and nothing
-- else: with an own right to look, the planner's guesses would tell everybody of them.

select private.drop_policies('public.feedback_responses');
