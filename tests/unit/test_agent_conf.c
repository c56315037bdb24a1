#include "agent_conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "cm.h"
#include "file.h"

#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define NEEDED                                                                 \
    "endpoint: tcp://c.example:7411\ncollector_key: \"" KEY "\"\nname: eu1\n"

struct fixture {
    char dir[40];
    char parent[32];
};

static char told[4096];

static void
keep(void *ctx, const char *line)
{
    size_t len = strlen(told);

    (void)ctx;
    (void)snprintf(told + len, sizeof(told) - len, "%s\n", line);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return -1;
    strcpy(f->parent, "/tmp/leadline-agent-XXXXXX");
    assert_non_null(mkdtemp(f->parent));
    (void)snprintf(f->dir, sizeof(f->dir), "%s/eu1", f->parent);
    told[0] = '\0';
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    char path[64];

    (void)snprintf(path, sizeof(path), "%s/agent.yaml", f->dir);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/agent.key", f->dir);
    (void)unlink(path);
    (void)rmdir(f->dir);
    assert_int_equal(rmdir(f->parent), 0);
    free(f);
    return 0;
}

static struct agent_conf *
parse(const char *text)
{
    struct err err;

    told[0] = '\0';
    return agent_conf_parse("/d", text, strlen(text), keep, NULL, &err);
}

static const uint8_t collector_key[AGENT_CONF_KEY_BYTES] = {1, 2, 3, 0xff};

static struct agent_enrolled
enrolled(void)
{
    struct agent_enrolled out = {.endpoint = "tcp://c.example:7411",
        .name = "eu1",
        .collector_key = collector_key};

    memset(out.keys.public_key, 0xa5, AGENT_CONF_KEY_BYTES);
    memset(out.keys.secret_key, 0x5a, AGENT_CONF_KEY_BYTES);
    return out;
}

static void
what_enrol_writes_run_reads(void **state)
{
    struct fixture *f = *state;
    struct agent_enrolled in = enrolled();
    struct agent_conf *conf;
    char path[64];
    struct stat st;
    struct err err;

    assert_false(agent_conf_exists(f->dir));
    assert_ok(agent_conf_write(f->dir, &in, &err), err);
    assert_true(agent_conf_exists(f->dir));
    conf = agent_conf_read(f->dir, keep, NULL, &err);
    assert_made(conf, err);
    assert_string_equal(conf->endpoint, in.endpoint);
    assert_string_equal(conf->name, "eu1");
    assert_memory_equal(
        conf->collector_key, collector_key, sizeof(collector_key));
    assert_memory_equal(&conf->keys, &in.keys, sizeof(in.keys));
    (void)snprintf(path, sizeof(path), "%s/spool", f->dir);
    assert_string_equal(conf->spool_dir, path);
    (void)snprintf(path, sizeof(path), "%s/agent.key", f->dir);
    assert_string_equal(conf->key_path, path);
    assert_int_equal(conf->spool_cap_bytes, 256 << 20);
    assert_false(conf->self_check_given);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(f->dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    agent_conf_free(conf);
}

static void
a_second_enrolment_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct agent_enrolled in = enrolled();
    struct agent_conf *conf;
    struct err err;

    assert_ok(agent_conf_write(f->dir, &in, &err), err);
    memset(&in.keys, 7, sizeof(in.keys));
    assert_int_equal(agent_conf_write(f->dir, &in, &err), -1);
    assert_int_equal(err.code, ERR_STATE);
    conf = agent_conf_read(f->dir, keep, NULL, &err);
    assert_made(conf, err);
    assert_int_equal(conf->keys.secret_key[0], 0x5a);
    agent_conf_free(conf);
}

