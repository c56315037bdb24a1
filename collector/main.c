/*
 * main.c - leadline-collector: arguments, and nothing else.
 */
#include <stdio.h>
#include <string.h>

#include "collector.h"
#include "errand.h"
#include "file.h"
#include "import_run.h"

enum { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_FAILED = 3 };

static const char usage[] =
    "usage: leadline-collector --config FILE [run|check|import FILE.jsonl]\n"
    "       leadline-collector --version | --help\n"
    "\n"
    "  run     take results from agents, judge, alert; in the foreground (the\n"
    "          default); SIGHUP reads the configuration again\n"
    "  check   say what is wrong with the configuration, and end\n"
    "  import  take results from a file into the store of a collector that\n"
    "          does not run\n";

struct arguments {
    const char *config;
    const char *command;
    const char *file;
};

static int
complain(const char *what, const char *word)
{
    (void)fprintf(stderr, "leadline-collector: %s%s\n%s", what, word, usage);
    return EXIT_USAGE;
}

static void
say_mistake(void *ctx, const char *line)
{
    (void)ctx;
    (void)fprintf(stderr, "%s\n", line);
}

/* -1: go on; else the exit code. */
static int
take_arguments(int argc, char **argv, struct arguments *out)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--version") == 0) {
            (void)printf("leadline-collector %s\n", LEADLINE_VERSION);
            return EXIT_DONE;
        }
        if (strcmp(argv[i], "--help") == 0) {
            (void)fputs(usage, stdout);
            return EXIT_DONE;
        }
        if (strcmp(argv[i], "--config") == 0) {
            if (++i == argc)
                return complain("--config needs a file", "");
            out->config = argv[i];
        } else if (argv[i][0] == '-') {
            return complain("unknown option ", argv[i]);
        } else if (out->command == NULL) {
            out->command = argv[i];
        } else if (out->file == NULL) {
            out->file = argv[i];
        } else {
            return complain("too many arguments: ", argv[i]);
        }
    }
    if (out->config == NULL)
        return complain("--config FILE is missing", "");
    return -1;
}

static int
run(const char *path, struct config *config)
{
    struct err err;

    if (collector_run(
            &(struct collector_spec){.config_path = path, .config = config},
            &err) == 0)
        return EXIT_DONE;
    (void)fprintf(stderr, "leadline-collector: %s\n", err.msg);
    return EXIT_FAILED;
}

static int
import(struct config *config, const char *file)
{
    struct err err;
    int rc = import_run_file(config, file, stdout, &err);

    collector_conf_free(config);
    if (rc == 0)
        return EXIT_DONE;
    (void)fprintf(stderr, "leadline-collector: %s%s\n", err.msg,
        err.code == ERR_BUSY ? " (through it: leadline import FILE)" : "");
    return err.code == ERR_PARSE || err.code == ERR_LIMIT ? EXIT_USAGE
                                                          : EXIT_FAILED;
}

int
main(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct config *config;
    struct err err;
    int code;

    file_keep_standard();
    if (argc > 1 && strcmp(argv[1], "errand") == 0)
        return errand_main(argc - 2, argv + 2);
    code = take_arguments(argc, argv, &arguments);
    if (code >= 0)
        return code;
    if (arguments.command == NULL)
        arguments.command = "run";
    if (strcmp(arguments.command, "run") != 0 &&
        strcmp(arguments.command, "check") != 0 &&
        strcmp(arguments.command, "import") != 0)
        return complain("unknown command ", arguments.command);
    if ((strcmp(arguments.command, "import") == 0) != (arguments.file != NULL))
        return complain("import takes one file, the others none", "");
    config =
        collector_conf_read_whole(arguments.config, say_mistake, NULL, &err);
    if (config == NULL) {
        (void)fprintf(stderr, "leadline-collector: %s\n", err.msg);
        return EXIT_USAGE;
    }
    if (strcmp(arguments.command, "run") == 0)
        return run(arguments.config, config);
    if (strcmp(arguments.command, "import") == 0)
        return import(config, arguments.file);
    (void)printf(
        "%s: no mistakes, %zu checks\n", arguments.config, config->check_count);
    collector_conf_free(config);
    return EXIT_DONE;
}
