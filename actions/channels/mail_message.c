#include "actions/channels/mail_message.h"

#include "src/base/buffer.h"
#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/utf8.h"

#include <inttypes.h>
#include <string.h>

#define LINE_MAX_CHARS 76
#define WORD_MAX_BYTES 42 /* in base64, with =?UTF-8?B?…?= around it, below 75 (RFC 2047, 2) */
#define SUBJECT_MAX_BYTES 250

bool mail_is_address(struct slice text)
{
    size_t n_ats = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t)text.ptr[i];

        if (byte <= ' ' || byte >= 0x7f || strchr("<>()[],;:\\\"", byte))
            return false;
        n_ats += byte == '@';
    }
    return n_ats == 1 && text.ptr[0] != '@' && text.ptr[text.len - 1] != '@';
}

enum rc mail_message_id(struct ulid proposal, int64_t number, struct arena *arena, struct slice *id)
{
    char text[ULID_TEXT_BYTES];

    return arena_format(arena, id, "<prp_%s.%" PRId64 "@vedette>", ulid_format(proposal, text),
                        number);
}

/* -- headers -- */

/* "Sat, 21 Nov 2026 12:00:00 +0000" */
static void add_date(int64_t at_ms, struct buffer *out)
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970 began on a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[TIME_TEXT_BYTES];
    int month;

    time_format(at_ms, text); /* 2026-11-21T12:00:00.000Z */
    month = (text[5] - '0') * 10 + text[6] - '0';
    buffer_format(out, "Date: %.3s, %.2s %.3s %.4s %.8s +0000\r\n", days + 3 * (at_ms / DAY_MS % 7),
                  text + 8, months + 3 * (month - 1), text, text + 11);
}

static bool is_plain_subject(struct slice text)
{
    size_t offset;

    for (size_t i = 0; i < text.len; i++) {
        if ((uint8_t)text.ptr[i] < ' ' || (uint8_t)text.ptr[i] >= 0x7f)
            return false;
    }
    /* What looks like an encoded word would be read as one. */
    return text.len <= LINE_MAX_CHARS - strlen("Subject: ") &&
           slice_find(text, SLICE("=?"), &offset) != RC_OK;
}

/* Up to `max_bytes` of whole characters; `rest` is valid UTF-8. */
static struct slice cut_characters(struct slice *rest, size_t max_bytes)
{
    struct slice cut = { .ptr = rest->ptr };

    while (cut.len < rest->len) {
        size_t len = utf8_char_len(rest->ptr + cut.len, rest->len - cut.len, NULL);

        if (!len || cut.len + len > max_bytes)
            break;
        cut.len += len;
    }
    rest->ptr += cut.len;
    rest->len -= cut.len;
    return cut;
}

/* On several lines where it is long: each a word of its own, with a blank before it. */
static enum rc add_encoded(struct slice text, struct arena *arena, struct buffer *out)
{
    const char *before = "";

    while (text.len) {
        struct slice word = cut_characters(&text, WORD_MAX_BYTES);
        struct slice encoded;
        enum rc rc;

        if (!word.len)
            return RC_INVALID;
        rc = base64_encode(word, arena, &encoded);
        if (rc)
            return rc;
        buffer_format(out, "%s=?UTF-8?B?%.*s?=", before, SLICE_ARG(encoded));
        before = "\r\n ";
    }
    return RC_OK;
}

static enum rc add_subject(struct slice subject, struct arena *arena, struct buffer *out)
{
    struct buffer shown; /* without a line's end, and valid UTF-8 */
    struct slice text;
    enum rc rc;

    buffer_init(&shown, 0);
    buffer_add_shown(&shown, subject);
    rc = buffer_rc(&shown);
    text = buffer_slice(&shown);
    text = cut_characters(&text, SUBJECT_MAX_BYTES);
    buffer_add_text(out, "Subject: ");
    if (is_plain_subject(text))
        buffer_add(out, text);
    else if (!rc)
        rc = add_encoded(text, arena, out);
    buffer_add_text(out, "\r\n");
    buffer_free(&shown);
    return rc;
}

static enum rc add_addresses(const struct mail_message *message, struct buffer *out)
{
    if (!mail_is_address(message->from))
        return RC_INVALID;
    buffer_format(out, "From: Vedette <%.*s>\r\nTo: ", SLICE_ARG(message->from));
    for (size_t i = 0; i < message->to.n_items; i++) {
        if (!mail_is_address(message->to.items[i]))
            return RC_INVALID;
        buffer_format(out, "%s%.*s", i ? ",\r\n " : "", SLICE_ARG(message->to.items[i]));
    }
    buffer_add_text(out, "\r\n");
    return RC_OK;
}

static enum rc add_names(const struct mail_message *message, struct arena *arena,
                         struct buffer *out)
{
    struct slice id, card_id;
    enum rc rc = mail_message_id(message->proposal, message->number, arena, &id);

    if (!rc)
        rc = mail_message_id(message->proposal, 0, arena, &card_id);
    if (rc)
        return rc;
    buffer_format(out, "Message-ID: %.*s\r\n", SLICE_ARG(id));
    if (message->number)
        buffer_format(out, "In-Reply-To: %.*s\r\nReferences: %.*s\r\n", SLICE_ARG(card_id),
                      SLICE_ARG(card_id));
    return RC_OK;
}

/* -- text: quoted-printable (RFC 2045, 6.7) -- */

static bool is_literal(struct slice line, size_t at)
{
    uint8_t byte = (uint8_t)line.ptr[at];

    if (byte == ' ' || byte == '\t')
        return at + 1 < line.len; /* at the end of a line it would be lost on the way */
    return byte > ' ' && byte < 0x7f && byte != '=';
}

static void add_quoted_line(struct slice line, struct buffer *out)
{
    size_t n_chars = 0;

    for (size_t i = 0; i < line.len; i++) {
        size_t needed = is_literal(line, i) ? 1 : 3;

        if (n_chars + needed > LINE_MAX_CHARS - 1) { /* the last one is the "=" of a soft end */
            buffer_add_text(out, "=\r\n");
            n_chars = 0;
        }
        if (needed == 1)
            buffer_add_byte(out, line.ptr[i]);
        else
            buffer_format(out, "=%02X", (unsigned)(uint8_t)line.ptr[i]);
        n_chars += needed;
    }
    buffer_add_text(out, "\r\n");
}

static void add_text(struct slice text, struct buffer *out)
{
    while (text.len)
        add_quoted_line(slice_cut(&text, '\n'), out);
}

static enum rc add_head(const struct mail_message *message, struct arena *arena, struct buffer *out)
{
    enum rc rc;

    add_date(message->at_ms, out);
    rc = add_addresses(message, out);
    if (!rc)
        rc = add_names(message, arena, out);
    if (!rc)
        rc = add_subject(message->subject, arena, out);
    buffer_add_text(out, "Auto-Submitted: auto-generated\r\n"
                         "MIME-Version: 1.0\r\n"
                         "Content-Type: text/plain; charset=utf-8\r\n"
                         "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    return rc;
}

enum rc mail_message_format(const struct mail_message *message, struct arena *arena,
                            struct slice *bytes)
{
    struct buffer out;
    enum rc rc;

    buffer_init(&out, 0);
    rc = add_head(message, arena, &out);
    if (!rc) {
        add_text(message->text, &out);
        rc = buffer_rc(&out);
    }
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&out), bytes);
    buffer_free(&out);
    return rc;
}
