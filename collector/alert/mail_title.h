/*
 * mail_title.h - what a mail says in its first ten seconds: the state, what is
 * wrong in a sentence, since when, for whom, and the first thing to type.  Pure.
 */
#ifndef COLLECTOR_MAIL_TITLE_H
#define COLLECTOR_MAIL_TITLE_H

#include "mail_doc.h"
#include "mail_text.h"

void mail_title(const struct mail_facts *facts, struct mail_doc *doc);

#endif
