#include "starttls.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "text.h"

static enum starttls_step __attribute__((format(printf, 2, 3)))
fail(struct starttls *dialogue, const char *fmt, ...)
{
    char words[FACTS_TEXT_BYTES];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    text_put_harmless(
        words, strlen(words), dialogue->detail, sizeof(dialogue->detail));
    return STARTTLS_FAILED;
}

/* What the server owes us. */
static const char *
owed(const struct starttls *dialogue)
{
    static const char *const what[] = {
        [STARTTLS_GREETING] = "its greeting",
        [STARTTLS_ABILITIES] = "saying what it can",
        [STARTTLS_ANSWER] = "its answer to STARTTLS",
    };

    return what[dialogue->awaits];
}

/* The server said what ends it; its own words are the best there are. */
static enum starttls_step
refused(struct starttls *dialogue)
{
    static const char *const what[] = {
        [STARTTLS_GREETING] = "greets with",
        [STARTTLS_ABILITIES] = "does not say what it can",
        [STARTTLS_ANSWER] = "refuses STARTTLS",
    };

    return fail(dialogue, "the server %s: %.160s", what[dialogue->awaits],
        dialogue->line);
}

static enum starttls_step
not_offered(struct starttls *dialogue)
{
    return fail(dialogue, "STARTTLS is not among what the server offers");
}

static enum starttls_step
say(struct starttls *dialogue, enum starttls_awaits next, const char *verb,
    const char *argument)
{
    (void)snprintf(dialogue->command, sizeof(dialogue->command), "%s%s\r\n",
        verb, argument);
    dialogue->awaits = next;
    return STARTTLS_SEND;
}

/* True if one of the words of `text` is this one, whatever its case. */
static bool
has_word(const char *text, const char *word)
{
    size_t word_len = strlen(word);

    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        if (len == word_len && strncasecmp(text, word, len) == 0)
            return true;
        text += len;
        text += strspn(text, " ");
    }
    return false;
}

static bool
begins_with(const char *text, const char *beginning)
{
    return strncasecmp(text, beginning, strlen(beginning)) == 0;
}

/* ---- SMTP: "250-text", and "250 text" for the last line ---- */

/* The answer's number, or -1. */
static int
smtp_code(const char *line)
{
    int code = 0;

    for (int i = 0; i < 3; i++) {
        if (!isdigit((unsigned char)line[i]))
            return -1;
        code = code * 10 + (line[i] - '0');
    }
    return line[3] == '\0' || line[3] == ' ' || line[3] == '-' ? code : -1;
}

/* The last line of an answer. */
static enum starttls_step
take_smtp_answer(struct starttls *dialogue, int code)
{
    switch (dialogue->awaits) {
    case STARTTLS_GREETING:
        if (code != 220)
            return refused(dialogue);
        return say(dialogue, STARTTLS_ABILITIES, "EHLO ", dialogue->own_name);
    case STARTTLS_ABILITIES:
        if (code != 250)
            return refused(dialogue);
        if (!dialogue->offered)
            return not_offered(dialogue);
        return say(dialogue, STARTTLS_ANSWER, "STARTTLS", "");
    case STARTTLS_ANSWER:
        return code == 220 ? STARTTLS_GO : refused(dialogue);
    }
    return STARTTLS_FAILED;
}

static enum starttls_step
take_smtp(struct starttls *dialogue)
{
    const char *line = dialogue->line;
    int code = smtp_code(line);

    if (code < 0 || (dialogue->code != 0 && code != dialogue->code))
        return fail(dialogue, "this is no answer of SMTP: %.160s", line);
    if (dialogue->awaits == STARTTLS_ABILITIES && code == 250 &&
        line[3] != '\0' && has_word(line + 4, "STARTTLS"))
        dialogue->offered = true;
    if (line[3] == '-') {
        dialogue->code = code;
        return STARTTLS_READ;
    }
    dialogue->code = 0;
    return take_smtp_answer(dialogue, code);
}

/* ---- IMAP: "* ..." at any time, "TAG OK ..." for an answer ---- */

static enum starttls_step
take_imap_greeting(struct starttls *dialogue)
{
    if (begins_with(dialogue->line, "* OK"))
        return say(dialogue, STARTTLS_ABILITIES, "a1 CAPABILITY", "");
    if (begins_with(dialogue->line, "* PREAUTH") ||
        begins_with(dialogue->line, "* BYE"))
        return refused(dialogue);
    return fail(
        dialogue, "this is no greeting of IMAP: %.160s", dialogue->line);
}

static enum starttls_step
take_imap(struct starttls *dialogue)
{
    const char *line = dialogue->line;
    bool asks = dialogue->awaits == STARTTLS_ABILITIES;

    if (dialogue->awaits == STARTTLS_GREETING)
        return take_imap_greeting(dialogue);
    if (begins_with(line, "* BYE"))
        return refused(dialogue);
    if (begins_with(line, "* CAPABILITY ") && has_word(line, "STARTTLS"))
        dialogue->offered = true;
    if (line[0] == '*')
        return STARTTLS_READ;
    if (!begins_with(line, asks ? "a1 " : "a2 "))
        return fail(dialogue, "this is no answer of IMAP: %.160s", line);
    if (!begins_with(line + 3, "OK"))
        return refused(dialogue);
    if (!asks)
        return STARTTLS_GO;
    if (!dialogue->offered)
        return not_offered(dialogue);
    return say(dialogue, STARTTLS_ANSWER, "a2 STARTTLS", "");
}

