-- Whom a survey asked, and who was not reached: for those who run the firm. Planned and sent by the service.
--
--              | select            | insert | update | delete
-- admin        | –                 | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- People read them in api.find_deliveries, and nothing else: how many people could vote in a chat, beside a count of votes, would name who
-- did, and with an own right to look the planner's guesses would tell everybody of them.

select private.drop_policies('public.survey_deliveries');
