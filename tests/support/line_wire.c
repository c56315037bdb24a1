#include "line_wire.h"

#include <stddef.h>

#include "fake_collector.h"
#include "uplink_socket.h"

/* Of the uplink's present socket; a message that goes with it is forgotten. */
static struct {
    const struct uplink_socket *dealer; /* borrowed; NULL: none */
    bool shaking_hands; /* it has neither come to speak nor failed */
    unsigned to_agent;
    unsigned to_collector;
} wire;

static int64_t date_ahead_ms;

/* What the linker calls the wrapped and the wrapping. */
struct uplink_socket *__real_uplink_socket_open(struct uplink_socket_home *home,
    const struct uplink_socket_spec *spec, struct err *err);
struct uplink_socket *__wrap_uplink_socket_open(struct uplink_socket_home *home,
    const struct uplink_socket_spec *spec, struct err *err);
void __real_uplink_socket_close(struct uplink_socket *dealer, int linger_ms);
void __wrap_uplink_socket_close(struct uplink_socket *dealer, int linger_ms);
enum uplink_socket_event __real_uplink_socket_next_event(
    struct uplink_socket *dealer);
enum uplink_socket_event __wrap_uplink_socket_next_event(
    struct uplink_socket *dealer);
int __real_uplink_socket_send(
    struct uplink_socket *dealer, struct bytes frame, struct err *err);
int __wrap_uplink_socket_send(
    struct uplink_socket *dealer, struct bytes frame, struct err *err);
int __real_uplink_socket_receive(
    struct uplink_socket *dealer, struct bytes *frame);
int __wrap_uplink_socket_receive(
    struct uplink_socket *dealer, struct bytes *frame);
bool __real_fake_collector_next(
    struct fake_collector *fake, struct wire_msg *msg);
bool __wrap_fake_collector_next(
    struct fake_collector *fake, struct wire_msg *msg);
void __real_fake_collector_send(
    struct fake_collector *fake, const struct wire_msg *msg);
void __wrap_fake_collector_send(
    struct fake_collector *fake, const struct wire_msg *msg);
void __real_fake_collector_send_bytes(
    struct fake_collector *fake, const void *data, size_t len);
void __wrap_fake_collector_send_bytes(
    struct fake_collector *fake, const void *data, size_t len);
int64_t __real_clock_unix_ms(void);
int64_t __wrap_clock_unix_ms(void);

int64_t
__wrap_clock_unix_ms(void)
{
    return __real_clock_unix_ms() + date_ahead_ms;
}

void
line_wire_set_date(int64_t ahead_ms)
{
    date_ahead_ms = ahead_ms;
}

bool
line_wire_is_still(void)
{
    return !wire.shaking_hands && wire.to_agent == 0 && wire.to_collector == 0;
}

static void
begin(const struct uplink_socket *dealer)
{
    wire.dealer = dealer;
    wire.shaking_hands = dealer != NULL;
    wire.to_agent = 0;
    wire.to_collector = 0;
}

struct uplink_socket *
__wrap_uplink_socket_open(struct uplink_socket_home *home,
    const struct uplink_socket_spec *spec, struct err *err)
{
    struct uplink_socket *dealer = __real_uplink_socket_open(home, spec, err);

    begin(dealer);
    return dealer;
}

void
__wrap_uplink_socket_close(struct uplink_socket *dealer, int linger_ms)
{
    if (dealer == wire.dealer)
        begin(NULL);
    __real_uplink_socket_close(dealer, linger_ms);
}

enum uplink_socket_event
__wrap_uplink_socket_next_event(struct uplink_socket *dealer)
{
    enum uplink_socket_event event = __real_uplink_socket_next_event(dealer);

    /* One that is connected ends the handshake by saying HELLO. */
    if (event != UPLINK_SOCKET_QUIET && event != UPLINK_SOCKET_CONNECTED)
        begin(NULL);
    return event;
}

int
__wrap_uplink_socket_send(
    struct uplink_socket *dealer, struct bytes frame, struct err *err)
{
    int rc = __real_uplink_socket_send(dealer, frame, err);

    if (rc == 1) {
        wire.shaking_hands = false;
        wire.to_collector++;
    }
    return rc;
}

int
__wrap_uplink_socket_receive(struct uplink_socket *dealer, struct bytes *frame)
{
    int rc = __real_uplink_socket_receive(dealer, frame);

    if (rc != 0 && wire.to_agent > 0)
        wire.to_agent--;
    return rc;
}

bool
__wrap_fake_collector_next(struct fake_collector *fake, struct wire_msg *msg)
{
    bool came = __real_fake_collector_next(fake, msg);

    if (came && wire.to_collector > 0)
        wire.to_collector--;
    return came;
}

void
__wrap_fake_collector_send(
    struct fake_collector *fake, const struct wire_msg *msg)
{
    wire.to_agent++;
    __real_fake_collector_send(fake, msg);
}

void
__wrap_fake_collector_send_bytes(
    struct fake_collector *fake, const void *data, size_t len)
{
    wire.to_agent++;
    __real_fake_collector_send_bytes(fake, data, len);
}
