/* key.c - reads the org key, and gives it to the client alone. */
#define _GNU_SOURCE /* secure_getenv, explicit_bzero */
#include "key.h"

#include "json.h"
#include "messages.h"
#include "signals.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char key_variable[] = "MACHINEID_ORG_KEY", file_variable[] = "MACHINEID_ORG_KEY_FILE";
/* Room for a key of 512 bytes and much white space around it. */
static char key[4096 + 2];
static const char *key_source = key_variable;

extern char **environ;

void become_unreadable(void) {
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) fail("prctl(PR_SET_DUMPABLE)");
}

/* The number of the descriptor that a path like /dev/fd/N names, or -1. */
static int number_of(const char *path) {
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    if (strcmp(path, "/dev/stdin") == 0) return STDIN_FILENO;
    for (size_t n = 0; n < sizeof folders / sizeof *folders; n++) {
        const char *digits = path + strlen(folders[n]);
        char *end;
        long number;
        if (strncmp(path, folders[n], strlen(folders[n])) != 0 || !isdigit((unsigned char)*digits)) continue;
        number = strtol(digits, &end, 10);
        return *end == '\0' && number < 1 << 20 ? (int)number : -1;
    }
    return -1;
}

/* Takes a descriptor away from the program, which could read the key from it again. */
static void withhold(int file) {
    int nothing;
    if (file > STDERR_FILENO) {
        (void)close(file);
        return;
    }
    nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0 || dup2(nothing, file) < 0) fail("/dev/null");
    (void)close(nothing);
}

/* Takes a descriptor away if it leads to this file. */
static void withhold_if(int number, const struct stat *file) {
    struct stat about;
    if (fstat(number, &about) == 0 && about.st_dev == file->st_dev && about.st_ino == file->st_ino) withhold(number);
}

/*
 * Takes every other descriptor of a regular file away as well: a path such as /proc/thread-self/fd/9 opens the file of
 * a descriptor once more, and a descriptor of the file may have been handed down beside its path. What comes from a
 * pipe or a socket cannot be read twice.
 */
static void withhold_all(int file) {
    struct stat own;
    const struct dirent *entry;
    DIR *folder;
    if (fstat(file, &own) != 0) fail("fstat");
    if (!S_ISREG(own.st_mode)) return;
    folder = opendir("/proc/self/fd");
    /* Without /proc, every number below the usual limit is tried. */
    for (int number = 0; folder == NULL && number < 65536; number++)
        if (number != file) withhold_if(number, &own);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        int number = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : -1;
        if (number >= 0 && number != file) withhold_if(number, &own);
    }
    if (folder != NULL) (void)closedir(folder);
}

/* Waits until there is more to read. A pipe may be silent for ever. */
static void await_more(int file, int signals) {
    static const struct terminal none = {-1, 0};
    int number = await_input(file, signals);
    struct ending ending = {128 + number, number};
    if (number != 0) end_by(ending, &none);
}

/*
 * Reads a whole file. /dev/fd/N and /dev/stdin name descriptors that were handed down. They are read without being
 * opened again, since this user may have no right to open the file. The program does not get such a descriptor.
 */
