/* notice.h - the words of a message in a channel where nobody decides: what happened, and where to decide.
 *
 *   mattermost:
 *     template: |
 *       **{{headline}}**
 *       {{when}}; {{deciders}}
 *
 * A template (template.h) is markup of whoever wrote the configuration, and stays what it is; the values in it are from outside and are made literal. Names: headline state
 * when conclusion facts plan expiry deciders url short. Without a template the whole card is written as text. The address of the page, where there is one, stands below it
 * unless the template names {{url}}, and is never what is cut. */
#pragma once

#include "actions/channels/channel.h"
#include "actions/channels/literal.h"
#include "src/base/template.h"

/* Parses `node` (NULL: none, `*template` stays). RC_INVALID after adding to the problems: not a template, or a name that no card has. */
enum rc notice_load_template(const struct node *node, const struct channel_place *where,
                             struct template **template) MUST_CHECK;

struct notice_form {
    const struct template *template; /* NULL: the whole card */
    const struct literal_rules *rules;
    size_t max_units;  /* of the whole text: literal_units */
    bool has_button;   /* the message links to the page beside its text */
    bool stands_alone; /* a note that is in no thread, and so says what it is about */
};

/* The text of the card of `call`, or of its note. */
enum rc notice_make(const struct channel_call *call, const struct notice_form *form,
                    struct arena *arena, struct slice *text) MUST_CHECK;
/* The headline by `rules`, on one line; absent without a card. */
enum rc notice_headline(const struct channel_call *call, const struct literal_rules *rules,
                        size_t max_units, struct arena *arena, struct slice *text) MUST_CHECK;
