#include "actions/channels/slack_reply.h"

#include "src/base/mention.h"
#include "src/store/proposals.h"

#define SHORT_ID_LETTERS 5
#define REASON_DEFAULT SLICE("not_worth_it")

/* The next word, by blanks and line ends; empty at the end. */
static struct slice cut_word(struct slice *rest)
{
    size_t len = 0;
    struct slice word;

    *rest = slice_trim(*rest);
    if (!rest->len) /* perhaps absent, and nothing is added to no address */
        return (struct slice){ 0 };
    while (len < rest->len && rest->ptr[len] != ' ' && rest->ptr[len] != '\t' &&
           rest->ptr[len] != '\n' && rest->ptr[len] != '\r')
        len++;
    word = (struct slice){ rest->ptr, len };
    *rest = (struct slice){ rest->ptr + len, rest->len - len };
    return word;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static enum rc take_short_id(struct slice word, struct arena *arena, struct slice *short_id)
{
    char letters[SHORT_ID_LETTERS];

    if (word.len != SHORT_ID_LETTERS)
        return RC_NOT_FOUND;
    for (size_t i = 0; i < SHORT_ID_LETTERS; i++) {
        if (!is_letter(word.ptr[i]))
            return RC_NOT_FOUND;
        letters[i] = (char)(word.ptr[i] | 0x20);
    }
    return arena_copy(arena, (struct slice){ letters, SHORT_ID_LETTERS }, short_id);
}

/* A first word that is a reason's code is one; all else is the note. */
static void take_reason(struct slice rest, struct slack_reply *reply)
{
    struct slice after = rest;
    struct slice word = cut_word(&after);

    reply->reason = REASON_DEFAULT;
    for (size_t i = 0; reason_names[i]; i++) {
        if (!slice_eq_nocase(word, slice_of(reason_names[i])))
            continue;
        reply->reason = slice_of(reason_names[i]);
        rest = after;
    }
    rest = slice_trim(rest);
    reply->note = rest.len ? rest : (struct slice){ 0 };
}

enum rc slack_reply_parse(struct slice text, struct arena *arena, struct slack_reply *reply)
{
    struct slice rest = mention_cut(text);
    struct slice word = cut_word(&rest);
    enum rc rc;

    *reply = (struct slack_reply){ .is_yes = slice_eq_nocase(word, SLICE("yes")) };
    if (!reply->is_yes && !slice_eq_nocase(word, SLICE("no")))
        return RC_NOT_FOUND;
    rc = take_short_id(cut_word(&rest), arena, &reply->short_id);
    if (rc)
        return rc;
    rest = slice_trim(rest);
    /* A yes with conditions is no yes. */
    if (reply->is_yes)
        return rest.len ? RC_NOT_FOUND : RC_OK;
    take_reason(rest, reply);
    return RC_OK;
}
