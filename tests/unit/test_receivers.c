#include "receivers.h"

#include "notice_log.h"

#include <string.h>

#include "class.h"
#include "cm.h"

static void
print_mistake(void *ctx, const char *line)
{
    (void)ctx;
    print_error("%s\n", line);
}

static struct config *
config_with(const char *receivers)
{
    char text[2048];
    struct err err;
    struct config *config;

    (void)snprintf(text, sizeof(text),
        "mail: {server: \"smtp://127.0.0.1:2525\", from: a@mail.example,\n"
        "  to: [one@mail.example, two@mail.example]}\n"
        "sla: {timezone: Europe/Berlin}\n"
        "regions: [eu, us]\n"
        "sites: [{name: acme, url: \"https://acme.example/\"},\n"
        "  {name: shop, url: \"https://shop.example/\"}]\n%s",
        receivers);
    config = collector_conf_parse(
        text, strlen(text), "test.yaml", print_mistake, NULL, &err);
    assert_made(config, err);
    return config;
}

/* "address timezone, ..." */
static void
assert_told(const struct config *config, const char *group,
    enum conf_severity severity, const char *expected)
{
    struct receiver_list list;
    char text[512] = "";
    struct err err;

    assert_ok(receivers_of(config, group, severity, &list, &err), err);
    for (size_t i = 0; i < list.count; i++) {
        (void)strcat(text, i > 0 ? ", " : "");
        (void)strcat(text, list.items[i].address);
        (void)strcat(text, " ");
        (void)strcat(text, list.items[i].timezone);
    }
    assert_string_equal(text, expected);
    receiver_list_free(&list);
}

static void
without_receivers_mail_to_gets_notify_and_above(void **state)
{
    struct config *config = config_with("");
    const char *both =
        "one@mail.example Europe/Berlin, two@mail.example Europe/Berlin";

    (void)state;
    assert_told(config, "acme", SEVERITY_PAGE, both);
    assert_told(config, "acme", SEVERITY_NOTIFY, both);
    assert_told(config, "acme", SEVERITY_TICKET, "");
    collector_conf_free(config);
}

static void
receivers_choose_sites_and_severity_and_nobody_is_told_twice(void **state)
{
    struct config *config = config_with(
        "webhooks: [{name: chat, kind: slack, url: "
        "\"https://chat.example/\"}]\n"
        "receivers:\n"
        "- {name: all, mail: [one@mail.example], from_severity: ticket}\n"
        "- {name: pages, mail: [three@mail.example, one@mail.example],\n"
        "   from_severity: page, sites: [acme], timezone: Asia/Tokyo}\n"
        "- {name: chat, webhook: chat, from_severity: page}\n");
    struct strlist all = {0};

    (void)state;
    assert_told(config, "acme", SEVERITY_PAGE,
        "one@mail.example Europe/Berlin, three@mail.example Asia/Tokyo, "
        "webhook:chat Europe/Berlin");
    assert_told(
        config, "acme", SEVERITY_NOTIFY, "one@mail.example Europe/Berlin");
    assert_told(config, "shop", SEVERITY_PAGE,
        "one@mail.example Europe/Berlin, webhook:chat Europe/Berlin");
    assert_told(config, "shop", SEVERITY_DIGEST, "");
    assert_int_equal(receivers_all(config, &all), 0);
    assert_int_equal(all.count, 2);
    strlist_free(&all);
    collector_conf_free(config);
}

static void
without_receivers_webhooks_get_pages(void **state)
{
    struct config *config =
        config_with("webhooks: [{name: chat, kind: slack,\n"
                    "  url: \"https://chat.example/x\"}]\n");

    (void)state;
    assert_told(config, "acme", SEVERITY_PAGE,
        "one@mail.example Europe/Berlin, two@mail.example Europe/Berlin, "
        "webhook:chat Europe/Berlin");
    assert_told(config, "fleet", SEVERITY_NOTIFY,
        "one@mail.example Europe/Berlin, two@mail.example Europe/Berlin");
    collector_conf_free(config);
}

static void
the_fleet_is_told_to_those_of_all_sites_or_to_everybody(void **state)
{
    struct config *config = config_with(
        "receivers:\n"
        "- {name: all, mail: [one@mail.example]}\n"
        "- {name: acme, mail: [two@mail.example], sites: [acme]}\n");

    (void)state;
    assert_told(
        config, NOTICE_FLEET, SEVERITY_PAGE, "one@mail.example Europe/Berlin");
    collector_conf_free(config);
    config = config_with(
        "receivers: [{name: acme, mail: [two@mail.example], sites: [acme]}]\n");
    assert_told(
        config, NOTICE_FLEET, SEVERITY_PAGE, "two@mail.example Europe/Berlin");
    collector_conf_free(config);
}

static void
without_mail_nobody_is_told(void **state)
{
    struct config *config = config_with("");

    (void)state;
    config->mail.configured = false;
    assert_told(config, "acme", SEVERITY_PAGE, "");
    collector_conf_free(config);
}

static void
classes_have_their_severity(void **state)
{
    (void)state;
    assert_int_equal(alert_class_of(CHECK_HTTP, "global"), ALERT_SITE_DOWN);
    assert_int_equal(alert_class_of(CHECK_DNS, "eu"), ALERT_REGIONAL);
    assert_int_equal(alert_class_of(CHECK_FORM, "global"), ALERT_FORM_FAILING);
    assert_int_equal(alert_severity_of(ALERT_SITE_DOWN), SEVERITY_PAGE);
    assert_int_equal(alert_severity_of(ALERT_FORM_FAILING), SEVERITY_PAGE);
    assert_int_equal(alert_severity_of(ALERT_REGIONAL), SEVERITY_NOTIFY);
    assert_int_equal(alert_wait_ms(SEVERITY_PAGE), 5000);
    assert_int_equal(alert_wait_ms(SEVERITY_NOTIFY), 30000);
    assert_string_equal(alert_class_name(ALERT_REGIONAL), "REGIONAL");
    assert_null(alert_class_name(ALERT_CLASS_COUNT));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_receivers_mail_to_gets_notify_and_above),
        cmocka_unit_test(
            receivers_choose_sites_and_severity_and_nobody_is_told_twice),
        cmocka_unit_test(
            the_fleet_is_told_to_those_of_all_sites_or_to_everybody),
        cmocka_unit_test(without_receivers_webhooks_get_pages),
        cmocka_unit_test(without_mail_nobody_is_told),
        cmocka_unit_test(classes_have_their_severity),
    };

    return cmocka_run_group_tests_name("receivers", tests, NULL, NULL);
}
