/* text.c - reads UTF-8, and finds what looks like an org key. */
#include "text.h"

#include <string.h>

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

static const char prefix[] = "org_", name[] = "org_key";

/* Whether org_ after this byte is inside a word. The bytes from '.' to ':' are '.', '/', the digits and ':'. */
static int is_before_no_key(char byte) {
    char lower = (char)(byte | 0x20);
    return (lower >= 'a' && lower <= 'z') || byte == '_' || (byte >= '.' && byte <= ':');
}

/* Whether a key can contain this byte. */
static int is_of_key(char byte) { return byte > ' ' && byte < 0x7F && strchr("\"'(),:;<>[\\]{}", byte) == NULL; }

const char *find_key(const char *text, size_t *length) {
    for (const char *at = text; (at = strstr(at, prefix)) != NULL; at++) {
        const char *end = at + sizeof prefix - 1;
        if (at != text && is_before_no_key(at[-1])) continue;
        /* In org_... the key has been hidden already. */
        if (*end == '.') continue;
        while (is_of_key(*end)) end++;
        *length = (size_t)(end - at);
        /* The library's own name for a key. */
        if (*length == sizeof name - 1 && strncmp(at, name, *length) == 0) continue;
        if (*length > sizeof prefix - 1 && (*end != ':' || (unsigned char)end[1] <= ' ')) return at;
    }
    return NULL;
}

void hide_keys(char *text) {
    static const char hidden[] = "org_...";
    const char *found;
    size_t length;
    /* A key that is shorter than what is written in its place leaves room for part of that only. */
    while ((found = find_key(text, &length)) != NULL) {
        char *at = text + (found - text);
        size_t written = length < sizeof hidden - 1 ? length : sizeof hidden - 1;
        memcpy(at, hidden, written);
        memmove(at + written, at + length, strlen(at + length) + 1);
        text = at + written;
    }
}
