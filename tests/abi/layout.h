/*
 * Every field of every struct that crosses, where it stands, on targets with pointers of 64 and of 32 bits. Written out
 * and not computed: a compiler agrees with these numbers, or does not compile. Once released, they never change, and
 * new fields go behind the last one, 8 bytes at a time. `tests/abi/rules.py` sees that no field is missing here.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <hyperbolic.h>

/* C99 and C++98 have no static assertion; an array of negative size is one. */
#define ASSERT(name, condition) typedef char name[(condition) ? 1 : -1]

/* AT(STRUCT, FIELD, OFFSET, SIZE, OFFSET WITH 32 BITS, SIZE WITH 32 BITS) */
#define AT(type, field, at64, size64, at32, size32) \
    ASSERT(type##_##field##_at, offsetof(struct type, field) == (sizeof(void *) == 8 ? (at64) : (at32))); \
    ASSERT(type##_##field##_size, sizeof(((struct type *)0)->field) == (sizeof(void *) == 8 ? (size64) : (size32)))

ASSERT(pointers_are_of_either_kind, sizeof(void *) == 8 || sizeof(void *) == 4);

AT(hb_event, struct_size, 0, 4, 0, 4);
AT(hb_event, kind, 4, 4, 4, 4);
AT(hb_event, op, 8, 8, 8, 8);
AT(hb_event, tag, 16, 8, 16, 8);
AT(hb_event, text, 24, 8, 24, 4);
AT(hb_event, text_len, 32, 8, 28, 4);
AT(hb_event, name, 40, 8, 32, 4);
AT(hb_event, id, 48, 8, 36, 4);
AT(hb_event, response, 56, 8, 40, 4);
AT(hb_event, error, 64, 8, 44, 4);
AT(hb_event, delay_ms, 72, 8, 48, 8);
AT(hb_event, choice, 80, 4, 56, 4);
AT(hb_event, tool_call, 84, 4, 60, 4);
AT(hb_event, attempt, 88, 4, 64, 4);
AT(hb_event, status, 92, 4, 68, 4);
ASSERT(hb_event_size, sizeof(struct hb_event) == (sizeof(void *) == 8 ? 96 : 72));

ASSERT(status_is_signed_32_bits, sizeof(hb_status) == 4 && (hb_status)-1 < 0);
ASSERT(op_is_unsigned_64_bits, sizeof(hb_op) == 8 && (hb_op)-1 > 0);
ASSERT(callbacks_are_pointers, sizeof(hb_event_fn) == sizeof(void *) && sizeof(hb_wakeup_fn) == sizeof(void *));
ASSERT(nul_is_a_length, sizeof HB_NUL == sizeof(size_t) && HB_NUL == (size_t)-1);

#endif
