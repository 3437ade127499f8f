/* An e-mail through http_client: against a mail server on loopback that says what the case wants. */
#include "src/base/http_client.h"

#include "src/base/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define HEARD_BYTES 65536

/* What is answered to a command; "": the connection is closed instead, NULL: nothing is, until the client has gone. */
struct script {
    const char *greeting, *ehlo, *auth, *mail, *rcpt, *rcpt_second, *data, *end;
};

static const struct script takes_all = {
    .greeting = "220 mail.example.com ESMTP\r\n",
    .ehlo = "250-mail.example.com\r\n250-AUTH PLAIN\r\n250 SIZE 1000000\r\n",
    .auth = "235 welcome\r\n",
    .mail = "250 ok\r\n",
    .rcpt = "250 ok\r\n",
    .rcpt_second = "250 ok\r\n",
    .data = "354 go on\r\n",
    .end = "250 queued as 17\r\n",
};

struct fixture {
    int fd;
    int port;
    pthread_t thread;
    struct script script;
    char heard[HEARD_BYTES]; /* read it once the answer is there */
    size_t heard_bytes;
    struct arena *arena;
    struct slice to[2];
    struct http_mail mail;
    struct http_request request;
    struct http_answer answer;
    char url[64];
};

static const char *reply_to(const struct script *script, const char *line, int *n_recipients)
{
    if (!strncmp(line, "EHLO ", 5))
        return script->ehlo;
    if (!strcmp(line, "AUTH PLAIN\r\n"))
        return "334 \r\n";
    if (!strcmp(line, "AHZlZGV0dGUAaHVzaA==\r\n")) /* NUL vedette NUL hush */
        return script->auth;
    if (!strncmp(line, "MAIL ", 5))
        return script->mail;
    if (!strncmp(line, "RCPT ", 5))
        return (*n_recipients)++ ? script->rcpt_second : script->rcpt;
    if (!strcmp(line, "DATA\r\n"))
        return script->data;
    if (!strcmp(line, "QUIT\r\n"))
        return "221 bye\r\n";
    return "502 what?\r\n";
}

static bool read_line(struct fixture *fixture, FILE *stream, char *line, size_t line_bytes)
{
    if (!fgets(line, (int)line_bytes, stream))
        return false;
    fixture->heard_bytes += (size_t)snprintf(fixture->heard + fixture->heard_bytes,
                                             HEARD_BYTES - fixture->heard_bytes, "%s", line);
    return true;
}

static bool say(int fd, const char *text)
{
    return text[0] && send(fd, text, strlen(text), MSG_NOSIGNAL) > 0;
}

static void talk(struct fixture *fixture, int fd, FILE *stream)
{
    char line[4096];
    int n_recipients = 0;
    bool is_message = false;

    if (!say(fd, fixture->script.greeting))
        return;
    while (read_line(fixture, stream, line, sizeof(line))) {
        const char *reply = NULL;

        if (is_message && strcmp(line, ".\r\n"))
            continue;
        reply = is_message ? fixture->script.end : reply_to(&fixture->script, line, &n_recipients);
        is_message = reply && !strncmp(reply, "354", 3);
        if (reply && !say(fd, reply))
            return;
    }
}

static void *serve(void *context)
{
    struct fixture *fixture = context;
    int fd;

    while ((fd = accept(fixture->fd, NULL, NULL)) >= 0) {
        FILE *stream = fdopen(fd, "r");

        talk(fixture, fd, stream);
        fclose(stream);
    }
    return NULL;
}

static void start_server(struct fixture *fixture)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t address_bytes = sizeof(address);

    fixture->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fixture->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fixture->fd, 4), 0);
    assert_int_equal(getsockname(fixture->fd, (struct sockaddr *)&address, &address_bytes), 0);
    fixture->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&fixture->thread, NULL, serve, fixture), 0);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    *state = fixture;
    fixture->script = takes_all;
    start_server(fixture);
    snprintf(fixture->url, sizeof(fixture->url), "smtp://127.0.0.1:%d", fixture->port);
    fixture->to[0] = SLICE("jane@example.com");
    fixture->to[1] = SLICE("john@example.com");
    fixture->mail =
        (struct http_mail){ .from = SLICE("vedette@example.com"), .to = fixture->to, .n_to = 2 };
    fixture->request = (struct http_request){
        .mail = &fixture->mail,
        .url = slice_of(fixture->url),
        .body = SLICE("Subject: hello\r\n\r\none\r\n.\r\n.two\r\n"),
        .timeout_ms = MINUTE_MS,
    };
    return arena_new(1024 * 1024, &fixture->arena) ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    shutdown(fixture->fd, SHUT_RDWR);
    pthread_join(fixture->thread, NULL);
    close(fixture->fd);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static enum rc deliver(struct fixture *fixture)
{
    fixture->heard_bytes = 0;
    return http_perform(&fixture->request, fixture->arena, &fixture->answer);
}

