#include "sheet.h"

#include <stdlib.h>

#include "cm.h"

void
sheet_init(struct sheet *sheet)
{
    *sheet = (struct sheet){
        .paper.screen = {.terminal = true,
            .live = true,
            .color = true,
            .utf8 = true,
            .columns = 80},
    };
    sheet->paper.out = open_memstream(&sheet->text, &sheet->len);
    assert_non_null(sheet->paper.out);
}

void
sheet_free(struct sheet *sheet)
{
    (void)fclose(sheet->paper.out);
    free(sheet->text);
}

const char *
sheet_text(struct sheet *sheet)
{
    (void)fflush(sheet->paper.out);
    return sheet->text;
}
