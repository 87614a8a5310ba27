/* text.c - reads UTF-8. */
#include "text.h"

size_t character_length(const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    size_t length = at[0] < 0x80 ? 1 : at[0] >= 0xC2 && at[0] < 0xE0 ? 2 : at[0] >= 0xE0 && at[0] < 0xF0 ? 3 : 4;
    if ((at[0] >= 0x80 && at[0] < 0xC2) || at[0] > 0xF4) return 0;
    for (size_t n = 1; n < length; n++)
        if ((at[n] & 0xC0) != 0x80) return 0;
    /* Longer than needed, a surrogate, or beyond U+10FFFF. */
    if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] >= 0xA0)) return 0;
    if ((at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] >= 0x90)) return 0;
    return length;
}

int is_control(const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    return at[0] < 0x20 || at[0] == 0x7F || (at[0] == 0xC2 && at[1] < 0xA0);
}

void write_plainly(FILE *to, const char *text) {
    while (*text != '\0') {
        size_t length = character_length(text);
        if (length != 0 && !is_control(text)) {
            fwrite(text, 1, length, to);
        } else {
            /* The second byte of U+0080 to U+009F is its number. */
            if (length == 2) text++;
            fprintf(to, "\\x%02x", (unsigned)(unsigned char)*text);
            length = 1;
        }
        text += length;
    }
}