static void read_file(const char *path, const char *source, int signals) {
    /* Without O_NONBLOCK, opening a named pipe would wait for a writer. */
    static const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    int number = number_of(path);
    int file = number >= 0 ? number : open(path, flags);
    size_t length = 0;
    ssize_t more = 1;
    struct stat about;
    struct statvfs mount;
    key_source = source;
    /* The path would get into messages, and with them into logs. */
    if (strncmp(path, "org_", 4) == 0) wrong_use("%s takes the path of a file, and got what looks like a key", source);
    if (file < 0 || fstat(file, &about) != 0)
        wrong_use("%s: %s cannot be read: %s; give a file that this user may read", source, path, strerror(errno));
    if ((fcntl(file, F_GETFL) & O_ACCMODE) == O_WRONLY)
        wrong_use("%s: %s cannot be read: it is open for writing only; give a file with the org key", source, path);
    if (S_ISREG(about.st_mode) && (about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        wrong_use("%s: %s may be changed by other users; chmod go-w it", source, path);
    /* Containers get their secrets as files that everyone may read, on a mount that nobody can write to. */
    if (S_ISREG(about.st_mode) && (about.st_mode & S_IROTH) != 0 &&
        (fstatvfs(file, &mount) != 0 || (mount.f_flag & ST_RDONLY) == 0))
        wrong_use("%s: %s may be read by every user; chmod o-r it", source, path);
    while (length < sizeof key - 1 && more > 0) {
        await_more(file, signals);
        more = read(file, key + length, sizeof key - 1 - length);
        if (more < 0 && (errno == EINTR || errno == EAGAIN)) more = 1;
        else if (more > 0) length += (size_t)more;
    }
    if (more < 0) wrong_use("%s: %s cannot be read: %s; give a file with the org key", source, path, strerror(errno));
    if (length == sizeof key - 1)
        wrong_use("%s: %s is larger than %zu bytes; give a file with the org key alone", source, path, sizeof key - 2);
    if (strlen(key) != length) wrong_use("%s: %s holds a NUL; give a file with the org key alone", source, path);
    if (key[strspn(key, " \t\r\n\f\v")] == '\0') wrong_use("%s: %s is blank; put the org key into it", source, path);
    withhold_all(file);
    withhold(file);
}

static int is_blank(const char *text) { return text == NULL || text[strspn(text, " \t\r\n\f\v")] == '\0'; }

void read_key(const struct settings *settings, int signals) {
    const char *given = secure_getenv(file_variable), *folder = secure_getenv("CREDENTIALS_DIRECTORY");
    char path[4096];
    if (settings->key_file != NULL) {
        read_file(settings->key_file, "--key-file", signals);
        return;
    }
    if (!is_blank(given)) {
        /* As in mid_client_from_env(): which of two keys was meant cannot be known. */
        if (!is_blank(secure_getenv(key_variable)))
            wrong_use("%s and %s are both set; unset one of them", key_variable, file_variable);
        read_file(given, file_variable, signals);
        return;
    }
    if (!is_blank(folder) && snprintf(path, sizeof path, "%s/machineid-org-key", folder) < (int)sizeof path &&
        access(path, F_OK) == 0) {
        read_file(path, "CREDENTIALS_DIRECTORY", signals);
        return;
    }
    given = secure_getenv(key_variable);
    if (is_blank(given)) wrong_use("no org key; give --key-file FILE, or set %s or %s", file_variable, key_variable);
    if (strlen(given) > sizeof key - 2) wrong_use("%s is longer than an org key can be; correct it", key_variable);
    memcpy(key, given, strlen(given) + 1);
}

void clear_key_variables(void) {
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        char *value = strchr(*entry, '=');
        size_t length = value == NULL ? 0 : (size_t)(value - *entry);
        if ((length == sizeof key_variable - 1 && memcmp(*entry, key_variable, length) == 0) ||
            (length == sizeof file_variable - 1 && memcmp(*entry, file_variable, length) == 0))
            explicit_bzero(value + 1, strlen(value + 1));
    }
    (void)unsetenv(key_variable);
    (void)unsetenv(file_variable);
}

void forget_key(void) { explicit_bzero(key, sizeof key); }

/* Returns the options with MACHINEID_BASE_URL as their base_url, for free(), where mid_client_from_env() would use it;
 * otherwise NULL. */
static char *with_base_url(const char *options) {
    const char *url = secure_getenv("MACHINEID_BASE_URL");
    const char *rest = options == NULL ? "{}" : options + strspn(options, " \t\r\n");
    char *text = NULL;
    size_t size;
    FILE *to;
    if (is_blank(url) || *rest != '{' || json_member(rest, "base_url") != NULL) return NULL;
    rest += 1 + strspn(rest + 1, " \t\r\n");
    to = open_memstream(&text, &size);
    if (to == NULL) return NULL;
    fputs("{\"base_url\":", to);
    json_write(to, url);
    fprintf(to, "%s%s", *rest == '}' ? "" : ",", rest);
    if (fclose(to) == 0) return text;
    free(text);
    return NULL;
}

mid_status make_client(const struct settings *settings, mid_client **client, char **json, const char **culprit) {
    char *options = with_base_url(settings->client_options);
    mid_status status = mid_client_new(key, options != NULL ? options : settings->client_options, client, json);
    const char *message = json_member(*json, "message");
    if (status != MID_INVALID_OPTIONS) *culprit = key_source;
    else if (options != NULL && message != NULL && strncmp(message, "\"base_url", 9) == 0)
        *culprit = "MACHINEID_BASE_URL";
    else
        *culprit = settings->client_options != NULL ? "--options" : "the environment";
    forget_key();
    free(options);
    return status;
}
