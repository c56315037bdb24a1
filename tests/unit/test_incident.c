#include "incident.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"

/* Lower case d: DOWN, not confirmed.  Slots of ten from 0 on. */
static struct incident_slot
slot_of(char letter, int64_t at)
{
    static const char letters[] = "UPD?M.";
    struct incident_slot slot = {.start_unix_ms = at * 10,
        .end_unix_ms = at * 10 + 10,
        .verdict = VERDICT_DOWN,
        .unconfirmed = letter == 'd'};

    if (letter != 'd')
        slot.verdict = (enum verdict)(strchr(letters, letter) - letters);
    return slot;
}

/* "start-detected-end" of each incident, the open one without its end. */
static void
run(const char *slots, int32_t open_after, int32_t close_after, char *out,
    size_t size)
{
    const struct incident_rule rule = {open_after, close_after};
    struct incident_machine machine = {0};
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; slots[i] != '\0'; i++) {
        struct incident_slot slot = slot_of(slots[i], (int64_t)i);

        if (incident_step(&machine, &rule, &slot) == INCIDENT_ENDS)
            len += (size_t)snprintf(out + len, size - len, "%d-%d-%d ",
                (int)machine.start_unix_ms, (int)machine.detected_unix_ms,
                (int)machine.end_unix_ms);
    }
    if (machine.open)
        (void)snprintf(out + len, size - len, "%d-%d",
            (int)machine.start_unix_ms, (int)machine.detected_unix_ms);
}

static void
slots_become_incidents(void **state)
{
    static const struct {
        const char *slots;
        int32_t open_after, close_after;
        const char *expect;
    } rows[] = {
        {"UUDUU", 2, 2, ""},
        {"UUDDUU", 2, 2, "20-40-40 "},
        {"UDDUDUDDUUUU", 2, 2, "10-30-80 "},
        {"UDDUPUU", 2, 2, "10-30-30 "},  /* PARTIAL is good */
        {"UDD?????????", 2, 2, "10-30"}, /* never closes on silence */
        {"UD?DUU", 2, 2, "10-40-40 "},   /* short silence: goes on */
        {"UD??DUU", 2, 2, "10-50-50 "},
        {"UD???DUU", 2, 2, ""}, /* three: forgotten */
        {"UD??MDUU", 2, 2, ""},
        {"UDDU??UUU", 2, 2, "10-30-30 "},  /* one good, short silence */
        {"UDDU???UUU", 2, 2, "10-30-70 "}, /* begins again */
        {"UD.DUU", 2, 2, "10-40-40 "},     /* not judged: skipped */
        {"UDDMMMMMMDUU", 2, 2, "10-30-100 "},
        {"DU", 1, 1, "0-10-10 "},
        {"DUDU", 1, 2, "0-10"},
        {"dUU", 1, 2, ""},            /* not confirmed: not alone */
        {"UdDUU", 1, 2, "10-30-30 "}, /* with the next bad one */
        {"UddUU", 1, 2, "10-30-30 "},
        {"UDUU", 1, 2, "10-20-20 "},
        {"UddUU", 2, 2, "10-30-30 "},
        {"Ud?dUU", 1, 2, "10-40-40 "},
        {"DDDUUUDDDUUU", 3, 3, "0-30-30 60-90-90 "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char got[128];

        run(rows[i].slots, rows[i].open_after, rows[i].close_after, got,
            sizeof(got));
        if (strcmp(got, rows[i].expect) != 0)
            fail_msg("%s: got \"%s\", expected \"%s\"", rows[i].slots, got,
                rows[i].expect);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_become_incidents),
    };

    return cmocka_run_group_tests_name("incident", tests, NULL, NULL);
}
