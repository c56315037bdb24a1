#include "civil.h"

enum { DAYS_PER_ERA = 146097, DAYS_TO_1970 = 719468 };

int64_t
civil_days(int64_t year, int64_t month, int64_t day)
{
    int64_t era;
    int64_t year_of_era;
    int64_t day_of_year;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    year_of_era = year - era * 400;
    day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 -
           year_of_era / 100 + day_of_year - DAYS_TO_1970;
}

void
civil_from_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    int64_t era;
    int64_t day_of_era;
    int64_t year_of_era;
    int64_t day_of_year;
    int64_t shifted;

    days += DAYS_TO_1970;
    era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    day_of_era = days - era * DAYS_PER_ERA;
    year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                      day_of_era / 146096) /
                  365;
    day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    shifted = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

bool
civil_is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int
civil_month_days(int64_t year, int month)
{
    static const int lengths[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return lengths[month - 1] + (month == 2 && civil_is_leap(year));
}

bool
civil_is_date(int64_t year, int month, int day)
{
    if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1)
        return false;
    return day <= civil_month_days(year, month);
}

int
civil_weekday(int64_t days)
{
    int64_t weekday = (days + 4) % 7; /* 1970-01-01 was a Thursday */

    return (int)(weekday < 0 ? weekday + 7 : weekday);
}
