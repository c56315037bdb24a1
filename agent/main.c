/*
 * main.c - leadline-agent: its arguments, and what is said to the person who
 * gave them.
 *
 * Exit codes: 0 done; 2 usage or configuration; 3 could not be done.
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"
#include "agent_conf.h"
#include "clock.h"
#include "confine.h"
#include "enrol.h"
#include "file.h"
#include "log.h"
#include "measuring.h"
#include "process.h"
#include "wire.h"

enum exit_code { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_FAILED = 3 };

enum {
    ENROL_TIMEOUT_S = 20,
    TOKEN_MAX_BYTES = 2048,
    LOG_BURST = 10,              /* lines of one event; then one a minute */
    HEAP_ARENAS = 1,             /* one thread does nearly all */
    HEAP_TRIM_BYTES = 128 * 1024 /* give back what peaks needed */
};

enum command { COMMAND_NONE, COMMAND_RUN, COMMAND_ENROL, COMMAND_CHECK };

struct arguments {
    enum command command;
    const char *token;
    const char *dir;
    bool debug;
};

static const char default_dir[] = "/var/lib/leadline-agent";

static const char help[] =
    "leadline-agent measures for a leadline collector, from here.\n"
    "\n"
    "  leadline-agent enrol TOKEN [--dir DIR]   join: \"leadline agent add\" "
    "prints the token\n"
    "  leadline-agent run [--dir DIR]           measure, in the foreground\n"
    "  leadline-agent --check [--dir DIR]       say whether DIR/agent.yaml is "
    "right\n"
    "  leadline-agent --version | --help\n"
    "\n"
    "  --dir DIR   holds agent.yaml, the key and the results not yet sent\n"
    "              ("
    "/var/lib/leadline-agent"
    ")\n"
    "  --debug     log each measurement\n"
    "\n"
    "TOKEN may be \"-\": it is then read from standard input, so that it does "
    "not show\n"
    "in the list of processes.\n"
    "Exit codes: 0 done; 2 usage or configuration; 3 could not be done.\n";

static int
complain(const char *what, const char *word)
{
    (void)fprintf(stderr, "leadline-agent: %s%s%s; see leadline-agent --help\n",
        what, word[0] == '\0' ? "" : " ", word);
    return -1;
}

static int
take_command(struct arguments *arguments, enum command command)
{
    if (arguments->command != COMMAND_NONE)
        return complain("one command at a time", "");
    arguments->command = command;
    return 0;
}

/* A word that is no option: a command, or the token of enrol. */
static int
take_word(struct arguments *arguments, const char *word)
{
    if (arguments->command == COMMAND_ENROL && arguments->token == NULL) {
        arguments->token = word;
        return 0;
    }
    if (strcmp(word, "run") == 0)
        return take_command(arguments, COMMAND_RUN);
    if (strcmp(word, "enrol") == 0 || strcmp(word, "enroll") == 0)
        return take_command(arguments, COMMAND_ENROL);
    return complain("unknown command", word);
}

static int
take_arguments(struct arguments *arguments, char **argv)
{
    for (char **at = argv + 1; *at != NULL; at++) {
        int rc = 0;

        if (strcmp(*at, "--dir") == 0) {
            if (*++at == NULL || **at == '\0')
                return complain("--dir needs a folder", "");
            arguments->dir = *at;
        } else if (strncmp(*at, "--dir=", 6) == 0 && (*at)[6] != '\0') {
            arguments->dir = *at + 6;
        } else if (strcmp(*at, "--debug") == 0) {
            arguments->debug = true;
        } else if (strcmp(*at, "--check") == 0) {
            rc = take_command(arguments, COMMAND_CHECK);
        } else if ((*at)[0] == '-' && (*at)[1] != '\0') {
            return complain("unknown option", *at);
        } else {
            rc = take_word(arguments, *at);
        }
        if (rc != 0)
            return -1;
    }
    if (arguments->command == COMMAND_NONE)
        return complain("what shall it do? run, enrol TOKEN or --check", "");
    if (arguments->command == COMMAND_ENROL && arguments->token == NULL)
        return complain("enrol needs the token that \"leadline agent add\" "
                        "printed",
            "");
    return 0;
}

static int
say_failed(const struct err *err, enum exit_code code)
{
    (void)fprintf(stderr, "leadline-agent: %s\n", err->msg);
    return (int)code;
}

static int
check(const char *dir)
{
    struct err err;
    struct agent_conf *conf =
        agent_conf_read(dir, agent_tell_mistake, NULL, &err);

    if (conf == NULL)
        return say_failed(&err, EXIT_USAGE);
    (void)printf("%s/agent.yaml is right: agent %s, collector %s\n", dir,
        conf->name, conf->endpoint);
    agent_conf_free(conf);
    return EXIT_DONE;
}

static int
run(const char *dir)
{
    struct err err;
    struct agent *agent;
    struct agent_conf *conf =
        agent_conf_read(dir, agent_tell_mistake, NULL, &err);

    if (conf == NULL)
        return say_failed(&err, EXIT_USAGE);
    process_warn_root();
    agent = agent_open(dir, conf, &err);
    if (agent == NULL)
        return say_failed(&err, EXIT_FAILED);
    agent_run(agent);
    agent_close(agent);
    log_event(LOG_AT_INFO, "agent.stopped", "dir=%s", dir);
    return EXIT_DONE;
}