/* ---- POP3: "+OK ..." or "-ERR ..." ---- */

static enum starttls_step
take_pop3(struct starttls *dialogue)
{
    if (begins_with(dialogue->line, "-ERR"))
        return refused(dialogue);
    if (!begins_with(dialogue->line, "+OK"))
        return fail(
            dialogue, "this is no answer of POP3: %.160s", dialogue->line);
    if (dialogue->awaits == STARTTLS_ANSWER)
        return STARTTLS_GO;
    return say(dialogue, STARTTLS_ANSWER, "STLS", "");
}

/* ---- lines ---- */

static enum starttls_step
take_line(struct starttls *dialogue)
{
    if (dialogue->line_len > 0 &&
        dialogue->line[dialogue->line_len - 1] == '\r')
        dialogue->line_len--;
    dialogue->line[dialogue->line_len] = '\0';
    dialogue->line_len = 0;
    if (++dialogue->lines > STARTTLS_LINES_MAX)
        return fail(
            dialogue, "more than %d lines before TLS", STARTTLS_LINES_MAX);
    switch (dialogue->protocol) {
    case CHECK_STARTTLS_SMTP:
        return take_smtp(dialogue);
    case CHECK_STARTTLS_IMAP:
        return take_imap(dialogue);
    case CHECK_STARTTLS_POP3:
        return take_pop3(dialogue);
    case CHECK_STARTTLS_BY_PORT:
    case CHECK_STARTTLS_NONE:
    case CHECK_STARTTLS_COUNT:
        break;
    }
    return fail(dialogue, "there is no such dialogue");
}

static enum starttls_step
take_byte(struct starttls *dialogue, char byte)
{
    if (byte == '\n')
        return take_line(dialogue);
    if (byte == '\0')
        return fail(dialogue, "this is not text");
    if (dialogue->line_len == sizeof(dialogue->line) - 1)
        return fail(dialogue,
            "the server writes a line of more than %d bytes, before %s",
            STARTTLS_LINE_MAX - 1, owed(dialogue));
    dialogue->line[dialogue->line_len++] = byte;
    return STARTTLS_READ;
}

/* What stands behind the last line that was awaited. */
static enum starttls_step
out_of_turn(struct starttls *dialogue, enum starttls_step step)
{
    if (step == STARTTLS_GO)
        return fail(dialogue,
            "plain text follows the answer to STARTTLS, as if it were "
            "encrypted: somebody may have put it there");
    return fail(dialogue, "the server speaks before it is asked");
}

void
starttls_init(struct starttls *dialogue, enum check_starttls protocol,
    const char *own_name)
{
    *dialogue = (struct starttls){.protocol = protocol};
    (void)snprintf(
        dialogue->own_name, sizeof(dialogue->own_name), "%s", own_name);
}

enum starttls_step
starttls_take(struct starttls *dialogue, const char *bytes, size_t len)
{
    enum starttls_step wanted = STARTTLS_READ;

    for (size_t i = 0; i < len; i++) {
        enum starttls_step step;

        /* IMAP may say something of its own accord at any time. */
        if (wanted != STARTTLS_READ && dialogue->line_len == 0 &&
            (wanted != STARTTLS_SEND ||
                dialogue->protocol != CHECK_STARTTLS_IMAP || bytes[i] != '*'))
            return out_of_turn(dialogue, wanted);
        step = take_byte(dialogue, bytes[i]);
        if (step == STARTTLS_FAILED)
            return step;
        if (step != STARTTLS_READ)
            wanted = step;
    }
    return wanted;
}

static bool
is_smtp(const struct starttls *dialogue)
{
    return dialogue->protocol == CHECK_STARTTLS_SMTP;
}

enum measure_reason
starttls_reason(const struct starttls *dialogue)
{
    if (!is_smtp(dialogue))
        return REASON_TLS_PROTOCOL;
    return dialogue->awaits == STARTTLS_GREETING ? REASON_SMTP_BANNER
                                                 : REASON_SMTP_STARTTLS;
}

/* What came of the line that was not ended, or of the answer. */
static enum starttls_step
broke_off(struct starttls *dialogue, const char *how)
{
    if (dialogue->line_len > 0)
        return fail(dialogue,
            "the server %s after %zu bytes of a line without an end, before %s",
            how, dialogue->line_len, owed(dialogue));
    if (dialogue->code != 0)
        return fail(
            dialogue, "the server %s in the middle of %s", how, owed(dialogue));
    return fail(dialogue, "the server %s before %s", how, owed(dialogue));
}

enum measure_reason
starttls_closed(struct starttls *dialogue)
{
    (void)broke_off(dialogue, "closed the connection");
    return is_smtp(dialogue) ? starttls_reason(dialogue) : REASON_TLS_RESET;
}

enum measure_reason
starttls_timed_out(struct starttls *dialogue)
{
    (void)broke_off(
        dialogue, dialogue->line_len > 0 ? "was still writing" : "was silent");
    return is_smtp(dialogue) ? REASON_SMTP_TIMEOUT : REASON_TLS_TIMEOUT;
}

const char *
starttls_farewell(enum check_starttls protocol)
{
    switch (protocol) {
    case CHECK_STARTTLS_SMTP:
    case CHECK_STARTTLS_POP3:
        return "QUIT\r\n";
    case CHECK_STARTTLS_IMAP:
        return "a3 LOGOUT\r\n";
    case CHECK_STARTTLS_BY_PORT:
    case CHECK_STARTTLS_NONE:
    case CHECK_STARTTLS_COUNT:
        break;
    }
    return "";
}
