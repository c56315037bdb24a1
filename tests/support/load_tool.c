/*
 * load_tool.c - load.h as a program.
 *
 *   load_tool enrol STORE KEYS AGENTS REGIONS
 *   load_tool run KEY=VALUE...
 *
 * run says "welcome" when all agents have a session, then waits for a line on
 * its standard input.  "go" lets them send; later "storm" breaks and makes all
 * connections anew, "deaf", "garbage" and "good" change its agents' manners,
 * "end" ends what is new.  When all that was offered is
 * acknowledged it prints one JSON object and ends.  "tell" prints one at any
 * time.  The end of the input is "end".
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "load.h"

static void
usage(void)
{
    (void)fprintf(stderr,
        "usage: load_tool enrol STORE KEYS AGENTS REGIONS\n"
        "       load_tool run endpoint=E keys=FILE server_key=FILE agents=N\n"
        "           checks=N [first=0] [interval_ms=5000] [from_ms=UNIX_MS]\n"
        "           [slots=0] [batch=100] [paced=0] [prepared=0]\n");
    exit(2);
}

static void
take_word(struct load_spec *spec, char *word)
{
    char *value = strchr(word, '=');
    long long number;

    if (value == NULL)
        usage();
    *value++ = '\0';
    number = strtoll(value, NULL, 10);
    if (strcmp(word, "endpoint") == 0)
        spec->endpoint = value;
    else if (strcmp(word, "keys") == 0)
        spec->keys_file = value;
    else if (strcmp(word, "server_key") == 0)
        spec->server_key_file = value;
    else if (strcmp(word, "first") == 0)
        spec->first_agent = (int)number;
    else if (strcmp(word, "agents") == 0)
        spec->agents = (int)number;
    else if (strcmp(word, "checks") == 0)
        spec->checks = (int)number;
    else if (strcmp(word, "interval_ms") == 0)
        spec->interval_ms = number;
    else if (strcmp(word, "from_ms") == 0)
        spec->from_unix_ms = number;
    else if (strcmp(word, "slots") == 0)
        spec->slots = (uint64_t)number;
    else if (strcmp(word, "batch") == 0)
        spec->batch = (uint32_t)number;
    else if (strcmp(word, "paced") == 0)
        spec->paced = number != 0;
    else if (strcmp(word, "prepared") == 0)
        spec->prepared = number != 0;
    else
        usage();
}

static double
cpu_s(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

struct session {
    struct load *load; /* borrowed */
    int64_t begun_ns;
    double begun_cpu_s;
    bool gone;
};

static void
tell(const struct session *session)
{
    struct load_counts counts;

    load_count(session->load, &counts);
    (void)printf(
        "{\"seconds\": %.3f, \"offered\": %llu, \"acked\": %llu, "
        "\"bytes_sent\": %llu, \"nacks\": %llu, \"sessions\": %llu, "
        "\"taken_back\": %llu, \"slowest_ack_ms\": %lld, \"cpu_s\": %.2f}\n",
        (double)(clock_mono_ns() - session->begun_ns) / 1e9,
        (unsigned long long)counts.offered, (unsigned long long)counts.acked,
        (unsigned long long)counts.bytes_sent, (unsigned long long)counts.nacks,
        (unsigned long long)counts.sessions,
        (unsigned long long)counts.taken_back,
        (long long)(counts.slowest_ack_ns / NS_PER_MS),
        cpu_s() - session->begun_cpu_s);
    (void)fflush(stdout);
}

/* True if a whole line was there; "end" where there are no more. */
static bool
read_command(char *command, size_t size)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    size_t len = 0;

    if (poll(&in, 1, 0) != 1)
        return false;
    while (len + 1 < size) {
        ssize_t got = read(STDIN_FILENO, command + len, 1);

        if (got != 1) {
            (void)snprintf(command, size, "end");
            return true;
        }
        if (command[len] == '\n')
            break;
        len++;
    }
    command[len] = '\0';
    return true;
}

static void
wait_for_welcomes(struct load *load, const struct load_spec *spec)
{
    struct load_counts counts;

    do {
        if (!load_turn(load))
            (void)usleep(2000);
        load_count(load, &counts);
    } while (counts.welcome < (size_t)spec->agents);
    (void)printf("welcome\n");
    (void)fflush(stdout);
}

static void
begin(struct session *session)
{
    session->begun_ns = clock_mono_ns();
    session->begun_cpu_s = cpu_s();
}

static void
obey(struct session *session)
{
    char command[16];

    if (!read_command(command, sizeof(command)))
        return;
    if (strcmp(command, "go") == 0) {
        load_hold(session->load, false);
        begin(session);
        session->gone = true;
    } else if (strcmp(command, "storm") == 0) {
        load_reconnect(session->load);
    } else if (strcmp(command, "deaf") == 0) {
        load_behave(session->load, LOAD_DEAF);
    } else if (strcmp(command, "garbage") == 0) {
        load_behave(session->load, LOAD_GARBAGE);
    } else if (strcmp(command, "good") == 0) {
        load_behave(session->load, LOAD_GOOD);
    } else if (strcmp(command, "tell") == 0) {
        tell(session);
    } else if (strcmp(command, "end") == 0) {
        load_end(session->load);
        session->gone = true;
    } else {
        usage();
    }
}

static int
run(int count, char **words)
{
    struct load_spec spec = {
        .interval_ms = 5000, .batch = 100, .from_unix_ms = clock_unix_ms()};
    struct load *load;
    struct session session;

    for (int i = 0; i < count; i++)
        take_word(&spec, words[i]);
    if (spec.endpoint == NULL || spec.keys_file == NULL ||
        spec.server_key_file == NULL || spec.interval_ms < 1)
        usage();
    spec.from_unix_ms -= spec.from_unix_ms % spec.interval_ms;
    load = load_new(&spec);
    load_hold(load, true);
    session = (struct session){.load = load};
    begin(&session);
    wait_for_welcomes(load, &spec);
    while (!session.gone || !load_is_done(load)) {
        obey(&session);
        if (!load_turn(load))
            (void)usleep(1000);
    }
    tell(&session);
    load_free(load);
    return 0;
}

static void
raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int
main(int argc, char **argv)
{
    raise_limit();
    if (argc == 6 && strcmp(argv[1], "enrol") == 0) {
        load_enrol(argv[2], argv[3], (int)strtol(argv[4], NULL, 10),
            (int)strtol(argv[5], NULL, 10));
        return 0;
    }
    if (argc > 2 && strcmp(argv[1], "run") == 0)
        return run(argc - 2, argv + 2);
    usage();
}
