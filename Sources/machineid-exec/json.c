/* json.c - reads members of an object whose syntax the library has checked, and writes strings. */
#include "json.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

static const char *skip_space(const char *at) { return at + strspn(at, " \t\r\n"); }

/* Takes the place of the opening quote, and returns the place after the closing one. */
static const char *skip_string(const char *at) {
    for (at++; *at != '\0' && *at != '"'; at++)
        if (*at == '\\' && at[1] != '\0') at++;
    return *at == '"' ? at + 1 : at;
}

static const char *skip_value(const char *at) {
    int depth = 0;
    for (; *at != '\0'; at++) {
        if (*at == '"') {
            at = skip_string(at);
            if (depth == 0) return at;
            at--;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (*at == '}' || *at == ']') {
            if (depth == 0) return at; /* the end of the object or array that holds the value */
            if (--depth == 0) return at + 1;
        } else if (*at == ',' && depth == 0) {
            return at;
        }
    }
    return at;
}

const char *json_member(const char *object, const char *key) {
    const char *at = object == NULL ? "" : skip_space(object);
    size_t length = strlen(key);
    if (*at != '{') return NULL;
    for (at = skip_space(at + 1); *at == '"'; at = skip_space(at + 1)) {
        const char *name = at + 1;
        const char *value;
        at = skip_space(skip_string(at));
        if (*at != ':') return NULL;
        value = skip_space(at + 1);
        if (strncmp(name, key, length) == 0 && name[length] == '"') return value;
        at = skip_space(skip_value(value));
        if (*at != ',') return NULL;
    }
    return NULL;
}

int json_string(const char *value, char *room, size_t size) {
    size_t used = 0;
    room[0] = '\0';
    if (value == NULL || *value != '"') return 0;
    for (const char *at = value + 1; *at != '\0' && *at != '"';) {
        size_t length = character_length(at);
        const char *from = at;
        if (*at == '\\' && at[1] != '\0') {
            at += at[1] == 'u' && strlen(at) >= 6 ? 6 : 2;
            from = strchr("\"\\/", from[1]) != NULL ? from + 1 : strchr("nrtbf", from[1]) != NULL ? " " : "?";
            length = 1;
        } else {
            at += length == 0 ? 1 : length;
            if (length == 0 || is_control(from)) from = "?", length = 1;
        }
        if (used + length >= size) break;
        memcpy(room + used, from, length);
        used += length;
    }
    room[used] = '\0';
    return 1;
}

double json_number(const char *value, double otherwise) {
    char *end;
    double number;
    if (value == NULL || strchr("-0123456789", *value) == NULL) return otherwise;
    number = strtod(value, &end);
    return end == value ? otherwise : number;
}

void json_write(FILE *to, const char *text) {
    if (text == NULL) {
        fputs("null", to);
        return;
    }
    fputc('"', to);
    while (*text != '\0') {
        size_t length = character_length(text);
        if (length == 0) fputs("\\ufffd", to);
        else if (is_control(text)) fprintf(to, "\\u%04x", (unsigned)(unsigned char)text[length - 1]);
        else if (*text == '"' || *text == '\\') fprintf(to, "\\%c", *text);
        else fwrite(text, 1, length, to);
        text += length == 0 ? 1 : length;
    }
    fputc('"', to);
}