static void assert_heard(const struct fixture *fixture, const char *text)
{
    if (!strstr(fixture->heard, text)) {
        print_error("heard:\n%s\nwithout: %s\n", fixture->heard, text);
        fail();
    }
}

static void a_message_is_handed_over(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(deliver(fixture), RC_OK);
    assert_int_equal(fixture->answer.status, 250);
    assert_heard(fixture, "MAIL FROM:<vedette@example.com>");
    assert_heard(fixture, "RCPT TO:<jane@example.com>\r\nRCPT TO:<john@example.com>\r\n");
    /* A line that is a dot alone would end it. */
    assert_heard(fixture, "DATA\r\nSubject: hello\r\n\r\none\r\n..\r\n..two\r\n.\r\n");
    assert_null(strstr(fixture->heard, "AUTH"));
}

static void who_has_a_password_signs_in(void **state)
{
    struct fixture *fixture = *state;

    fixture->mail.user = SLICE("vedette");
    fixture->mail.password = SLICE("hush");
    assert_int_equal(deliver(fixture), RC_OK);
    assert_int_equal(fixture->answer.status, 250);
    assert_heard(fixture, "AUTH PLAIN");
}

static void o04_a_refusal_is_an_answer_with_its_code(void **state)
{
    static const struct refusal {
        const char *name;
        struct script script; /* what differs */
        int status;
    } refusals[] = {
        { "greeting", { .greeting = "554 no service\r\n" }, 554 },
        { "sign-in", { .auth = "535 5.7.8 who?\r\n" }, 535 },
        { "sender", { .mail = "550 not you\r\n" }, 550 },
        { "all recipients", { .rcpt = "550 gone\r\n", .rcpt_second = "551 gone\r\n" }, 551 },
        { "later", { .mail = "451 try later\r\n" }, 451 },
        { "data", { .data = "554 no valid recipients\r\n" }, 554 },
        { "message", { .end = "552 too large\r\n" }, 552 },
    };
    struct fixture *fixture = *state;

    fixture->mail.user = SLICE("vedette");
    fixture->mail.password = SLICE("hush");
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const struct script *differs = &refusals[i].script;

        print_message("# %s\n", refusals[i].name);
        fixture->script = takes_all;
        if (differs->greeting)
            fixture->script.greeting = differs->greeting;
        if (differs->auth)
            fixture->script.auth = differs->auth;
        if (differs->mail)
            fixture->script.mail = differs->mail;
        if (differs->rcpt)
            fixture->script.rcpt = differs->rcpt;
        if (differs->rcpt_second)
            fixture->script.rcpt_second = differs->rcpt_second;
        if (differs->data)
            fixture->script.data = differs->data;
        if (differs->end)
            fixture->script.end = differs->end;
        assert_int_equal(deliver(fixture), RC_OK);
        assert_int_equal(fixture->answer.status, refusals[i].status);
    }
}

static void one_address_that_is_gone_does_not_keep_it_from_the_others(void **state)
{
    struct fixture *fixture = *state;
    size_t offset;

    fixture->script.rcpt_second = "550 5.1.1 no john here\r\n";
    assert_int_equal(deliver(fixture), RC_OK);
    assert_int_equal(fixture->answer.status, 250);
    assert_heard(fixture, "DATA\r\n");
    assert_int_equal(slice_find(fixture->answer.header_lines, SLICE("550 5.1.1 no john"), &offset),
                     RC_OK);
}

static void o03_what_is_lost_after_its_last_byte_may_have_arrived(void **state)
{
    struct fixture *fixture = *state;

    fixture->script.end = "";
    assert_int_equal(deliver(fixture), RC_IO);
    assert_true(fixture->answer.may_have_arrived);
    fixture->script.end = NULL;
    fixture->request.timeout_ms = 200;
    assert_int_equal(deliver(fixture), RC_TIMEOUT);
    assert_true(fixture->answer.may_have_arrived);
}

