/* sns.h - did Amazon SNS write it? Signatures of its messages, which stand in the message itself, and the URLs in it that we may ask.
 *
 * Source: Amazon SNS developer guide, "Verifying the signatures of Amazon SNS messages". Version 1 is RSA over SHA-1, version 2 over SHA-256. */
#pragma once

#include "src/base/json.h"
#include "watchers/senders/signature.h"

/* The ARN of a topic, in a partition whose hosts we know: arn:aws:sns:REGION:ACCOUNT:NAME, or of aws-cn, aws-us-gov. */
bool sns_is_topic(struct slice arn);
/* https, no port, no user, the one host of SNS in the topic's region: nothing else is ever asked. A pattern for the region would let in what anybody can have
 * (sns.s3-us-west-2.amazonaws.com is somebody's bucket). `topic` is one that is configured. */
bool sns_is_url_of(struct slice topic, struct slice url);
/* Such a URL with the path of a certificate: /SimpleNotificationService-HEX.pem, and nothing follows. */
bool sns_is_certificate_url_of(struct slice topic, struct slice url);
/* True for the three types alone, with every member that they have, and nothing but Message of more than one line. What is signed is lines, a name and what it
 * says by turns: only so can they be read in one way. Else the message in one text that SNS did sign, of somebody's own topic, could stand for members of ours. */
bool sns_is_message(const struct json *message);
/* What is signed of the message, in `arena`. RC_DENIED: it is none. */
enum rc sns_signed_text(const struct json *message, struct arena *arena,
                        struct slice *text) MUST_CHECK;
/* RC_DENIED: not signed by the holder of `key`, or in no version that we know. */
enum rc sns_check(const struct json *message, const struct public_key *key,
                  struct arena *arena) MUST_CHECK;