static void
keys_are_replaced_whole(void **state)
{
    struct fixture *f = *state;
    struct agent_enrolled in = enrolled();
    struct agent_conf *conf;
    struct err err;

    assert_ok(agent_conf_write(f->dir, &in, &err), err);
    conf = agent_conf_read(f->dir, keep, NULL, &err);
    assert_made(conf, err);
    memset(&in.keys, 7, sizeof(in.keys));
    assert_ok(agent_conf_write_keys(conf->key_path, &in.keys, &err), err);
    agent_conf_free(conf);
    conf = agent_conf_read(f->dir, keep, NULL, &err);
    assert_made(conf, err);
    assert_memory_equal(&conf->keys, &in.keys, sizeof(in.keys));
    agent_conf_free(conf);
}

static void
keys_open_to_others_or_damaged_are_refused(void **state)
{
    struct fixture *f = *state;
    struct agent_enrolled in = enrolled();
    char path[64];
    struct bytes garbage = {.data = (const uint8_t *)KEY "\n" KEY "x", 130};
    struct err err;

    assert_null(agent_conf_read(f->dir, keep, NULL, &err));
    assert_non_null(strstr(err.msg, "leadline-agent enrol TOKEN"));
    assert_ok(agent_conf_write(f->dir, &in, &err), err);
    (void)snprintf(path, sizeof(path), "%s/agent.key", f->dir);
    assert_int_equal(chmod(path, 0640), 0);
    assert_null(agent_conf_read(f->dir, keep, NULL, &err));
    assert_non_null(strstr(err.msg, "chmod 600"));
    assert_ok(file_write(path, garbage, 0600, &err), err);
    assert_null(agent_conf_read(f->dir, keep, NULL, &err));
    assert_int_equal(err.code, ERR_STATE);
    assert_int_equal(unlink(path), 0);
    assert_null(agent_conf_read(f->dir, keep, NULL, &err));
    assert_int_equal(err.code, ERR_SYS);
}

static void
a_token_with_odd_contents_writes_nothing(void **state)
{
    struct fixture *f = *state;
    struct agent_enrolled in = enrolled();
    struct err err;

    in.endpoint = "tcp://c.example:7411\"\nname: x\n#";
    assert_int_equal(agent_conf_write(f->dir, &in, &err), -1);
    assert_int_equal(err.code, ERR_PARSE);
    in.endpoint = "tcp://c.example:7411";
    in.name = "../x";
    assert_int_equal(agent_conf_write(f->dir, &in, &err), -1);
    assert_false(agent_conf_exists(f->dir));
}

static void
what_an_operator_adds_is_read(void **state)
{
    struct agent_conf *conf =
        parse(NEEDED "key_file: /etc/k\nspool: s\nspool_cap: 1GiB\n"
                     "bind: [127.0.0.2, '::1']\n"
                     "self_check: {targets: ['127.0.0.1:1', '[::1]:2'],\n"
                     "  resolvers: ['127.0.0.1:5353', '::1']}\n");

    (void)state;
    if (conf == NULL)
        fail_msg("%s", told);
    assert_string_equal(conf->key_path, "/etc/k");
    assert_string_equal(conf->spool_dir, "/d/s");
    assert_int_equal(conf->spool_cap_bytes, 1 << 30);
    assert_string_equal(conf->bind_ip4, "127.0.0.2");
    assert_string_equal(conf->bind_ip6, "::1");
    assert_true(conf->self_check_given);
    assert_false(conf->self_check_off);
    assert_string_equal(conf->self_check_targets.items[1], "[::1]:2");
    assert_string_equal(conf->self_check_resolvers.items[0], "127.0.0.1#5353");
    agent_conf_free(conf);
    conf = parse(NEEDED "self_check: \"off\"\nbind: ::1\n");
    assert_non_null(conf);
    assert_true(conf->self_check_off);
    assert_string_equal(conf->bind_ip4, "");
    agent_conf_free(conf);
    agent_conf_free(NULL);
}

