/* slack_directory.h - what Slack knows and we need: who we are there, and who is in the user groups that `groups:` names.
 *
 * auth.test at the start, after a reload and once a day proves the token and gives the workspace and our own ids (reference: docs.slack.dev, methods); usergroups.users.list
 * every 5 minutes gives the members of each group. What comes back is stored through the engine; what does not is tried again with backoff, and told as the channel's error.
 * On the poster's thread. */
#pragma once

#include "src/daemon/posting.h"

struct slack_directory;

/* Keeps `posting`. */
enum rc slack_directory_new(struct posting *posting, struct slack_directory **directory) MUST_CHECK;
/* Accepts NULL. The asides of the poster have ended. */
void slack_directory_free(struct slack_directory *directory);
/* Another configuration is in force: everything is asked anew. */
void slack_directory_refresh(struct slack_directory *directory);
/* Asks what is due; sets when there is more to do. */
void slack_directory_step(struct slack_directory *directory, int64_t *due_ms);
/* What is wrong for the channel `name`, and since when (real time); NULL: nothing is. Borrowed until the next step. */
const char *slack_directory_error(const struct slack_directory *directory, struct slice name,
                                  int64_t *since_ms);
