/* exit_code.h - what the program says to the shell when it ends. Scripts rely on these numbers. */
#pragma once

enum exit_code {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,     /* the thing asked about failed or is invalid */
    EXIT_USAGE = 2,       /* wrong usage */
    EXIT_UNREACHABLE = 3, /* the daemon cannot be reached */
    EXIT_NOT_ALLOWED = 4,
    EXIT_CONFLICT = 5, /* already decided, expired, withdrawn, changed */
    EXIT_CONFIG = 78,  /* `run` with an invalid configuration (EX_CONFIG of sysexits) */
};
