/*
 * process.h - how the agent's process is set up before it does anything: for
 * its own safety and for a year without anybody looking.
 *
 * Files are for its user alone.  No core is dumped, neither to a file nor to a
 * program that collects them: it would hold the secret key.  (The process
 * stays readable to its own user, who has the key file anyway; benches and
 * operators read its figures in /proc.)  As many descriptors as the system
 * grants may be open.
 */
#ifndef AGENT_PROCESS_H
#define AGENT_PROCESS_H

void process_prepare(void);

/* For `run`: root is more than is needed, and is told so in the log. */
void process_warn_root(void);

#endif
