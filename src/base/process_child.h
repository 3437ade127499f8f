/* process_child.h - what process.c and the program it starts through say to each other.
 *
 *   argv:                   vedette child-start USER PROGRAM ARGUMENT…     (USER "": stay who we are)
 *   environment:            the command's own
 *   descriptor CHILD_LINE:  a stream socket. The child prepares itself, reads one byte (the go), writes a report of
 *                           CHILD_EXEC without an error and executes PROGRAM; whatever fails is one report with its
 *                           stage and errno. End of file before the go: it exits.
 *
 * So the command ran exactly when the last report is CHILD_EXEC without an error. */
#pragma once

#include <stdint.h>

#define CHILD_COMMAND "child-start"
#define CHILD_LINE 3

enum child_stage { CHILD_LIMITS, CHILD_DIRECTORY, CHILD_USER, CHILD_DESCRIPTORS, CHILD_EXEC };

struct child_report {
    int32_t stage;
    int32_t error_number;
};
