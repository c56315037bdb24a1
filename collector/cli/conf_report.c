#include "conf_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_GOOD = 0, EXIT_MISTAKES = 2 };

enum { DAY_MS = 86400000, SPAN_BYTES = 32, PERCENT_BYTES = 24, NAME_MIN = 5 };

int64_t
conf_report_requests_per_day(const struct conf_check *check)
{
    int64_t count = DAY_MS / check->check.interval_ms;
    int64_t types = 0;

    if (check->check.paused)
        return 0;
    for (int i = 0; i < DNS_TYPE_COUNT; i++)
        types += (check->check.dns_types >> i) & 1U;
    if (check->check.kind == CHECK_DNS)
        count *= types;
    if (check->check.family == CHECK_FAMILY_BOTH)
        count *= 2;
    return count * (int64_t)check->regions.count;
}

/* ---- for people ---- */

/* Millionths as a percentage, without zeros at the end: 999000 -> "99.9". */
static void
put_percent(int64_t millionths, char *out, size_t size)
{
    size_t len;

    (void)snprintf(out, size, "%" PRId64 ".%04" PRId64, millionths / 10000,
        millionths % 10000);
    len = strlen(out);
    while (len > 0 && out[len - 1] == '0')
        out[--len] = '\0';
    if (len > 0 && out[len - 1] == '.')
        out[len - 1] = '\0';
}

static void
put_regions(const struct config *config, const struct conf_check *check,
    char *out, size_t size)
{
    size_t used = 0;

    if (check->regions.count == config->regions.count) {
        (void)snprintf(out, size, "all %zu", check->regions.count);
        return;
    }
    out[0] = '\0';
    for (size_t i = 0; i < check->regions.count && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s",
            i > 0 ? "," : "", check->regions.names[i]);
}

static void
print_check(const struct config *config, const struct conf_check *check,
    int name_width, FILE *out)
{
    char interval[SPAN_BYTES];
    char timeout[SPAN_BYTES];
    char target[PERCENT_BYTES];
    char regions[256];
    const char *origin = check->derived ? "derived" : "listed";

    text_put_span(check->check.interval_ms, interval, sizeof(interval));
    text_put_span(check->check.timeout_ms, timeout, sizeof(timeout));
    put_percent(check->target_millionths, target, sizeof(target));
    put_regions(config, check, regions, sizeof(regions));
    (void)fprintf(out, "%-*s  %-4s  %8s  %8s  %6s%%  %-7s  %9" PRId64 "  %s\n",
        name_width, check->check.name, check_kind_name((int)check->check.kind),
        interval, timeout, target, check->check.paused ? "paused" : origin,
        conf_report_requests_per_day(check), regions);
}

static void
print_checks(const struct config *config, FILE *out)
{
    int width = NAME_MIN;

    for (size_t i = 0; i < config->check_count; i++) {
        int len = (int)strlen(config->checks[i].check.name);

        width = len > width ? len : width;
    }
    if (config->check_count == 0)
        return;
    (void)fprintf(out, "%-*s  %-4s  %8s  %8s  %7s  %-7s  %9s  %s\n", width,
        "CHECK", "KIND", "INTERVAL", "TIMEOUT", "TARGET", "FROM", "A DAY",
        "REGIONS");
    for (size_t i = 0; i < config->check_count; i++)
        print_check(config, &config->checks[i], width, out);
}

static int64_t
site_requests(const struct config *config, const struct conf_site *site)
{
    int64_t sum = 0;

    for (size_t i = 0; i < config->check_count; i++) {
        if (strcmp(config->checks[i].site, site->name) == 0)
            sum += conf_report_requests_per_day(&config->checks[i]);
    }
    return sum;
}

static void
print_rules(const struct config *config, FILE *out)
{
    (void)fprintf(out,
        "regions: %zu, an incident of the whole opens after %d bad slot%s and "
        "closes after %d good\n",
        config->regions.count,
        (int)conf_global_open_after(config, config->regions.count),
        conf_global_open_after(config, config->regions.count) == 1 ? "" : "s",
        (int)conf_global_close_after(config));
    if (config->mail.configured && config->receiver_count > 0)
        (void)fprintf(out, "mail: to whom receivers name, through %s\n",
            config->mail.server);
    else if (config->mail.configured)
        (void)fprintf(out, "mail: to %zu address%s through %s\n",
            config->mail.to.count, config->mail.to.count == 1 ? "" : "es",
            config->mail.server);
}

