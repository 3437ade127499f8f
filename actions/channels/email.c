/* email.c - e-mail: one message for each card and each note, handed to a mail server.
 *
 *   mail: {kind: email, url: "smtps://mail.example.com:465", from: vedette@example.com, to: [ops@example.com], user: vedette, password_file: mail.password}
 *
 * RFC 5321 (SMTP): 2yz is success, 4yz may be tried again, 5yz never; RFC 8314: smtps on 465, or smtp with STARTTLS, without which nothing is sent but to this machine.
 * What was sent cannot be changed: changes are notes, which stand below their card (mail_message.h). Nobody decides by e-mail: whoever can write to an address
 * can write anything. Servers' limits are not known: ours is 20 at once and then one every six seconds.
 */
#include "actions/channels/answer.h"
#include "actions/channels/kinds.h"
#include "actions/channels/mail_message.h"
#include "actions/channels/webhook.h"
#include "actions/wording.h"
#include "src/base/buffer.h"
#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/settings.h"

#define TEXT_MAX_UNITS 50000
#define PLAIN_MAX_UNITS 4000
#define SUBJECT_MAX_UNITS 150
#define TIMEOUT_MS (30 * SECOND_MS)
#define RECIPIENTS_MAX 50

/* `own` of the channel. */
struct email {
    struct slice url, from;
    struct slice_list to;
    struct slice user, password;
    struct template *template;
    struct node *template_node, *elsewhere;
};

/* clang-format off */
#define AT(member) .offset = offsetof(struct email, member)
static const struct setting settings[] = {
    { .name = "url",      .type = SETTING_TEXT,  AT(url),  .required = true, .help = "the mail server: smtps://HOST:465, or smtp://HOST:587 with STARTTLS" },
    { .name = "from",     .type = SETTING_TEXT,  AT(from), .required = true, .help = "the address that it writes from" },
    { .name = "to",       .type = SETTING_TEXTS, AT(to),   .required = true, .help = "the addresses that it writes to" },
    { .name = "user",     .type = SETTING_TEXT,  AT(user), .help = "the name that it signs in with; default: no sign-in" },
    { .name = "template", .type = SETTING_NODE,  AT(template_node), .shape = &shape_text, .help = "the text of a card, with {{headline}} and others" },
    { .name = "password",      .type = SETTING_NODE, AT(elsewhere), .shape = &shape_texts, .help = "of `user`: ${NAME} of the environment" },
    { .name = "password_file", .type = SETTING_NODE, AT(elsewhere), .shape = &shape_texts, .help = "its file" },
};
#undef AT
/* clang-format on */

/* -- its configuration -- */

static enum rc refuse(const struct node *map, const char *name, struct problems *problems,
                      const char *what)
{
    const struct node *node = node_find(map, name);

    node_problem(problems, node ? node : map, "`%s` %s", name, what);
    return RC_INVALID;
}

/* smtp and smtps, a host, perhaps a port, nothing else: what libcurl makes of the rest is not ours to find out. */
static bool is_mail_url(struct slice url)
{
    struct slice rest = url;

    if (slice_starts(url, SLICE("smtps://")))
        slice_cut(&rest, ':');
    else if (slice_starts(url, SLICE("smtp://")))
        slice_cut(&rest, ':');
    else
        return false;
    rest.ptr += 2;
    rest.len -= 2;
    for (size_t i = 0; i < rest.len; i++) {
        char c = rest.ptr[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '.' || c == '-' || c == ':' || c == '[' || c == ']'))
            return false;
    }
    return rest.len > 0;
}

static enum rc check(const struct email *email, const struct node *map, struct problems *problems)
{
    if (!is_mail_url(email->url))
        return refuse(map, "url", problems, "is smtps://HOST:465 or smtp://HOST:587, and no more");
    if (!mail_is_address(email->from))
        return refuse(map, "from", problems, "is a plain address: vedette@example.com");
    if (email->to.n_items == 0 || email->to.n_items > RECIPIENTS_MAX)
        return refuse(map, "to", problems, "is one to 50 addresses");
    for (size_t i = 0; i < email->to.n_items; i++) {
        if (!mail_is_address(email->to.items[i]))
            return refuse(map, "to", problems, "is a list of plain addresses: jane@example.com");
    }
    return RC_OK;
}

static enum rc load_password(const struct node *map, const struct channel_place *where,
                             struct email *email)
{
    enum rc rc = channel_load_secret(map, "password", where, &email->password);
    bool has_user = !slice_is_absent(email->user);

    if (rc && rc != RC_NOT_FOUND)
        return rc;
    if (has_user == (rc == RC_OK))
        return RC_OK;
    return channel_needs(map, where,
                         has_user ? "`user` needs a `password_file`" : "`password` needs a `user`");
}

static enum rc load(const struct node *map, const struct channel_place *where,
                    struct channel *channel)
{
    struct email *email = arena_alloc(where->arena, 1, sizeof(*email));
    enum rc rc, template_rc;

    if (!email)
        return RC_NO_MEMORY;
    channel->own = email;
    rc = settings_read(settings, sizeof(settings) / sizeof(*settings), map, where->arena,
                       where->problems, email);
    if (!rc)
        rc = check(email, map, where->problems);
    if (!rc)
        rc = load_password(map, where, email);
    template_rc = notice_load_template(email->template_node, where, &email->template);
    return rc ? rc : template_rc;
}

