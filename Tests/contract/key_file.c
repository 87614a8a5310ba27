/*
 * MACHINEID_ORG_KEY_FILE: which files mid_client_from_env() takes the org key from, and what it says of the others.
 *
 *     key_file FOLDER      tests with files in this empty folder
 *     key_file --is FILE   prints the status of a client with this file
 */
#include "from_env.h"

#include <fcntl.h>
#include <sys/stat.h>

static char path[512], linked[512];

static void write_file(const char *bytes, size_t count, mode_t mode) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    check_need(file >= 0 && write(file, bytes, count) == (ssize_t)count && fchmod(file, mode) == 0, path);
    check_need(close(file) == 0, "close");
}

/* The key that a client sends is the one in the file, without the white space around it. */
static void expect_client(void) {
    mid_client *client = check_client(NULL);
    int allowed = 0;
    CHECK_STATUS(MID_OK, mid_validate(client, "unregistered", &allowed, NULL));
    mid_client_free(client);
}

static void contents(const char *key) {
    static char large[4097];
    char padded[256];
    check_about = "contents";
    write_file(key, strlen(key), 0600);
    expect_client();
    (void)snprintf(padded, sizeof padded, "\xC2\xA0 \t%s\r\n\n", key);
    write_file(padded, strlen(padded), 0600);
    expect_client();
    write_file("", 0, 0600);
    expect_no_client(NULL, MID_NO_ORG_KEY, "MACHINEID_ORG_KEY_FILE names is empty");
    write_file(" \n", 2, 0600);
    expect_no_client(NULL, MID_NO_ORG_KEY, "MACHINEID_ORG_KEY_FILE names is empty");
    write_file("org_s3cret\0\n", 12, 0600);
    expect_no_client(NULL, MID_NO_ORG_KEY, "holds a NUL");
    write_file("org_s3cret\norg_s3cret\n", 22, 0600);
    expect_no_client(NULL, MID_INVALID_ARGUMENT, "MACHINEID_ORG_KEY_FILE names has a space, control or non-ASCII");
    memset(large, '\n', sizeof large);
    memcpy(large, key, strlen(key));
    write_file(large, 4096, 0600);
    expect_client();
    write_file(large, 4097, 0600);
    expect_no_client(NULL, MID_NO_ORG_KEY, "larger than 4096 bytes");
}

static void modes(const char *key) {
    static const struct {
        mode_t mode;
        const char *part; /* NULL: the file is read */
    } cases[] = {
        {0400, NULL},           {0600, NULL},           {0440, NULL},           {0640, NULL},
        {0644, "read by everyone"}, {0604, "read by everyone"}, {0444, "read by everyone"},
        {0620, "changed by others"}, {0602, "changed by others"}, {0666, "changed by others"},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        char about[16];
        (void)snprintf(about, sizeof about, "mode %o", (unsigned)cases[n].mode);
        check_about = about;
        write_file(key, strlen(key), cases[n].mode);
        if (cases[n].part == NULL) expect_client();
        else expect_no_client(NULL, MID_NO_ORG_KEY, cases[n].part);
        /* A program that is not root could not write the next one. */
        check_need(unlink(path) == 0, "unlink");
        check_about = "";
    }
}

static void other_files(const char *key) {
    check_about = "other files";
    write_file(key, strlen(key), 0600);
    check_need(symlink(path, linked) == 0, "symlink");
    set("MACHINEID_ORG_KEY_FILE", linked);
    expect_client();
    check_need(unlink(path) == 0, "unlink");
    expect_no_client(NULL, MID_NO_ORG_KEY, "cannot be read: ");
    expect_no_client(NULL, MID_NO_ORG_KEY, "No such file or directory");
    set("MACHINEID_ORG_KEY_FILE", path);
    check_need(mkfifo(path, 0600) == 0, "mkfifo");
    expect_no_client(NULL, MID_NO_ORG_KEY, "must be a regular file");
    check_need(unlink(path) == 0, "unlink");
    set("MACHINEID_ORG_KEY_FILE", "/");
    expect_no_client(NULL, MID_NO_ORG_KEY, "must be a regular file");
    /* The key itself instead of a path. */
    set("MACHINEID_ORG_KEY_FILE", "org_s3cret");
    expect_no_client(NULL, MID_NO_ORG_KEY, "(it looks like an org key)");
}

/* A blank variable counts as not set; and with env_var the file is not read. */
static void both(const char *key) {
    check_about = "both variables";
    write_file(key, strlen(key), 0600);
    set("MACHINEID_ORG_KEY_FILE", path);
    set("MACHINEID_ORG_KEY", "org_s3cret");
    expect_no_client(NULL, MID_NO_ORG_KEY, "MACHINEID_ORG_KEY and MACHINEID_ORG_KEY_FILE are both set");
    set("MACHINEID_ORG_KEY", " ");
    expect_client();
    set("MACHINEID_ORG_KEY", key);
    set("MACHINEID_ORG_KEY_FILE", " ");
    expect_client();
    set("MACHINEID_ORG_KEY_FILE", path);
    expect_no_client("{\"env_var\":\"OTHER_KEY\"}", MID_NO_ORG_KEY, "OTHER_KEY is not set");
    set("MACHINEID_ORG_KEY", NULL);
    set("MACHINEID_ORG_KEY_FILE", NULL);
    expect_no_client(NULL, MID_NO_ORG_KEY, "MACHINEID_ORG_KEY is not set");
}

int main(int count, char **arguments) {
    if (count == 3 && strcmp(arguments[1], "--is") == 0) {
        mid_client *client = NULL;
        set("MACHINEID_ORG_KEY", NULL);
        set("MACHINEID_ORG_KEY_FILE", arguments[2]);
        printf("%s\n", mid_status_name(mid_client_from_env(NULL, &client, NULL)));
        mid_client_free(client);
        return 0;
    }
    if (count != 2) return 2;
    char key[128];
    (void)snprintf(key, sizeof key, "%s", check_environment("MACHINEID_ORG_KEY"));
    (void)snprintf(path, sizeof path, "%s/key", arguments[1]);
    (void)snprintf(linked, sizeof linked, "%s/link", arguments[1]);
    set("MACHINEID_ORG_KEY", NULL);
    set("MACHINEID_ORG_KEY_FILE", path);
    contents(key);
    modes(key);
    other_files(key);
    both(key);
    check_about = "";
    return check_done();
}
