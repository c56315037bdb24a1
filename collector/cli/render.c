#include "render.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "text.h"

void
render_moment(const json_t *value, char *out, size_t size)
{
    const char *text = json_string_value(value);

    if (text == NULL || strlen(text) < 19) {
        (void)snprintf(out, size, "-");
        return;
    }
    (void)snprintf(out, size, "%.10s %.8s", text, text + 11);
}

void
render_age(const struct cli *cli, const json_t *value, char *out, size_t size)
{
    const char *text = json_string_value(value);
    int64_t now_unix_ms = cli->has_now ? cli->now_unix_ms : clock_unix_ms();
    int64_t then_unix_ms;
    struct err err;

    if (text == NULL ||
        text_take_moment(text, now_unix_ms, &then_unix_ms, &err) != 0) {
        (void)snprintf(out, size, "-");
        return;
    }
    now_unix_ms -= then_unix_ms;
    /* Two units say enough: nobody wants the seconds of a day. */
    if (now_unix_ms >= INT64_C(86400000))
        now_unix_ms -= now_unix_ms % 3600000;
    else if (now_unix_ms >= 3600000)
        now_unix_ms -= now_unix_ms % 60000;
    else
        now_unix_ms -= now_unix_ms % 1000;
    text_put_span(now_unix_ms > 0 ? now_unix_ms : 0, out, size);
}

void
render_percent(const json_t *value, char *out, size_t size)
{
    int64_t thousandths;

    if (!json_is_number(value)) {
        (void)snprintf(out, size, "-");
        return;
    }
    /* The slack undoes the binary fraction of a decimal, nothing more. */
    thousandths = (int64_t)(json_number_value(value) * 100000.0 + 1e-6);
    (void)snprintf(out, size, "%" PRId64 ".%03d %%", thousandths / 1000,
        (int)(thousandths % 1000));
}

const char *
render_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "-";
}

double
render_us(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return json_is_number(value) ? json_number_value(value) : -1.0;
}
