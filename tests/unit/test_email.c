#include "actions/channels/mail_message.h"
#include "tests/unit/other_channel.h"

static const char configured[] = "url: smtps://mail.example.com:465\n"
                                 "from: vedette@example.com\n"
                                 "to: [jane@example.com, john@example.com]\n"
                                 "user: vedette\npassword: " SECRET "\n";

static int open_email(void **state)
{
    int rc = other_open(state);

    if (!rc)
        assert_int_equal(other_load(*state, &channel_email, configured), RC_OK);
    return rc;
}

/* A header with what it is continued with. */
static struct slice header(struct slice message, const char *name)
{
    struct slice found = { 0 };

    while (message.len) {
        struct slice line = slice_cut(&message, '\n');

        if (line.len <= 1)
            break;
        if (!slice_is_absent(found)) {
            if (line.ptr[0] != ' ')
                break;
            found.len = (size_t)(line.ptr + line.len - found.ptr);
        } else if (slice_starts(line, slice_of(name)) && line.ptr[strlen(name)] == ':') {
            found = (struct slice){ line.ptr + strlen(name) + 2, line.len - strlen(name) - 2 };
        }
    }
    return slice_is_absent(found) ? found : slice_trim(found);
}

static struct slice text_of_message(struct slice message)
{
    size_t offset;

    assert_int_equal(slice_find(message, SLICE("\r\n\r\n"), &offset), RC_OK);
    return (struct slice){ message.ptr + offset + 4, message.len - offset - 4 };
}

static void a_card_is_an_e_mail(void **state)
{
    struct other_channel *other = *state;
    struct slice message;

    other_ask(other, MESSAGE_CARD);
    message = other->request.body;
    assert_slice(other->request.url, "smtps://mail.example.com:465");
    assert_slice(other->request.mail->from, "vedette@example.com");
    assert_int_equal(other->request.mail->n_to, 2);
    assert_slice(other->request.mail->to[1], "john@example.com");
    assert_slice(other->request.mail->user, "vedette");
    assert_slice(other->request.mail->password, SECRET);
    assert_slice(header(message, "Date"), "Sat, 21 Nov 2026 12:00:00 +0000");
    assert_slice(header(message, "From"), "Vedette <vedette@example.com>");
    assert_slice(header(message, "To"), "jane@example.com,\r\n john@example.com");
    assert_slice(header(message, "Subject"), "high: test is red on main");
    assert_slice(header(message, "Message-ID"), "<prp_0000000000000000000000000G.0@vedette>");
    assert_slice(header(message, "In-Reply-To"), NULL);
    assert_slice(header(message, "Auto-Submitted"), "auto-generated");
    assert_slice(header(message, "Content-Type"), "text/plain; charset=utf-8");
    assert_slice(header(message, "Content-Transfer-Encoding"), "quoted-printable");
    assert_holds(text_of_message(message), "test is red on main");
    assert_holds(text_of_message(message), PAGE_URL);
}

static void a_note_stands_below_its_card_and_an_edit_is_nothing(void **state)
{
    struct other_channel *other = *state;
    struct slice message;

    other_ask(other, MESSAGE_NOTE);
    message = other->request.body;
    assert_slice(header(message, "Subject"), "Re: high: test is red on main");
    assert_slice(header(message, "Message-ID"), "<prp_0000000000000000000000000G.3@vedette>");
    assert_slice(header(message, "In-Reply-To"), "<prp_0000000000000000000000000G.0@vedette>");
    assert_slice(header(message, "References"), "<prp_0000000000000000000000000G.0@vedette>");
    assert_holds(text_of_message(message), "step 1 of 1 is done\r\n");
    other_call(other, MESSAGE_EDIT);
    assert_int_equal(other->channel.kind->request(&other->call, other->arena, &other->request),
                     RC_NOT_FOUND);
}

/* A message that is sent again is the same message: it is shown once. */
static void o03_sent_twice_it_is_one_message(void **state)
{
    struct other_channel *other = *state;
    struct slice first;

    other_ask(other, MESSAGE_CARD);
    first = other->request.body;
    other_ask(other, MESSAGE_CARD);
    assert_true(slice_eq(other->request.body, first));
}

static void i06_nothing_from_outside_begins_a_header(void **state)
{
    struct other_channel *other = *state;
    struct slice message;

    other->proposal.title = SLICE("red\r\nBcc: evil@example.com\r\n\r\nhello");
    other_ask(other, MESSAGE_CARD);
    message = other->request.body;
    assert_slice(header(message, "Bcc"), NULL);
    assert_slice(header(message, "Subject"),
                 "high: red\\x0d\\x0aBcc: evil@example.com\\x0d\\x0a\\x0d\\x0ahello");
    other->proposal.title = SLICE("=?UTF-8?Q?hidden?=");
    other_ask(other, MESSAGE_CARD);
    assert_slice(header(other->request.body, "Subject"),
                 "=?UTF-8?B?aGlnaDogPT9VVEYtOD9RP2hpZGRlbj89?=");
}

