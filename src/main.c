#include "src/base/process.h"
#include "src/base/process_child.h"
#include "src/cli/command.h"

#include <string.h>

int main(int argc, char **argv)
{
    /* Every command that we run is started through ourselves: see src/base/process.h. */
    if (argc > 1 && !strcmp(argv[1], CHILD_COMMAND))
        return process_child_main(argc, argv);
    return command_line_run(argc, argv);
}
