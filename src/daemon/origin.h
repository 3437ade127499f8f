/* origin.h - is this request meant for us, and was it a page of ours that sent it?
 *
 * A name that some site makes point at us (DNS rebinding) is refused by Host, a form on some site (CSRF) by Origin and Sec-Fetch-Site. */
#pragma once

#include "src/config/config.h"

/* Is `host` (a Host header) one of our names: public_url's, loopback, `hosts:`, or the address the connection came in on (without its port)? */
bool origin_host_is_ours(const struct config *config, struct slice host,
                         struct slice local_address);

/* "/base" of the public_url "https://a.example/base/"; absent where it has no path. */
struct slice origin_path_prefix(const struct config *config);

struct origin_headers {
    struct slice host;
    struct slice origin;     /* absent where it is not there */
    struct slice fetch_site; /* Sec-Fetch-Site */
};
/* May this request change something? `must_prove`: it came with what browsers send by themselves. */
bool origin_is_ours(const struct config *config, const struct origin_headers *headers,
                    bool must_prove);
/* "127.0.0.1" of "127.0.0.1:8421", "::1" of "[::1]:80", "a.example" of "a.example". */
struct slice origin_host_name(struct slice host);
