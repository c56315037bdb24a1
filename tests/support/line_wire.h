/*
 * line_wire.h - what is under way between an uplink and a fake collector.
 *
 * The line is real, its time is not: a test that moves the clock on while a
 * message is still in a socket would test how fast this machine is.  So
 * everything that either end sends or takes is counted, by the linker's
 * --wrap around uplink_socket.h and fake_collector.h; link line_bench and it
 * is.  There is one uplink at a time.
 */
#ifndef TESTS_LINE_WIRE_H
#define TESTS_LINE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

/* The date jumps by so much, for everybody who asks clock_unix_ms(). */
void line_wire_set_date(int64_t ahead_ms);

/* Nothing is under way, either way, and no handshake either. */
bool line_wire_is_still(void);

#endif
