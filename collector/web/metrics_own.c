#include "metrics_own.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

static const struct expo_labels none = {.count = 0};

static void
put_one(struct expo *expo, const char *name, const char *help, double value)
{
    expo_family(expo, name, EXPO_GAUGE, help);
    expo_put(expo, &none, value);
}

static void
put_total(struct expo *expo, const char *name, const char *help, uint64_t value)
{
    expo_family(expo, name, EXPO_COUNTER, help);
    expo_put_count(expo, &none, value);
}

/* ---- the process, under the names that every exporter uses ---- */

/* The 22nd field of /proc/self/stat: ticks between boot and our start. */
static bool
read_started(double *started_s)
{
    FILE *in = fopen("/proc/self/stat", "re");
    unsigned long long ticks = 0;
    struct timespec real;
    struct timespec boot;
    int taken = 0;

    if (in != NULL) {
        /* The second field is our name, without parentheses of its own. */
        taken = fscanf(in, /* NOLINT(cert-err34-c): the kernel writes it */
            "%*d %*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u "
            "%*d %*d %*d %*d %*d %*d %llu",
            &ticks);
        (void)fclose(in);
    }
    if (taken != 1 || clock_gettime(CLOCK_REALTIME, &real) != 0 ||
        clock_gettime(CLOCK_BOOTTIME, &boot) != 0)
        return false;
    *started_s = (double)(real.tv_sec - boot.tv_sec) +
                 (double)(real.tv_nsec - boot.tv_nsec) / 1e9 +
                 (double)ticks / (double)sysconf(_SC_CLK_TCK);
    return true;
}

static bool
read_resident(double *bytes)
{
    FILE *in = fopen("/proc/self/statm", "re");
    unsigned long long pages = 0;
    int taken = 0;

    if (in != NULL) {
        taken = fscanf(in, "%*u %llu", &pages); /* NOLINT(cert-err34-c) */
        (void)fclose(in);
    }
    *bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
    return taken == 1;
}

static bool
count_descriptors(double *count)
{
    DIR *dir = opendir("/proc/self/fd");

    if (dir == NULL)
        return false;
    *count = -3; /* ".", ".." and the folder's own */
    while (readdir(dir) != NULL)
        *count += 1;
    (void)closedir(dir);
    return true;
}

static void
put_process(struct expo *expo)
{
    struct rlimit limit;
    struct rusage used;
    double value;

    if (read_started(&value))
        put_one(expo, "process_start_time_seconds",
            "When the process began, in seconds since 1970.", value);
    if (getrusage(RUSAGE_SELF, &used) == 0) {
        expo_family(expo, "process_cpu_seconds_total", EXPO_COUNTER,
            "CPU time, user and system.");
        expo_put(expo, &none,
            (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    }
    if (read_resident(&value))
        put_one(expo, "process_resident_memory_bytes",
            "Memory in use, pages of the store included.", value);
    if (count_descriptors(&value))
        put_one(expo, "process_open_fds", "Open file descriptors.", value);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        put_one(expo, "process_max_fds", "How many there may be.",
            (double)limit.rlim_cur);
}

/* ---- what it keeps, and how it comes in ---- */

static void
put_store(struct expo *expo, const struct metrics *metrics)
{
    const struct query_env *env = metrics->env;
    const struct writer_health *writer = &metrics->reading->writer;

    if (env->store_used_ratio >= 0)
        put_one(expo, "leadline_store_used_ratio",
            "How full the store's map or its disk is, whichever is fuller.",
            env->store_used_ratio);
    put_one(expo, "leadline_store_failing",
        "1 while the last transaction could not be written.", writer->failing);
    put_total(expo, "leadline_store_commits_total",
        "Transactions on disk, those without a change included.",
        writer->commits);
    put_total(expo, "leadline_store_lost_turns_total",
        "Transactions that were lost; agents send again what was in them.",
        writer->lost_turns);
    put_one(expo, "leadline_store_commit_age_seconds",
        "Since the last transaction.",
        (double)(clock_mono_ns() - writer->committed_ns) / 1e9);
    put_one(expo, "leadline_writer_waiting_bytes", "What waits to be written.",
        (double)metrics->reading->writer_waiting_bytes);
}

static void
put_line(struct expo *expo, const struct intake_counts *counts)
{
    put_one(expo, "leadline_sessions", "Agents that are connected.",
        (double)counts->sessions);
    put_total(expo, "leadline_messages_total", "Messages from agents.",
        counts->messages);
    put_total(expo, "leadline_messages_dropped_total",
        "Messages of strangers, and malformed ones.", counts->dropped);
    put_total(expo, "leadline_keys_refused_total",
        "Connections whose key may not talk.", counts->refused_keys);
    put_total(expo, "leadline_batches_overrun_total",
        "Batches beyond what their agent was granted, not looked at.",
        counts->overruns);
    put_total(
        expo, "leadline_batches_total", "Batches of results.", counts->batches);
    put_total(expo, "leadline_batches_duplicate_total",
        "Batches that had been taken before.", counts->duplicates);
    put_total(expo, "leadline_batches_refused_total",
        "Batches that were answered with a NACK.", counts->nacks);
    put_total(expo, "leadline_results_acknowledged_total",
        "Results that are on disk and acknowledged.", counts->results);
}

int
metrics_put_own(
    struct expo *expo, const struct metrics *metrics, struct err *err)
{
    const struct query_env *env = metrics->env;
    const struct expo_labels version = {
        .items = {{"version", LEADLINE_VERSION}}, .count = 1};

    (void)err;
    expo_family(
        expo, "leadline_build_info", EXPO_GAUGE, "Which leadline this is.");
    expo_put(expo, &version, 1);
    put_process(expo);
    put_store(expo, metrics);
    put_line(expo, &metrics->reading->intake);
    put_one(expo, "leadline_config_refused",
        "1 while the file is not in force because of its mistakes.",
        metrics->reading->refused);
    put_one(expo, "leadline_config_version",
        "The configuration in force, counted from 1.",
        (double)env->conf->versions[env->conf->count - 1].version);
    put_one(expo, "leadline_config_since_timestamp_seconds",
        "Since when it is in force.",
        (double)env->conf->versions[env->conf->count - 1].since_unix_ms / 1e3);
    return 0;
}