static void i06_a_subject_of_whoever_asks_is_one_line(void **state)
{
    struct other_channel *other = *state;
    struct slice bytes, to = SLICE("jane@example.com");
    struct mail_message message = { .from = to,
                                    .to = { .items = &to, .n_items = 1 },
                                    .subject = SLICE("red\r\nBcc: evil@example.com"),
                                    .text = SLICE("x") };

    assert_int_equal(mail_message_format(&message, other->arena, &bytes), RC_OK);
    assert_slice(header(bytes, "Subject"), "red\\x0d\\x0aBcc: evil@example.com");
    message.from = SLICE("v@example.com>\r\nBcc: evil@example.com");
    assert_int_equal(mail_message_format(&message, other->arena, &bytes), RC_INVALID);
    message.from = to;
    to = SLICE("jane@example.com\r\nBcc: evil@example.com");
    assert_int_equal(mail_message_format(&message, other->arena, &bytes), RC_INVALID);
}

static void a_subject_that_is_not_ascii_is_encoded_in_words(void **state)
{
    struct other_channel *other = *state;
    struct slice subject;

    other->proposal.title = SLICE("Prüfung rot");
    other_ask(other, MESSAGE_CARD);
    assert_slice(header(other->request.body, "Subject"), "=?UTF-8?B?aGlnaDogUHLDvGZ1bmcgcm90?=");
    other->proposal.title = other_repeat(other, "\xf0\x9f\x94\xa5", 500);
    other_ask(other, MESSAGE_CARD);
    subject = header(other->request.body, "Subject");
    assert_holds(subject, "?=\r\n =?UTF-8?B?");
    while (subject.len)
        assert_in_range(slice_trim(slice_cut(&subject, '\n')).len, 1, 75);
}

static void every_line_is_short_ascii_and_ends_with_crlf(void **state)
{
    static const char *const parts[] = { "x", "ü", "=", " ", "\t", "\x1b", "a b\n", ".\n", "\n" };
    struct other_channel *other = *state;

    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        struct slice rest;

        print_message("# part %zu\n", i);
        other->proposal.title = other_repeat(other, parts[i], 400);
        other->note.text = other->proposal.title;
        other_ask(other, i % 2 ? MESSAGE_CARD : MESSAGE_NOTE);
        rest = other->request.body;
        assert_true(slice_ends(rest, SLICE("\r\n")));
        while (rest.len) {
            struct slice line = slice_cut(&rest, '\n');

            assert_true(slice_ends(line, SLICE("\r")));
            line.len--;
            assert_in_range(line.len, 0, 78);
            assert_false(slice_ends(line, SLICE(" ")) || slice_ends(line, SLICE("\t")));
            for (size_t at = 0; at < line.len; at++)
                assert_true(line.ptr[at] == '\t' || (line.ptr[at] >= ' ' && line.ptr[at] <= '~'));
        }
    }
}

static void text_is_quoted_as_the_standard_has_it(void **state)
{
    static const struct quoted {
        const char *text, *written;
    } cases[] = {
        { "plain", "plain\r\n" },
        { "a=b", "a=3Db\r\n" },
        { "ü", "=C3=BC\r\n" },
        { "end \nnext\t", "end=20\r\nnext=09\r\n" },
        { "123456789 123456789 123456789 123456789 123456789 123456789 123456789 12345ü",
          "123456789 123456789 123456789 123456789 123456789 123456789 123456789 12345=\r\n"
          "=C3=BC\r\n" },
    };
    struct other_channel *other = *state;
    struct slice bytes, to = SLICE("jane@example.com");

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mail_message message = { .from = SLICE("v@example.com"),
                                        .to = { .items = &to, .n_items = 1 },
                                        .subject = SLICE("x"),
                                        .text = slice_of(cases[i].text) };

        assert_int_equal(mail_message_format(&message, other->arena, &bytes), RC_OK);
        assert_slice(text_of_message(bytes), cases[i].written);
    }
}

static void the_date_is_that_of_the_calendar(void **state)
{
    static const struct date {
        int64_t at_ms;
        const char *written;
    } dates[] = {
        { 0, "Thu, 01 Jan 1970 00:00:00 +0000" },
        { 951782400000, "Tue, 29 Feb 2000 00:00:00 +0000" },
        { 1798761599999, "Thu, 31 Dec 2026 23:59:59 +0000" },
    };
    struct other_channel *other = *state;
    struct slice bytes, to = SLICE("jane@example.com");

    for (size_t i = 0; i < sizeof(dates) / sizeof(*dates); i++) {
        struct mail_message message = { .from = to,
                                        .to = { .items = &to, .n_items = 1 },
                                        .subject = SLICE("x"),
                                        .text = SLICE("x"),
                                        .at_ms = dates[i].at_ms };

        assert_int_equal(mail_message_format(&message, other->arena, &bytes), RC_OK);
        assert_slice(header(bytes, "Date"), dates[i].written);
    }
}