/* From the argument, or from standard input for "-". */
static int
read_token(const char *word, char out[TOKEN_MAX_BYTES], struct err *err)
{
    size_t len = strlen(word);

    if (strcmp(word, "-") == 0) {
        if (fgets(out, TOKEN_MAX_BYTES, stdin) == NULL)
            return err_set(err, ERR_PARSE, "no token on standard input");
        len = strlen(out);
    } else if (len >= TOKEN_MAX_BYTES) {
        return err_set(err, ERR_LIMIT, "a token of %zu bytes is none", len);
    } else {
        memcpy(out, word, len + 1);
    }
    while (len > 0 && strchr(" \t\r\n", out[len - 1]) != NULL)
        out[--len] = '\0';
    return 0;
}

/* A token works once: what would keep the key from the disk comes first. */
static int
prepare_dir(const char *dir, struct err *err)
{
    if (agent_conf_exists(dir))
        return err_set(err, ERR_STATE,
            "%s/agent.yaml exists: an agent is enrolled there already; use "
            "another --dir, or move it away",
            dir);
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return err_sys(err, errno, "cannot make the folder %s", dir);
    if (access(dir, W_OK | X_OK) != 0)
        return err_sys(err, errno, "cannot write to the folder %s", dir);
    return 0;
}

static int
enrol_with(const struct wire_token *token, const char *dir, struct err *err)
{
    struct uplink_keys keys;
    struct agent_enrolled enrolled = {
        .endpoint = token->endpoint,
        .name = token->name,
        .collector_key = token->collector_key,
    };
    int rc;

    if (enrol_run(token, MEASURING_BUILD, &keys, ENROL_TIMEOUT_S * NS_PER_SEC,
            err) != 0)
        return -1;
    memcpy(enrolled.keys.public_key, keys.agent_public,
        sizeof(enrolled.keys.public_key));
    memcpy(enrolled.keys.secret_key, keys.agent_secret,
        sizeof(enrolled.keys.secret_key));
    rc = agent_conf_write(dir, &enrolled, err);
    if (rc != 0)
        err_wrap(err, "enrolled, but the key could not be kept (a new token "
                      "is needed)");
    explicit_bzero(&keys, sizeof(keys));
    explicit_bzero(&enrolled.keys, sizeof(enrolled.keys));
    return rc;
}

/*
 * The token comes from a stranger's mail, perhaps, and what answers at its
 * endpoint from anybody: the kernel watches here as it does over `run`.
 */
static void
confine_enrolment(const char *dir, bool debug)
{
    const struct confine_spec spec = {.own = {dir}, .say_refused = debug};

    if (!debug) /* a person reads this: that all is well is nothing to say */
        log_set_level(LOG_AT_WARN);
    confine(&spec);
}

static int
enrol(const char *word, const char *dir)
{
    char text[TOKEN_MAX_BYTES];
    struct wire_token token;
    struct err err;
    int rc;

    rc = read_token(word, text, &err);
    if (rc == 0)
        rc = wire_token_decode(text, &token, &err);
    explicit_bzero(text, sizeof(text));
    if (rc != 0)
        return say_failed(&err, EXIT_USAGE);
    (void)fprintf(
        stderr, "enrolling %s with %s ...\n", token.name, token.endpoint);
    rc = prepare_dir(dir, &err);
    if (rc == 0)
        confine_enrolment(dir, log_shows(LOG_AT_DEBUG));
    if (rc == 0)
        rc = enrol_with(&token, dir, &err);
    explicit_bzero(&token.onetime_secret, sizeof(token.onetime_secret));
    if (rc != 0)
        return say_failed(&err, EXIT_FAILED);
    (void)printf("%s is enrolled.  Start it with:\n"
                 "  leadline-agent run --dir %s\n",
        token.name, dir);
    return EXIT_DONE;
}

/* Keeps the heap of a small agent small. */
static void
tame_heap(void)
{
    (void)mallopt(M_ARENA_MAX, HEAP_ARENAS);
    (void)mallopt(M_TRIM_THRESHOLD, HEAP_TRIM_BYTES);
}

static bool
wants(char **argv, const char *option)
{
    for (char **at = argv + 1; *at != NULL; at++) {
        if (strcmp(*at, option) == 0)
            return true;
    }
    return false;
}

int
main(int argc, char **argv)
{
    struct arguments arguments = {.dir = default_dir};

    (void)argc;
    file_keep_standard();
    tame_heap();
    process_prepare();
    log_set_burst(LOG_BURST);
    /* A peer that went away is an error of the write, not of the process. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (wants(argv, "--help") || wants(argv, "-h")) {
        (void)fputs(help, stdout);
        return EXIT_DONE;
    }
    if (wants(argv, "--version")) {
        (void)puts("leadline-agent " LEADLINE_VERSION);
        return EXIT_DONE;
    }
    if (take_arguments(&arguments, argv) != 0)
        return EXIT_USAGE;
    if (arguments.debug)
        log_set_level(LOG_AT_DEBUG);
    switch (arguments.command) {
    case COMMAND_RUN:
        return run(arguments.dir);
    case COMMAND_ENROL:
        return enrol(arguments.token, arguments.dir);
    case COMMAND_CHECK:
        return check(arguments.dir);
    case COMMAND_NONE:
        break;
    }
    return EXIT_USAGE;
}