/* -- its messages -- */

static enum rc make_mail(const struct email *email, struct arena *arena,
                         struct http_request *request)
{
    struct http_mail *mail = arena_alloc(arena, 1, sizeof(*mail));

    if (!mail)
        return RC_NO_MEMORY;
    *mail = (struct http_mail){
        .from = email->from,
        .to = email->to.items,
        .n_to = email->to.n_items,
        .user = email->user,
        .password = email->password,
    };
    request->mail = mail;
    request->url = email->url;
    request->timeout_ms = TIMEOUT_MS;
    return RC_OK;
}

static enum rc make_subject(const struct channel_call *call, struct arena *arena,
                            struct slice *subject)
{
    struct slice headline = { 0 };
    enum rc rc = notice_headline(call, &literal_plain, SUBJECT_MAX_UNITS, arena, &headline);

    if (rc)
        return rc;
    if (!headline.len)
        headline = SLICE("vedette");
    return arena_format(arena, subject, "%s%.*s", call->note ? "Re: " : "", SLICE_ARG(headline));
}

static enum rc request(const struct channel_call *call, struct arena *arena,
                       struct http_request *request)
{
    const struct email *email = call->channel->own;
    struct notice_form form = {
        .template = email->template,
        .rules = &literal_plain,
        .max_units = call->card && call->card->is_plain ? PLAIN_MAX_UNITS : TEXT_MAX_UNITS,
        .stands_alone = true,
    };
    struct mail_message message = {
        .from = email->from,
        .to = email->to,
        .proposal = call->message->proposal,
        .number = call->note ? call->note->number : 0,
        .at_ms = call->now_ms,
    };
    enum rc rc;

    if (call->part == MESSAGE_EDIT)
        return RC_NOT_FOUND;
    *request = (struct http_request){ 0 };
    rc = make_subject(call, arena, &message.subject);
    if (!rc)
        rc = notice_make(call, &form, arena, &message.text);
    if (!rc)
        rc = mail_message_format(&message, arena, &request->body);
    return rc ? rc : make_mail(email, arena, request);
}

/* -- what the server says -- */

static const struct answer_row never[] = {
    { .status = 530,
      .outcome = CHANNEL_STOPPED,
      .advice = "the server wants a sign-in: give `user` and `password_file`" },
    { .status = 534,
      .outcome = CHANNEL_STOPPED,
      .advice = "are `user` and `password_file` right?" },
    { .status = 535,
      .outcome = CHANNEL_STOPPED,
      .advice = "are `user` and `password_file` right?" },
    { .status = 550,
      .outcome = CHANNEL_CLOSED,
      .advice = "are the addresses in `from` and `to` right, and may it send there?" },
    { .status = 551, .outcome = CHANNEL_CLOSED, .advice = "are the addresses in `to` right?" },
    { .status = 553,
      .outcome = CHANNEL_CLOSED,
      .advice = "are the addresses in `from` and `to` right?" },
    { .status = 554, .outcome = CHANNEL_CLOSED, .advice = "ask whoever runs the mail server" },
    { .status = 552, .outcome = CHANNEL_PLAINER },
    { .outcome = CHANNEL_DEAD },
};
static const struct answer_row later[] = {
    { .outcome = CHANNEL_RETRY },
};
static const struct answer_table tables[] = {
    { .rows = never, .n_rows = sizeof(never) / sizeof(*never) },
    { .rows = later, .n_rows = sizeof(later) / sizeof(*later) },
};

/* The last line that is of an error: "550 5.1.1 no such user". */
static struct slice complaint_of(struct slice lines)
{
    struct slice complaint = { 0 };

    while (lines.len) {
        struct slice line = slice_trim(slice_cut(&lines, '\n'));

        if (line.len && (line.ptr[0] == '4' || line.ptr[0] == '5'))
            complaint = line;
    }
    return complaint;
}

/* One of several addresses that is gone must not go unnoticed. */
static void tell_refused(const struct channel_call *call, struct slice complaint)
{
    if (slice_starts(complaint, SLICE("55")))
        log_warn("e-mail not taken for all: channel=%.*s said=%.*s", SLICE_ARG(call->channel->name),
                 SLICE_ARG(text_cut(complaint, 200, NULL)));
}

static void read(const struct channel_call *call, enum rc rc, const struct http_answer *answer,
                 struct arena *arena, struct channel_result *result)
{
    const struct email *email = call->channel->own;
    struct answer_said said = { .text = complaint_of(answer->header_lines) };
    bool is_later = answer->status >= 400 && answer->status < 500;

    if (!rc && answer->status == 250) {
        tell_refused(call, said.text);
        answer_sent(call, (struct slice){ 0 }, arena, result);
        return;
    }
    answer_refused(call, rc, answer, &tables[is_later], &said, email->password, arena, result);
    if (rc == RC_DENIED) /* it offers no way to sign in */
        result->outcome = CHANNEL_STOPPED;
}

const struct channel_kind channel_email = {
    .name = "email",
    .title = "E-mail",
    .cards = { .burst = 20, .interval_ms = 6 * SECOND_MS },
    .notes = { .burst = 20, .interval_ms = 6 * SECOND_MS },
    .members = settings,
    .n_members = sizeof(settings) / sizeof(*settings),
    .load = load,
    .request = request,
    .read = read,
};
