#include "src/daemon/announce.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The program as the person can type it here: by its name when it is on the path, else by the way to it. */
static const char *program(char *text, size_t size)
{
    char exe[PATH_MAX], here[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
    size_t here_len;

    if (len <= 0)
        return "vedette";
    exe[len] = '\0';
    if (!strcmp(exe, "/usr/bin/vedette") || !strcmp(exe, "/usr/local/bin/vedette"))
        return "vedette";
    here_len = getcwd(here, sizeof here) ? strlen(here) : 0;
    if (here_len && !strncmp(exe, here, here_len) && exe[here_len] == '/')
        snprintf(text, size, ".%s", exe + here_len);
    else
        snprintf(text, size, "%s", exe);
    return text;
}

void announce(struct service *service, struct slice link)
{
    const struct config *config = service_hold_config(service);
    char text[PATH_MAX + 8];
    const char *vedette = program(text, sizeof text);

    /* With a configuration the log says it all, and a service's journal is no place for an invitation. */
    if (!config->is_default && !isatty(STDOUT_FILENO)) {
        service_release_config(service, config);
        return;
    }
    printf("\nVedette watches. Hooks: http://%.*s/hooks/…  State: %.*s\n",
           SLICE_ARG(service_public_address(service)), SLICE_ARG(config->state));
    if (!slice_is_absent(link))
        printf("The page, signed in (once, within ten minutes):\n  %.*s\n", SLICE_ARG(link));
    if (config->is_default)
        printf("\nTry this in a second terminal:\n"
               "  %s send --sample ci-red     # a failed run on main, as GitHub sends it\n"
               "  %s proposals                # what Vedette makes of it\n"
               "  %s approve ID               # ID: the five letters of the proposal; then watch "
               "it verify\n\n",
               vedette, vedette, vedette);
    fflush(stdout);
    service_release_config(service, config);
}
