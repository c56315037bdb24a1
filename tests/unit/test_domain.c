#include "domain.h"

#include "cm.h"

static void
the_registrable_part_is_found(void **state)
{
    static const struct {
        const char *host;
        const char *domain; /* NULL: none */
    } cases[] = {
        {"www.shop.acme.example", "acme.example"},
        {"acme.example", "acme.example"},
        {"www.acme.co.uk", "acme.co.uk"},
        {"co.uk", NULL},
        {"com", NULL},
        {"localhost", NULL},
        {"192.0.2.1", NULL},
        {"2001:db8::1", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *domain = domain_registrable(cases[i].host);

        if (cases[i].domain == NULL)
            assert_null(domain);
        else
            assert_string_equal(domain, cases[i].domain);
    }
}

static void
neighbours_under_a_public_suffix_are_strangers(void **state)
{
    (void)state;
    assert_true(domain_same_owner("mail.acme.example", "www.acme.example"));
    assert_true(domain_same_owner("ACME.example", "acme.EXAMPLE"));
    assert_false(domain_same_owner("a.co.uk", "b.co.uk"));
    assert_false(domain_same_owner("co.uk", "co.uk"));
    assert_false(domain_same_owner("127.0.0.1", "127.0.0.1"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_registrable_part_is_found),
        cmocka_unit_test(neighbours_under_a_public_suffix_are_strangers),
    };

    return cmocka_run_group_tests_name("domain", tests, NULL, NULL);
}
