#!/usr/bin/env python3
"""Writes hist_table.inc: the buckets of hist.h, in whole numbers only.

Bucket k (from 0) ends at 2^(i/64) s with i = k - 1279: its bound is the floor
of that in ns, and its estimate 2 b^i / (b + 1), b = 2^(1/64), is rounded to
the nearest femtosecond, so that no compiler's pow() has a say.
"""

BUCKETS = 28 * 64
FIRST = -20 * 64 + 1
FEMTO = 10**15
DIGITS = 10**40


def root64(n):
    """The floor of the 64th root of n."""
    low, high = 0, 1 << (n.bit_length() // 64 + 1)
    while low < high:
        middle = (low + high + 1) // 2
        if middle**64 <= n:
            low = middle
        else:
            high = middle - 1
    return low


def power(i, scale):
    """The floor of 2^(i/64) * scale."""
    n = scale**64
    return root64(n << i if i >= 0 else n >> -i)


def main():
    b = power(1, DIGITS)
    print("/* Made by hist_table.py.  {upper bound in ns, estimate in fs} */")
    print("/* clang-format off */")
    for k in range(BUCKETS):
        i = FIRST + k
        bound_ns = power(i, 10**9)
        top = power(i, DIGITS)
        twice = 4 * top * FEMTO
        estimate_fs = (twice + (b + DIGITS)) // (2 * (b + DIGITS))
        print("{INT64_C(%d), INT64_C(%d)}," % (bound_ns, estimate_fs))
    print("/* clang-format on */")


if __name__ == "__main__":
    main()
