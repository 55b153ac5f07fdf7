/* clockspeed.h - the real clock of the calling core, from a chain of dependent instructions.
 *
 * Cycle counters cannot be read in most virtual machines, but one dependent register addition
 * takes one cycle on every CPU this program knows, so n additions / time = Hz.  Register operands
 * only: Golden Cove and later fold additions of small constants at rename, in zero cycles. */
#ifndef HOST_CLOCKSPEED_H
#define HOST_CLOCKSPEED_H

#include <stdint.h>

/* Two kinds, so that a test can hold one against the other. */
enum clockspeed_chain {
    CLOCKSPEED_ADD,   /* add r, r: 1 cycle a link */
    CLOCKSPEED_SECOND /* x86: imul r, r, 3 cycles a link; Arm: eor, 1 cycle */
};

/* Nanoseconds that `links` dependent instructions took, rounded up to a multiple of 64 links. */
double clockspeed_chain_ns(enum clockspeed_chain kind, uint64_t links);

/* Hz from many short chains that last about `seconds` together (at least five; about 4 us each at
 * 3 GHz).  The median of them, so that an interrupt does not spoil it. */
double clockspeed_chain_hz(enum clockspeed_chain kind, double seconds);

/* As above with the additions. */
double clockspeed_hz(double seconds);

/* In about 20 us: the worker's clock_hz service. */
double clockspeed_now_hz(void);

#endif
