/* http_tls.h - the certificate that a server shows, and its renewal without a restart.
 *
 * Certificates are renewed every few weeks by other programs, which write new files under the old names. Each handshake is given the newest pair that could be read; what is
 * broken or half written is told and changes nothing. */
#pragma once

#include "src/base/problem.h"

struct http_tls;

/* Reads certificate (PEM: our own first, then those that issued it) and key. RC_INVALID, RC_NOT_FOUND or RC_IO after adding a problem. */
enum rc http_tls_new(struct slice cert_path, struct slice key_path, struct problems *problems,
                     struct http_tls **tls) MUST_CHECK;
/* Reads the files again where they have changed. What could not be used is a problem, and the pair in use stays. `renewed` says whether there is a new one. From one thread at a time. */
enum rc http_tls_renew(struct http_tls *tls, struct problems *problems, bool *renewed) MUST_CHECK;
/* Accepts NULL. No server may use it any more. */
void http_tls_free(struct http_tls *tls);
