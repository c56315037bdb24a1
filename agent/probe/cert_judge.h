/*
 * cert_judge.h - what is wrong with a certificate.
 *
 * Pure: the presented certificates, the trust store and the time are given; a
 * memo spares work and changes nothing.
 * Everything is told apart and nothing hides another: an expired certificate
 * for another name of an unknown authority is all three.
 */
#ifndef AGENT_PROBE_CERT_JUDGE_H
#define AGENT_PROBE_CERT_JUDGE_H

#include "cert.h"

/*
 * Fills verify, verify_all, verify_detail, what was stapled, and the verified
 * chain with its earliest end (empty, and 0, where no chain leads to a trusted
 * authority).
 * Comes after cert_describe(), whose names it quotes.
 */
void cert_judge(const struct cert_question *asked, struct tls_facts *out);

#endif
