/*
 * civil.h - the Gregorian calendar as arithmetic.  Pure; knows no zone.
 *
 * By counting eras of 400 years that begin in March, so that leap days come
 * last (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
 */
#ifndef COMMON_CIVIL_H
#define COMMON_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define CIVIL_MS_PER_DAY INT64_C(86400000)

/* Days since 1970-01-01; before it, negative.  `month` is 1..12. */
int64_t civil_days(int64_t year, int64_t month, int64_t day);
void civil_from_days(int64_t days, int64_t *year, int64_t *month, int64_t *day);

bool civil_is_leap(int64_t year);
int civil_month_days(int64_t year, int month);

/* A date that exists. */
bool civil_is_date(int64_t year, int month, int day);

/* 0 Sunday .. 6 Saturday. */
int civil_weekday(int64_t days);

#endif
