/* signature.h - did they write it? Signatures and tokens over the raw bytes, in constant time.
 *
 * Exactly one header of the configured scheme is accepted; lists inside it may hold several values while the sender rotates its key; several secrets of ours
 * are tried. Never a fall-back to a weaker scheme. An empty secret cannot be configured (secret.h). Where a time is signed, it is asked for (H15). */
#pragma once

#include "src/base/public_key.h"
#include "src/store/journal.h"

enum signature_kind {
    SIGNATURE_TOKEN,    /* the key itself, in a header, after `prefix` ("Bearer ") */
    SIGNATURE_HMAC,     /* HMAC-SHA256 */
    SIGNATURE_ED25519,  /* RFC 8032 */
    SIGNATURE_RSA_SHA1, /* PKCS#1 v1.5 */
    SIGNATURE_IN_BODY,  /* it stands in the body, and sender.verify knows how */
};

/* What the configured secret is. */
enum signature_key_form {
    KEY_TEXT,   /* itself */
    KEY_BASE64, /* base64, after whsec_ if it is there (Standard Webhooks); padding may be missing */
    KEY_BASIC,  /* user:password, sent as base64 (RFC 7617) */
    KEY_ED25519,     /* 32 bytes as base64, after whpk_ if it is there */
    KEY_PEM,         /* a public key */
    KEY_CERTIFICATE, /* the key of an X.509 certificate in PEM, which must be valid now */
};

struct signature_scheme {
    const char *name; /* secret | token | …: the member of the watcher that configures it */
    enum signature_kind kind;
    enum signature_key_form key_form;
    const char *header; /* X-Hub-Signature-256 */
    const char *prefix; /* of each proof in it: "sha256="; NULL: none */
    char separator;   /* between the proofs of a list, others are passed over; 0: it is one proof */
    bool is_base64;   /* else lower-case hex */
    const char *over; /* what is signed: text with {id}, {time} and {body} in it; NULL: the body */
    bool is_over_payload;    /* {body} is the form's field `payload`, not the form */
    const char *id_header;   /* of {id} */
    const char *time_header; /* of {time}; NULL: an element of the header */
    const char *time_mark;   /* that begins so: "t=" */
    const char *time_path;   /* or the time is a member of the body, in milliseconds */
    int64_t tolerance_ms;    /* how far a signed time may be from ours, either way */
};

/* A secret as it is used: decoded once, when the configuration is loaded. */
struct signature_key {
    struct slice bytes;
    struct public_key *public_key; /* of the asymmetric kinds */
};
struct signature_keys {
    struct signature_key *items;
    size_t n_items;
};

/* What is looked at of a request. */
struct signature_input {
    const struct header *headers;
    size_t n_headers;
    struct slice body;   /* what {body} stands for */
    int64_t now_ms;      /* real time */
    struct arena *arena; /* for what lives as long as the request */
};

/* Decodes `secret`, into `arena`. RC_INVALID with the reason, static, in `problem`. */
enum rc signature_key(const struct signature_scheme *scheme, struct slice secret,
                      struct arena *arena, struct signature_key *key,
                      const char **problem) MUST_CHECK;
void signature_keys_free(struct signature_keys keys);

/* What stands in braces in `over`. RC_INVALID when that is anything else. */
struct signature_uses {
    bool id, time, body;
};
enum rc signature_uses(const struct signature_scheme *scheme,
                       struct signature_uses *uses) MUST_CHECK;

/* RC_OK; RC_DENIED: one answer for missing, doubled, malformed and wrong; RC_TIMEOUT: theirs, but signed too long ago or ahead of us. */
enum rc signature_check(const struct signature_scheme *scheme, struct signature_keys keys,
                        const struct signature_input *input) MUST_CHECK;
/* True where `time`, decimal digits alone, is within the tolerance of `now_ms`. */
bool signature_time_is_near(const struct signature_scheme *scheme, struct slice time,
                            int64_t unit_ms, int64_t now_ms);

/* The headers (SIGNATURE_MAX_HEADERS of them, at most) that signature_check would accept for this body at `now_ms`. RC_DENIED where only the sender can sign. */
#define SIGNATURE_MAX_HEADERS 3
enum rc signature_make(const struct signature_scheme *scheme, const struct signature_key *key,
                       struct slice id, struct slice body, int64_t now_ms, struct arena *arena,
                       struct header *headers, size_t *n_headers) MUST_CHECK;
/* What `body` is with `now_ms` where the scheme looks for a time in it, in `arena`; itself, where it looks for none or the body is no JSON object. */
enum rc signature_renew(const struct signature_scheme *scheme, struct slice body, int64_t now_ms,
                        struct arena *arena, struct slice *renewed) MUST_CHECK;
