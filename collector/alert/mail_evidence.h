/*
 * mail_evidence.h - what a failing result saw, for the mail about it: status
 * line and headers, certificate, DNS answers.  Pure.
 */
#ifndef COLLECTOR_MAIL_EVIDENCE_H
#define COLLECTOR_MAIL_EVIDENCE_H

#include "mail_doc.h"
#include "mail_text.h"

/* `facts->facts` is there. */
void mail_evidence(const struct mail_facts *facts, struct mail_doc *doc);

#endif
