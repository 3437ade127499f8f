/* mention.h - whom a chat message speaks to, as Slack writes it: "<@U0123ABCD>" or "<@U0123ABCD|name>" in front of the text. */
#pragma once

#include "src/base/slice.h"

/* Without the mention that it begins with, and the blanks around. */
struct slice mention_cut(struct slice text);
/* True when `user` is mentioned anywhere in it. */
bool mention_names(struct slice text, struct slice user);
