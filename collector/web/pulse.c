#include "pulse.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"

struct pulse {
    struct writer *writer; /* borrowed */
    pthread_mutex_t lock;  /* over the rest */
    struct intake_counts intake;
    int64_t beat_ns;
    bool refused;
};

struct pulse *
pulse_new(struct writer *writer, struct err *err)
{
    struct pulse *pulse = calloc(1, sizeof(*pulse));

    if (pulse == NULL) {
        err_set(err, ERR_NOMEM, "pulse");
        return NULL;
    }
    pulse->writer = writer;
    pulse->beat_ns = clock_mono_ns();
    (void)pthread_mutex_init(&pulse->lock, NULL);
    return pulse;
}

void
pulse_free(struct pulse *pulse)
{
    if (pulse == NULL)
        return;
    (void)pthread_mutex_destroy(&pulse->lock);
    free(pulse);
}

void
pulse_beat(struct pulse *pulse, const struct intake_counts *counts)
{
    (void)pthread_mutex_lock(&pulse->lock);
    pulse->intake = *counts;
    pulse->beat_ns = clock_mono_ns();
    (void)pthread_mutex_unlock(&pulse->lock);
}

void
pulse_set_refused(struct pulse *pulse, bool refused)
{
    (void)pthread_mutex_lock(&pulse->lock);
    pulse->refused = refused;
    (void)pthread_mutex_unlock(&pulse->lock);
}

void
pulse_read(struct pulse *pulse, struct pulse_reading *out)
{
    *out = (struct pulse_reading){0};
    (void)pthread_mutex_lock(&pulse->lock);
    out->intake = pulse->intake;
    out->loop_age_ns = clock_mono_ns() - pulse->beat_ns;
    out->refused = pulse->refused;
    (void)pthread_mutex_unlock(&pulse->lock);
    writer_health(pulse->writer, &out->writer);
    out->writer_waiting_bytes = writer_waiting_bytes(pulse->writer);
}

bool
pulse_is_well(const struct pulse_reading *reading, int64_t now_ns,
    char reason[PULSE_REASON_BYTES])
{
    int64_t writer_age_ns = now_ns - reading->writer.committed_ns;

    reason[0] = '\0';
    if (reading->writer.failing)
        (void)snprintf(reason, PULSE_REASON_BYTES,
            "the store cannot be written: %s", reading->writer.err.msg);
    else if (reading->loop_age_ns > PULSE_LOOP_MAX_MS * NS_PER_MS)
        (void)snprintf(reason, PULSE_REASON_BYTES,
            "the loop has not turned for %" PRId64 " s",
            reading->loop_age_ns / NS_PER_SEC);
    else if (writer_age_ns > PULSE_WRITER_MAX_MS * NS_PER_MS)
        (void)snprintf(reason, PULSE_REASON_BYTES,
            "nothing has been committed for %" PRId64 " s",
            writer_age_ns / NS_PER_SEC);
    return reason[0] == '\0';
}
