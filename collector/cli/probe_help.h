/*
 * probe_help.h - what `leadline probe --help` says.
 */
#ifndef COLLECTOR_PROBE_HELP_H
#define COLLECTOR_PROBE_HELP_H

extern const char probe_help[];

#endif
