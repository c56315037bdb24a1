#include "zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "civil.h"
#include "cm.h"
#include "zone_rule.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static struct zone *
must_open(const char *name)
{
    struct err err;
    struct zone *zone = zone_open(name, &err);

    assert_made(zone, err);
    return zone;
}

/* libc reads the same files; it must find the same, past and far future. */
static void
offsets_are_those_of_libc(void **state)
{
    static const char *const names[] = {"Europe/Berlin", "America/New_York",
        "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo",
        "Pacific/Apia", "Africa/Casablanca", "Europe/Dublin", "Asia/Gaza",
        "America/Nuuk", "Antarctica/Troll", "Etc/GMT+5", "UTC"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct zone *zone = must_open(names[i]);

        (void)setenv("TZ", names[i], 1);
        tzset();
        for (int64_t s = -INT64_C(3000000000); s < INT64_C(9000000000);
             s += 1234567) {
            time_t moment = (time_t)s;
            struct tm tm;

            (void)localtime_r(&moment, &tm);
            if (zone_offset_ms(zone, s * 1000) != tm.tm_gmtoff * 1000 ||
                strcmp(zone_abbreviation(zone, s * 1000), tm.tm_zone) != 0)
                fail_msg("%s at %lld", names[i], (long long)s);
        }
        zone_close(zone);
    }
    (void)setenv("TZ", "UTC", 1);
    tzset();
}

static int64_t
local(const struct zone *zone, int day, int64_t minute, enum zone_pick pick)
{
    return zone_local_to_unix_ms(
        zone, civil_days(2026, day / 100, day % 100), minute, pick);
}

static void
local_times_become_moments(void **state)
{
    struct zone *zone = must_open("Europe/Berlin");
    int64_t day_ms = civil_days(2026, 10, 25) * CIVIL_MS_PER_DAY;

    (void)state;
    assert_int_equal(local(zone, 1124, 60, ZONE_FIRST),
        civil_days(2026, 11, 24) * CIVIL_MS_PER_DAY);
    /* 25 October: 02:30 happens twice */
    assert_int_equal(local(zone, 1025, 150, ZONE_FIRST), day_ms + 1800000);
    assert_int_equal(local(zone, 1025, 150, ZONE_LAST), day_ms + 5400000);
    assert_int_equal(local(zone, 1025, 180, ZONE_FIRST), day_ms + 7200000);
    /* 29 March: 02:30 does not happen */
    day_ms = civil_days(2026, 3, 29) * CIVIL_MS_PER_DAY;
    assert_int_equal(local(zone, 329, 150, ZONE_FIRST), day_ms + 3600000);
    assert_int_equal(local(zone, 329, 150, ZONE_LAST), day_ms + 3600000);
    assert_int_equal(local(zone, 329, 180, ZONE_FIRST), day_ms + 3600000);
    /* minutes past midnight belong to the next day */
    assert_int_equal(
        local(zone, 1124, 1500, ZONE_FIRST), local(zone, 1125, 60, ZONE_FIRST));
    zone_close(zone);
}

static void
every_moment_survives_the_way_over_local_time(void **state)
{
    static const char *const names[] = {"Europe/Berlin", "America/New_York",
        "Australia/Lord_Howe", "Asia/Kathmandu"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct zone *zone = must_open(names[i]);

        for (int64_t s = 0; s < INT64_C(2500000000); s += 6 * 60 * 997) {
            int64_t unix_ms = s * 1000;
            int64_t local_ms = unix_ms + zone_offset_ms(zone, unix_ms);
            int64_t days = zone_local_days(zone, unix_ms);
            int64_t minute = (local_ms - days * CIVIL_MS_PER_DAY) / 60000;
            int64_t first =
                zone_local_to_unix_ms(zone, days, minute, ZONE_FIRST);
            int64_t last = zone_local_to_unix_ms(zone, days, minute, ZONE_LAST);

            unix_ms -= local_ms % 60000;
            if (first != unix_ms && last != unix_ms)
                fail_msg("%s at %lld", names[i], (long long)s);
        }
        zone_close(zone);
    }
}

