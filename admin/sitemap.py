"""Every page of the admin and what one can do there: the one list of them."""

from litestar.handlers import HTTPRouteHandler

from admin.pages.alerts.page import resolve_alert, show_alerts, take_alert
from admin.pages.audit.export import export_audit
from admin.pages.audit.page import show_audit
from admin.pages.chats.chat import act_on_chat, change_chat, show_chat, show_health
from admin.pages.chats.connect import make_link, revoke_link, show_link, show_link_state, show_links, show_wizard
from admin.pages.chats.importing import check_import, show_import
from admin.pages.chats.importing import show_template as show_import_template
from admin.pages.chats.page import show_chats
from admin.pages.clients.client import bind_chat, change_client, erase_client, export_client, show_client
from admin.pages.clients.page import add_client, show_clients
from admin.pages.colleagues.page import show_colleagues
from admin.pages.errors.page import resolve_error, show_errors
from admin.pages.faq.page import (
    add_faq_item,
    archive_faq_item,
    save_faq_item,
    show_faq,
    show_faq_item,
    show_new_faq_item,
)
from admin.pages.feedback.cases import note_case, reopen_case, show_cases, take_case
from admin.pages.feedback.export import export_feedback
from admin.pages.feedback.page import show_feedback
from admin.pages.feedback.votes import show_votes
from admin.pages.files.page import show_file
from admin.pages.forgot.page import ask_for_reset, show_forgot
from admin.pages.help.page import show_help
from admin.pages.home.page import show_home
from admin.pages.invite.page import accept_invitation, show_invitation
from admin.pages.login.code import show_code
from admin.pages.login.page import show_login, sign_in
from admin.pages.logout.page import sign_out
from admin.pages.palette.page import show_palette
from admin.pages.policies.page import send_test_alert, show_policies, show_test_alerts
from admin.pages.policies.policy import add_policy, apply_policy, save_policy, show_new_policy, show_policy
from admin.pages.profile.page import change_password, show_profile, update_profile
from admin.pages.profile.second_factor import (
    begin_second_factor,
    confirm_second_factor,
    drop_second_factor,
    show_second_factor,
)
from admin.pages.profile.sessions import end_every_session, end_session
from admin.pages.profile.telegram import link_telegram, show_telegram, unlink_telegram
from admin.pages.reports.coverage import show_coverage
from admin.pages.reports.page import show_report
from admin.pages.reports.rows import export_report, show_rows
from admin.pages.requests.bulk import act_on_requests
from admin.pages.requests.page import show_requests
from admin.pages.requests.reply import fill_template, retry_reply, send_reply
from admin.pages.requests.request import assign_request, classify_request, excuse_request, show_request, take_request
from admin.pages.requests.views import delete_view, keep_view, rename_view
from admin.pages.reset.page import finish_reset, show_reset
from admin.pages.schedules.calendar import import_calendar, save_firm_dates, show_calendar
from admin.pages.schedules.page import add_schedule, show_schedules
from admin.pages.schedules.schedule import archive_schedule, save_dates, save_schedule, show_schedule
from admin.pages.settings.page import change_settings, show_settings
from admin.pages.surveys.deliveries import export_deliveries, show_deliveries
from admin.pages.surveys.form import add_survey, save_survey, show_new_survey, show_range, show_survey_form
from admin.pages.surveys.page import show_surveys
from admin.pages.surveys.settings import change_survey_settings, show_survey_settings
from admin.pages.surveys.survey import act_on_survey, show_survey, start_survey
from admin.pages.system.page import resend_message, show_system, try_alerts
from admin.pages.tasks.page import discard_task, show_task, show_task_state, show_tasks, start_task
from admin.pages.team.invitations import invite, invite_list, revoke_invitation, show_list, show_list_template
from admin.pages.team.members import set_active, set_role, unlink_telegram_of
from admin.pages.team.page import show_team
from admin.pages.templates.page import (
    add_template,
    archive_template,
    save_template,
    show_new_template,
    show_template,
    show_templates,
)


def pages() -> list[HTTPRouteHandler]:
    """Return the handler of every route."""
    return [
        *(show_home, show_palette, show_colleagues, show_file),
        *(*_requests(), *_reports(), *_doors(), *_profile(), *_people(), *_clients(), *_chats()),
        *(*_rules(), *_texts(), *_feedback(), *_system()),
    ]


def _requests() -> list[HTTPRouteHandler]:
    return [
        *(show_requests, act_on_requests, keep_view, rename_view, delete_view),
        *(show_request, take_request, excuse_request, classify_request, assign_request),
        *(send_reply, fill_template, retry_reply),
    ]


def _reports() -> list[HTTPRouteHandler]:
    return [show_report, show_rows, export_report, show_coverage]


def _doors() -> list[HTTPRouteHandler]:
    return [
        *(show_login, sign_in, show_code, sign_out),
        *(show_forgot, ask_for_reset, show_reset, finish_reset),
        *(show_invitation, accept_invitation),
    ]


def _profile() -> list[HTTPRouteHandler]:
    return [
        *(show_profile, update_profile, change_password, end_session, end_every_session),
        *(show_second_factor, begin_second_factor, confirm_second_factor, drop_second_factor),
        *(show_telegram, link_telegram, unlink_telegram),
    ]


def _people() -> list[HTTPRouteHandler]:
    return [
        show_team,
        invite,
        show_list,
        show_list_template,
        invite_list,
        revoke_invitation,
        set_role,
        set_active,
        unlink_telegram_of,
    ]


def _clients() -> list[HTTPRouteHandler]:
    return [
        *(show_clients, add_client, show_client, change_client, bind_chat),
        *(export_client, erase_client),
    ]


def _chats() -> list[HTTPRouteHandler]:
    return [
        *(show_chats, show_chat, show_health, change_chat, act_on_chat),
        *(show_wizard, make_link, show_links, show_link, show_link_state, revoke_link),
        *(show_import, show_import_template, check_import),
        *(show_tasks, show_task, show_task_state, start_task, discard_task),
    ]


def _rules() -> list[HTTPRouteHandler]:
    return [
        *(show_schedules, add_schedule, show_schedule, save_schedule, save_dates, archive_schedule),
        *(show_calendar, import_calendar, save_firm_dates),
        *(show_policies, show_policy, show_new_policy, add_policy, save_policy, apply_policy),
        *(show_test_alerts, send_test_alert),
    ]


def _texts() -> list[HTTPRouteHandler]:
    return [
        *(show_templates, show_new_template, show_template, add_template, save_template, archive_template),
        *(show_faq, show_new_faq_item, show_faq_item, add_faq_item, save_faq_item, archive_faq_item),
    ]


def _feedback() -> list[HTTPRouteHandler]:
    return [
        *(show_feedback, show_votes, show_cases, take_case, note_case, reopen_case, export_feedback),
        *(show_surveys, show_new_survey, show_range, show_survey_form, add_survey, save_survey),
        *(show_survey, start_survey, act_on_survey, show_deliveries, export_deliveries),
        *(show_survey_settings, change_survey_settings),
    ]


def _system() -> list[HTTPRouteHandler]:
    return [
        *(show_alerts, take_alert, resolve_alert, show_settings, change_settings),
        *(show_audit, export_audit),
        *(show_help, show_errors, resolve_error, show_system, try_alerts, resend_message),
    ]