static void
each_mistake_has_its_words(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"name: eu1\n", "endpoint: is missing"},
        {NEEDED "confine: maybe\n", "\"maybe\" is neither on nor off"},
        {NEEDED "confine: [off]\n", "confine"},
        {NEEDED "bind: 1.2.3\n", "bind: \"1.2.3\" is not an address"},
        {NEEDED "bind: [127.0.0.1, 127.0.0.2]\n", "two of IPv4"},
        {NEEDED "bind: [127.0.0.1, '::1', '::2']\n", "a list of 1 to 2"},
        {NEEDED "self_check: on\n", "neither off nor"},
        {NEEDED "self_check: {}\n", "targets: is missing"},
        {NEEDED "spool_cap: 1KiB\n", "is not a size"},
        {NEEDED "endpont: x\n", "(did you mean \"endpoint\"?)"},
        {"endpoint: ipc:///x\n", "is not an endpoint"},
        {"endpoint: tcp://c.example\n", "is not an endpoint"},
        {"collector_key: abc\n", "is not a key"},
        {"collector_key: " KEY "00\n", "is not a key"},
        {"name: a/b\n", "is not a name"},
        {"[]\n", "a map goes here"},
        {"", "there is nothing in it"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (parse(cases[i].text) != NULL)
            fail_msg("was taken: %s", cases[i].text);
        if (strstr(told, cases[i].says) == NULL)
            fail_msg("%s: said %s", cases[i].text, told);
        assert_int_equal(strncmp(told, "/d/agent.yaml", 13), 0);
    }
}

#define folder_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void
confining_is_on_unless_it_is_off(void **state)
{
    static const struct {
        const char *text;
        bool unconfined;
    } cases[] = {
        {NEEDED, false},
        {NEEDED "confine: on\n", false},
        {NEEDED "confine: off\n", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct agent_conf *conf = parse(cases[i].text);

        assert_non_null(conf);
        assert_int_equal(conf->unconfined, cases[i].unconfined);
        agent_conf_free(conf);
    }
}

static void
what_waits_for_the_next_start_is_named(void **state)
{
    static const struct {
        const char *more;
        const char *waiting;
        bool same_line;
    } cases[] = {
        {"", "", true},
        {"self_check: \"off\"\n", "", true},
        {"bind: 127.0.0.2\nspool_cap: 9MiB\n", "spool_cap,bind", true},
        {"key_file: k\nspool: s\nspool_cap: 9MiB\nbind: '::1'\n"
         "confine: off\n",
            "key_file,spool,spool_cap,bind,confine", true},
    };
    struct agent_conf *then = parse(NEEDED);
    struct agent_conf *moved =
        parse("endpoint: tcp://d.example:7411\ncollector_key: \"" KEY
              "\"\nname: eu1\n");

    (void)state;
    assert_non_null(then);
    assert_non_null(moved);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char waiting[AGENT_CONF_WAITING_BYTES];
        char text[512];
        struct agent_conf *now;

        (void)snprintf(text, sizeof(text), "%s%s", NEEDED, cases[i].more);
        now = parse(text);
        assert_non_null(now);
        agent_conf_put_waiting(then, now, waiting);
        assert_string_equal(waiting, cases[i].waiting);
        assert_int_equal(agent_conf_same_line(then, now), cases[i].same_line);
        agent_conf_free(now);
    }
    assert_false(agent_conf_same_line(then, moved));
    memcpy(moved->endpoint, then->endpoint, strlen(then->endpoint));
    assert_true(agent_conf_same_line(then, moved));
    moved->keys.secret_key[31] ^= 1; /* rotated by hand */
    assert_false(agent_conf_same_line(then, moved));
    agent_conf_free(moved);
    agent_conf_free(then);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(what_enrol_writes_run_reads),
        folder_test(a_second_enrolment_changes_nothing),
        folder_test(keys_are_replaced_whole),
        folder_test(keys_open_to_others_or_damaged_are_refused),
        folder_test(a_token_with_odd_contents_writes_nothing),
        cmocka_unit_test(what_an_operator_adds_is_read),
        cmocka_unit_test(each_mistake_has_its_words),
        cmocka_unit_test(confining_is_on_unless_it_is_off),
        cmocka_unit_test(what_waits_for_the_next_start_is_named),
    };

    return cmocka_run_group_tests_name("agent_conf", tests, NULL, NULL);
}