static void
months_have_the_length_of_their_zone(void **state)
{
    struct zone *zone = must_open("Europe/Berlin");
    int64_t from;
    int64_t to;
    int64_t year;
    int64_t month;

    (void)state;
    zone_month_bounds(zone, 2026, 10, &from, &to);
    assert_int_equal(from, INT64_C(1790805600000)); /* 30 Sep 22:00Z */
    assert_int_equal((to - from) / 3600000, 31 * 24 + 1);
    zone_month_bounds(zone, 2026, 3, &from, &to);
    assert_int_equal((to - from) / 3600000, 31 * 24 - 1);
    zone_month_bounds(zone, 2026, 12, &from, &to);
    assert_int_equal((to - from) / 3600000, 31 * 24);
    zone_month_of(zone, to - 1, &year, &month);
    assert_int_equal(year * 100 + month, 202612);
    zone_month_of(zone, to, &year, &month);
    assert_int_equal(year * 100 + month, 202701);
    zone_month_bounds(NULL, 2024, 2, &from, &to);
    assert_int_equal((to - from) / 86400000, 29);
    zone_close(zone);
}

static void
names_that_are_none_are_refused(void **state)
{
    static const char *const bad[] = {"", "/etc/passwd", "../passwd",
        "Europe/../UTC", "Europe", "Europe/Atlantis", "zone.tab", "a b",
        "right/Europe/Berlin", "tzdata.zi", "posixrules/",
        "0123456789012345678901234567890123456789012345678901234567890123456"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct err err;
        struct zone *zone = zone_open(bad[i], &err);

        if (zone != NULL)
            fail_msg("\"%s\" was taken", bad[i]);
        assert_int_equal(err.code, ERR_PARSE);
    }
    zone_close(NULL);
}

static void
damaged_files_are_refused(void **state)
{
    static uint8_t bytes[ZONE_FILE_MAX_BYTES];
    FILE *in = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
    size_t len;

    (void)state;
    assert_non_null(in);
    len = fread(bytes, 1, sizeof(bytes), in);
    (void)fclose(in);
    for (size_t cut = 0; cut < len; cut += 7) {
        struct err err;

        assert_null(zone_decode(bytes, cut, &err));
    }
}

static void
rules_are_read_or_refused(void **state)
{
    static const struct {
        const char *text;
        int rc;
    } cases[] = {
        {"CET-1CEST,M3.5.0,M10.5.0/3", 0},
        {"<+0330>-3:30", 0},
        {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", 0},
        {"EST5EDT,0/0,J365/25", 0},
        {"UTC0", 0},
        {"", -1},
        {"C", -1},
        {"CET", -1},
        {"CET-1CEST", -1},
        {"CET-1CEST,M3.5.0", -1},
        {"CET-1CEST,M13.5.0,M10.5.0", -1},
        {"CET-1CEST,M3.6.0,M10.5.0", -1},
        {"CET-1CEST,M3.5.7,M10.5.0", -1},
        {"CET-1CEST,M3.5.0,M10.5.0/168", -1},
        {"CET-1CEST,M3.5.0,M10.5.0x", -1},
        {"CET-25", -1},
        {"<+03-3", -1},
        {"<+03>", -1},
        {"CET-1CEST,J0,J5", -1},
    };
    struct zone_rule rule;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (zone_rule_decode(cases[i].text, &rule) != cases[i].rc)
            fail_msg("%s", cases[i].text);
    }
    assert_int_equal(zone_rule_decode("EST5EDT,0/0,J365/25", &rule), 0);
    assert_true(zone_rule_is_summer(&rule, 1795903200)); /* all year */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_are_those_of_libc),
        cmocka_unit_test(local_times_become_moments),
        cmocka_unit_test(every_moment_survives_the_way_over_local_time),
        cmocka_unit_test(months_have_the_length_of_their_zone),
        cmocka_unit_test(names_that_are_none_are_refused),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(rules_are_read_or_refused),
    };

    return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
