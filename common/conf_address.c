#include "conf_address.h"

#include "address.h"
#include "text.h"

int
conf_take_targets(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct strlist list = {0};
    int rc = conf_take_strings(conf, key, node, &list);

    for (size_t i = 0; i < list.count && rc == 0; i++) {
        char host[ADDRESS_HOST_BYTES];
        uint16_t port;
        struct err err;

        if (address_take_host_port(list.items[i], host, &port, &err) == 0 &&
            address_is_ip(host))
            continue;
        conf_complain(conf, conf_nth(conf, node, i), key->name,
            "\"%.60s\" is not ADDRESS:PORT (such as 192.0.2.1:443)",
            list.items[i]);
        rc = -1;
    }
    if (rc != 0) {
        strlist_free(&list);
        return -1;
    }
    strlist_free(field);
    *(struct strlist *)field = list;
    return 0;
}

int
conf_take_servers(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct strlist given = {0};
    struct strlist list = {0};
    int rc = conf_take_strings(conf, key, node, &given);

    for (size_t i = 0; i < given.count && rc == 0; i++) {
        char server[ADDRESS_SERVER_BYTES];
        struct err err;

        rc = address_take_server(given.items[i], server, &err);
        if (rc != 0)
            conf_complain(
                conf, conf_nth(conf, node, i), key->name, "%s", err.msg);
        else
            rc = conf_add(conf, &list, server);
    }
    strlist_free(&given);
    if (rc != 0) {
        strlist_free(&list);
        return -1;
    }
    strlist_free(field);
    *(struct strlist *)field = list;
    return 0;
}
