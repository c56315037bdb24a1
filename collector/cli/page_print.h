/*
 * page_print.h - a page on paper: figures with what they are worth, and the
 * waterfall they come from; bars on a terminal, a line of text a request
 * elsewhere.  What a bar stands for is said by its letter too, for those who
 * see no colour.
 */
#ifndef COLLECTOR_PAGE_PRINT_H
#define COLLECTOR_PAGE_PRINT_H

#include "page_told.h"
#include "paper.h"

void page_print(const struct paper *paper, const struct page_told *told);

#endif
