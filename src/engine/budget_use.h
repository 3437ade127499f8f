/* budget_use.h - how much of the review budget is used, and when time alone makes a place. Pure.
 *
 * A task that runs has its place already: it counts as the proposal that it will make. What was opened exactly an hour (a day) ago is out. */
#pragma once

#include "src/config/config.h"
#include "src/store/budget.h"

enum budget_limit { BUDGET_OPEN, BUDGET_HOUR, BUDGET_DAY, BUDGET_LIMITS };

struct budget_use {
    int64_t now_ms;
    int64_t used[BUDGET_LIMITS];
    int64_t limit[BUDGET_LIMITS];
    int64_t next_ms
        [BUDGET_LIMITS]; /* of one that is full: when time makes a place in it; 0: not known */
};

struct budget_load {
    int64_t n_waiting; /* proposals that are open and not snoozed */
    int64_t n_tasks;   /* that run */
    const struct budget_row *row;
};
/* `borrows`: judged for a critical signal, which may go `critical` above each limit. Without a budget (`none`) nothing is ever full. */
struct budget_use budget_measure(const struct review_budget *budget, bool borrows,
                                 const struct budget_load *load, int64_t now_ms);
bool budget_is_full(const struct budget_use *use);
/* Of one that is full: when time alone makes a place; 0: somebody must decide something first. */
int64_t budget_next_ms(const struct budget_use *use);
/* What is full: "5 of 5 open; 6 of 6 in the last hour, the next at 14:03:00 UTC". */
void budget_describe(const struct budget_use *use, struct buffer *out);
