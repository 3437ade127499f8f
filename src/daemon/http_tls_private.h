/* http_tls_private.h - what libmicrohttpd and GnuTLS need of http_tls.c; for http.c and http_answer.c alone. */
#pragma once

#include "src/daemon/http_tls.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>

/* TLS 1.2 and newer (RFC 8996). */
#define HTTP_TLS_PRIORITIES "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1:-VERS-DTLS-ALL"

/* From the server's thread, when a connection was accepted and before its handshake: whose certificate it is to see. */
void http_tls_begin(struct http_tls *tls, struct MHD_Connection *mhd);
/* Asked by GnuTLS in each handshake. */
int http_tls_choose(gnutls_session_t session, const gnutls_datum_t *issuers, int n_issuers,
                    const gnutls_pk_algorithm_t *algorithms, int n_algorithms,
                    gnutls_pcert_st **chain, unsigned *chain_len, gnutls_privkey_t *key);
/* Sends on the server's thread, past libmicrohttpd, what the socket takes at once; then says that no more follows. */
void http_tls_send_last(struct MHD_Connection *mhd, struct slice bytes);