static void
print_config(const struct config *config, FILE *out, FILE *talk)
{
    (void)fprintf(out, "%s is right: %zu site%s, %zu check%s\n\n", config->name,
        config->site_count, config->site_count == 1 ? "" : "s",
        config->check_count, config->check_count == 1 ? "" : "s");
    print_checks(config, out);
    for (size_t i = 0; i < config->site_count; i++) {
        const struct conf_site *site = &config->sites[i];

        (void)fprintf(out,
            "%ssite %s: main check %s, at least %" PRId64
            " requests a day with one agent a region\n",
            i == 0 ? "\n" : "", site->name,
            site->main_check[0] != '\0' ? site->main_check : "none",
            site_requests(config, site));
    }
    print_rules(config, out);
    for (size_t i = 0; i < config->warnings.count; i++)
        (void)fprintf(talk, "warning: %s\n", config->warnings.items[i]);
}

/* ---- for programs ---- */

static json_t *
strings_json(const struct strlist *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++)
        (void)json_array_append_new(array, json_string(list->items[i]));
    return array;
}

static json_t *
check_json(const struct conf_check *check)
{
    json_t *regions = json_array();

    for (size_t i = 0; i < check->regions.count; i++)
        (void)json_array_append_new(
            regions, json_string(check->regions.names[i]));
    return json_pack("{s:s,s:s,s:I,s:I,s:f,s:b,s:b,s:I,s:o}", "check",
        check->check.name, "kind", check_kind_name((int)check->check.kind),
        "interval_us", (json_int_t)check->check.interval_ms * 1000,
        "timeout_us", (json_int_t)check->check.timeout_ms * 1000, "target",
        (double)check->target_millionths / CONF_MILLION, "derived",
        check->derived, "paused", check->check.paused, "requests_per_day",
        (json_int_t)conf_report_requests_per_day(check), "regions", regions);
}

static json_t *
config_json(const struct config *config)
{
    json_t *checks = json_array();
    json_t *sites = json_array();

    for (size_t i = 0; i < config->check_count; i++)
        (void)json_array_append_new(checks, check_json(&config->checks[i]));
    for (size_t i = 0; i < config->site_count; i++) {
        const struct conf_site *site = &config->sites[i];

        (void)json_array_append_new(sites,
            json_pack("{s:s,s:s?,s:s?,s:I}", "site", site->name, "url",
                site->url, "main",
                site->main_check[0] != '\0' ? site->main_check : NULL,
                "requests_per_day", (json_int_t)site_requests(config, site)));
    }
    return json_pack("{s:s,s:b,s:o,s:o,s:o,s:[]}", "file", config->name, "ok",
        1, "sites", sites, "checks", checks, "warnings",
        strings_json(&config->warnings), "mistakes");
}

static void
print_json(json_t *answer, FILE *out)
{
    (void)json_dumpf(answer, out, JSON_COMPACT | JSON_REAL_PRECISION(15));
    (void)fputc('\n', out);
    json_decref(answer);
}

/* ---- the file ---- */

static void
keep_line(void *ctx, const char *line)
{
    struct strlist *lines = ctx;

    (void)strlist_add(lines, line);
}

int
conf_report_file(const char *path, bool json, FILE *out, FILE *talk)
{
    struct strlist mistakes = {0};
    struct err err = {0};
    struct config *config =
        collector_conf_read_whole(path, keep_line, &mistakes, &err);
    int code = EXIT_GOOD;

    for (size_t i = 0; i < mistakes.count; i++)
        (void)fprintf(talk, "%s\n", mistakes.items[i]);
    if (config == NULL) {
        code = EXIT_MISTAKES;
        (void)fprintf(talk, "%s\n", err.msg);
        if (json)
            print_json(json_pack("{s:s,s:b,s:[],s:[],s:[],s:o}", "file", path,
                           "ok", 0, "sites", "checks", "warnings", "mistakes",
                           strings_json(&mistakes)),
                out);
    } else if (json) {
        print_json(config_json(config), out);
    } else {
        print_config(config, out, talk);
    }
    collector_conf_free(config);
    strlist_free(&mistakes);
    return code;
}