static void only_a_plain_address_is_one(void **state)
{
    static const struct slice bad[] = {
        { "", 0 },
        { "jane", 4 },
        { "@example.com", 12 },
        { "jane@", 5 },
        { "a@b@c", 5 },
        { "Jane <jane@example.com>", 23 },
        { "jane@example.com,john@example.com", 33 },
        { "jane@example.com\r\nBcc: x@y", 26 },
        { "jane@ex\0mple.com", 16 },
        { "j\xc3\xa4ne@example.com", 17 },
        { "ja ne@example.com", 17 },
        { "\"jane\"@example.com", 18 },
    };

    (void)state;
    assert_true(mail_is_address(SLICE("jane+ops@mail.example.com")));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        print_message("# %zu\n", i);
        assert_false(mail_is_address(bad[i]));
    }
}

static void o04_the_code_says_what_to_do(void **state)
{
    static const struct other_answer answers[] = {
        { .name = "taken", .status = 250, .head = "250 queued\r\n", .outcome = CHANNEL_SENT },
        { .name = "taken for some",
          .status = 250,
          .head = "250 ok\r\n550 no john here\r\n250 queued\r\n",
          .outcome = CHANNEL_SENT },
        { .name = "later",
          .status = 451,
          .head = "451 4.7.1 greylisted\r\n",
          .outcome = CHANNEL_RETRY,
          .error = "451 4.7.1 greylisted (451)" },
        { .name = "another later", .status = 499, .outcome = CHANNEL_RETRY },
        { .name = "sign-in",
          .status = 535,
          .head = "535 5.7.8 who?\r\n",
          .outcome = CHANNEL_STOPPED,
          .error = "are `user` and `password_file` right?" },
        { .name = "no sign-in", .status = 530, .outcome = CHANNEL_STOPPED },
        { .name = "nobody there",
          .status = 550,
          .head = "250 ok\r\n550 5.1.1 no jane here\r\n",
          .outcome = CHANNEL_CLOSED,
          .error = "550 5.1.1 no jane here" },
        { .name = "too large", .status = 552, .outcome = CHANNEL_PLAINER },
        { .name = "another never", .status = 521, .outcome = CHANNEL_DEAD },
    };
    struct http_answer none = { .error = "the mail server takes no sign-in" };
    struct other_channel *other = *state;

    OTHER_READ_ALL(other, answers);
    other_call(other, MESSAGE_CARD);
    other->channel.kind->read(&other->call, RC_DENIED, &none, other->arena, &other->result);
    assert_int_equal(other->result.outcome, CHANNEL_STOPPED);
    none.may_have_arrived = true;
    other->channel.kind->read(&other->call, RC_IO, &none, other->arena, &other->result);
    assert_int_equal(other->result.outcome, CHANNEL_LOST);
}

#define MAIL(what) "url: smtps://mail.example.com\nfrom: v@example.com\nto: [j@example.com]\n" what

static void its_configuration_is_checked(void **state)
{
    static const struct bad {
        const char *yaml, *problem;
    } cases[] = {
        { "from: v@example.com\nto: [j@example.com]\n", "url" },
        { "url: https://mail.example.com\nfrom: v@example.com\nto: [j@example.com]\n",
          "`url` is smtps://HOST:465" },
        { "url: smtp://mail.example.com/x?y\nfrom: v@example.com\nto: [j@example.com]\n",
          "`url` is smtps://HOST:465" },
        { "url: \"smtp://u:p@mail.example.com\"\nfrom: v@example.com\nto: [j@example.com]\n",
          "`url` is smtps://HOST:465" },
        { "url: smtp://mail\nfrom: \"V <v@example.com>\"\nto: [j@example.com]\n", "`from`" },
        { "url: smtp://mail\nfrom: v@example.com\nto: []\n", "`to`" },
        { "url: smtp://mail\nfrom: v@example.com\nto: [j@example.com, \"k@x Bcc: y@z\"]\n",
          "`to` is a list of plain addresses" },
        { MAIL("user: v\n"), "`user` needs a `password_file`" },
        { MAIL("password: x\n"), "`password` needs a `user`" },
        { MAIL("template: \"{{x}}\"\n"), "which no card has" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        print_message("# %s\n", cases[i].problem);
        assert_int_equal(other_load(*state, &channel_email, cases[i].yaml), RC_INVALID);
        other_problem(*state, cases[i].problem);
    }
    assert_int_equal(other_load(*state, &channel_email, MAIL("")), RC_OK);
}

#define EMAIL_TEST(test) cmocka_unit_test_setup_teardown(test, open_email, other_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EMAIL_TEST(a_card_is_an_e_mail),
        EMAIL_TEST(a_note_stands_below_its_card_and_an_edit_is_nothing),
        EMAIL_TEST(o03_sent_twice_it_is_one_message),
        EMAIL_TEST(i06_nothing_from_outside_begins_a_header),
        EMAIL_TEST(i06_a_subject_of_whoever_asks_is_one_line),
        EMAIL_TEST(a_subject_that_is_not_ascii_is_encoded_in_words),
        EMAIL_TEST(every_line_is_short_ascii_and_ends_with_crlf),
        EMAIL_TEST(text_is_quoted_as_the_standard_has_it),
        EMAIL_TEST(the_date_is_that_of_the_calendar),
        EMAIL_TEST(only_a_plain_address_is_one),
        EMAIL_TEST(o04_the_code_says_what_to_do),
        EMAIL_TEST(its_configuration_is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
