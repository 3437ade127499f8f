/* commands_all.h - the functions behind the rows of commands.c, by the file they stand in. */
#pragma once

#include "src/cli/command.h"

/* help.c, completion.c */
enum exit_code help_command(const struct invocation *invocation);
enum exit_code version_command(const struct invocation *invocation);
enum exit_code completion_command(const struct invocation *invocation);
/* run.c */
enum exit_code run_command(const struct invocation *invocation);
enum exit_code reload_command(const struct invocation *invocation);
/* check.c, init.c, doctor.c */
enum exit_code check_command(const struct invocation *invocation);
enum exit_code init_command(const struct invocation *invocation);
enum exit_code doctor_command(const struct invocation *invocation);
/* backtest.c */
enum exit_code backtest_command(const struct invocation *invocation);
/* test.c, replay.c, explain.c, fields.c: rules without a daemon */
enum exit_code test_command(const struct invocation *invocation);
enum exit_code replay_command(const struct invocation *invocation);
enum exit_code explain_command(const struct invocation *invocation);
enum exit_code fields_command(const struct invocation *invocation);
/* schema.c */
extern const char *const schema_names[]; /* NULL-ended */
/* Appends the schema that schema_names[i] names, as `vedette schema` prints it. */
enum rc schema_of(int i, struct buffer *out) MUST_CHECK;
enum exit_code schema_command(const struct invocation *invocation);
/* send.c, tail.c, status.c */
enum exit_code send_command(const struct invocation *invocation);
enum exit_code tail_command(const struct invocation *invocation);
enum exit_code status_command(const struct invocation *invocation);
enum exit_code hooks_command(const struct invocation *invocation);
/* silence.c */
enum exit_code silence_command(const struct invocation *invocation);
/* lists.c, show.c */
/* The list NAME of the API, as the options narrow it. */
enum exit_code list_show(const struct invocation *invocation, const char *name);
enum exit_code list_command(const struct invocation *invocation);
enum exit_code audit_command(const struct invocation *invocation);
enum exit_code show_command(const struct invocation *invocation);
/* approve.c, edit.c, decide.c */
enum exit_code approve_command(const struct invocation *invocation);
enum exit_code edit_command(const struct invocation *invocation);
enum exit_code decide_command(const struct invocation *invocation);
enum exit_code replay_event_command(const struct invocation *invocation);
enum exit_code resolve_command(const struct invocation *invocation);
enum exit_code pause_command(const struct invocation *invocation);