static void what_broke_before_the_message_never_arrived(void **state)
{
    struct fixture *fixture = *state;

    fixture->script.mail = "";
    assert_int_equal(deliver(fixture), RC_IO);
    assert_false(fixture->answer.may_have_arrived);
    fixture->script = takes_all;
    fixture->script.rcpt_second = "550 gone\r\n"; /* of one, and then it breaks: no answer to all */
    fixture->script.data = "";
    assert_int_equal(deliver(fixture), RC_IO);
    assert_false(fixture->answer.may_have_arrived);
    fixture->request.url = SLICE("smtp://127.0.0.1:1");
    assert_int_equal(deliver(fixture), RC_IO);
    assert_string_equal(fixture->answer.error, "could not connect");
    assert_false(fixture->answer.may_have_arrived);
}

/* 127.0.0.2 is this machine as well, but not by one of the names that may stay plain. */
static void o14_elsewhere_nothing_goes_without_tls(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_in address = { .sin_family = AF_INET };

    shutdown(fixture->fd, SHUT_RDWR);
    pthread_join(fixture->thread, NULL);
    close(fixture->fd);
    fixture->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, "127.0.0.2", &address.sin_addr);
    assert_int_equal(bind(fixture->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fixture->fd, 4), 0);
    getsockname(fixture->fd, (struct sockaddr *)&address, &(socklen_t){ sizeof(address) });
    assert_int_equal(pthread_create(&fixture->thread, NULL, serve, fixture), 0);

    snprintf(fixture->url, sizeof(fixture->url), "smtp://127.0.0.2:%d", ntohs(address.sin_port));
    fixture->request.url = slice_of(fixture->url);
    fixture->mail.user = SLICE("vedette");
    fixture->mail.password = SLICE("hush");
    assert_int_equal(deliver(fixture), RC_IO);
    assert_string_equal(fixture->answer.error, "the mail server offers no TLS");
    assert_false(fixture->answer.may_have_arrived);
    assert_null(strstr(fixture->heard, "AUTH"));
    assert_null(strstr(fixture->heard, "MAIL"));
}

static void i06_an_address_holds_nothing_that_is_a_command(void **state)
{
    static const struct slice bad[] = {
        { "", 0 },
        { "jane@example.com\r\nDATA", 22 },
        { "jane@example.com\n", 17 },
        { "a\0b@example.com", 15 },
        { "jane@example.com> SIZE=1", 24 },
        { "<jane@example.com>", 18 },
        { "jane doe@example.com", 20 },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        print_message("# address %zu\n", i);
        fixture->mail.from = bad[i];
        assert_int_equal(deliver(fixture), RC_INVALID);
        fixture->mail.from = SLICE("vedette@example.com");
        fixture->to[1] = bad[i];
        assert_int_equal(deliver(fixture), RC_INVALID);
        fixture->to[1] = SLICE("john@example.com");
    }
    fixture->mail.user = SLICE("jane\r\n");
    assert_int_equal(deliver(fixture), RC_INVALID);
    fixture->mail.user = SLICE("jane");
    fixture->mail.password = SLICE("hu\nsh");
    assert_int_equal(deliver(fixture), RC_INVALID);
}

static void an_e_mail_is_handed_to_mail_servers_alone(void **state)
{
    static const char *const urls[] = { "http://127.0.0.1/", "imap://127.0.0.1/",
                                        "smtp://user:secret@127.0.0.1/", "127.0.0.1" };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        print_message("# %s\n", urls[i]);
        fixture->request.url = slice_of(urls[i]);
        assert_int_equal(deliver(fixture), RC_INVALID);
    }
    /* Nor is a mail server asked for a page. */
    fixture->request = (struct http_request){ .method = SLICE("GET"),
                                              .url = slice_of(fixture->url),
                                              .timeout_ms = MINUTE_MS };
    assert_int_equal(deliver(fixture), RC_INVALID);
}

#define MAIL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAIL_TEST(a_message_is_handed_over),
        MAIL_TEST(who_has_a_password_signs_in),
        MAIL_TEST(o04_a_refusal_is_an_answer_with_its_code),
        MAIL_TEST(one_address_that_is_gone_does_not_keep_it_from_the_others),
        MAIL_TEST(o03_what_is_lost_after_its_last_byte_may_have_arrived),
        MAIL_TEST(what_broke_before_the_message_never_arrived),
        MAIL_TEST(o14_elsewhere_nothing_goes_without_tls),
        MAIL_TEST(i06_an_address_holds_nothing_that_is_a_command),
        MAIL_TEST(an_e_mail_is_handed_to_mail_servers_alone),
    };

    if (http_client_init())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
