/*
 * machineid-exec and its program survive a network that forgets all connections, and an address that never answers
 * while the name has another one.
 *
 * Needs resolver.so in PRELOAD, a TLS authority in MACHINEID_BASE_URL, and the addresses of with_addresses.
 */
#include "authority.h"
#include "names_file.h"
#include "parts.h"
#include "relay.h"

/* With libcurl 7.88 the second address is tried after half of the 3 s of the connect timeout, so --max-age leaves time
 * for that. */
static char *const command[] = {"build/bin/machineid-exec", "--register", "--device", "supervised", "--interval", "0.3",
                                "--max-age",                "6",          "--",       "sh",         "-c",
                                "trap 'exit 7' TERM; echo there; while :; do sleep 0.1; done",      NULL};

struct supervised {
    pid_t process;
    int output;
};

static void start(struct supervised *supervised, int port) {
    int ends[2];
    char line[16] = "";
    check_need(pipe(ends) == 0, "pipe");
    supervised->process = part_fork();
    if (supervised->process == 0) {
        char url[96];
        (void)snprintf(url, sizeof url, "https://authority.example:%d", port);
        check_need(setenv("MACHINEID_BASE_URL", url, 1) == 0, "setenv");
        check_need(setenv("SSL_CERT_FILE", check_environment("CA_FILE"), 1) == 0, "setenv");
        check_need(setenv("LD_PRELOAD", check_environment("PRELOAD"), 1) == 0, "setenv");
        check_need(dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO && close(ends[0]) == 0 && close(ends[1]) == 0, "dup2");
        (void)execv(command[0], command);
        check_need(0, command[0]);
    }
    check_need(close(ends[1]) == 0, "close");
    supervised->output = ends[0];
    CHECK(read(supervised->output, line, sizeof line - 1) == 6 && strcmp(line, "there\n") == 0);
}

/* The program is still running. machineid-exec passes SIGTERM on to it, and returns its status. */
static void stop(struct supervised *supervised) {
    int status = 0;
    CHECK(waitpid(supervised->process, &status, WNOHANG) == 0);
    if (!CHECK(kill(supervised->process, SIGTERM) == 0)) return;
    CHECK(child_wait(supervised->process, &status));
    if (!CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7)) fprintf(stderr, "    status %#x\n", (unsigned)status);
    check_need(close(supervised->output) == 0, "close");
}

/* Waits until this many more requests have gone to the authority, or machineid-exec has ended. */
static void await_checks(const struct supervised *supervised, const struct relay *relay, int more) {
    int enough = relay_tell(relay, CARRIED) + more;
    siginfo_t ended = {0};
    AWAIT(relay_tell(relay, CARRIED) >= enough ||
          (waitid(P_PID, (id_t)supervised->process, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid != 0));
}

static void dead_pool(int target) {
    struct relay relay = relay_start("127.0.0.2", 0, target, 5);
    struct supervised supervised;
    names_set("authority.example", "127.0.0.2");
    start(&supervised, relay.port);
    for (int n = 0; n < 3; n++) {
        await_checks(&supervised, &relay, 2);
        CHECK(relay_tell(&relay, FORGET) >= 1);
    }
    await_checks(&supervised, &relay, 4);
    stop(&supervised);
    relay_stop(&relay);
}

static void two_addresses(int target) {
    struct relay first = relay_start("127.0.0.2", 0, target, 5);
    struct relay second = relay_start("127.0.0.3", first.port, target, 5);
    struct supervised supervised;
    names_set("authority.example", "127.0.0.2 127.0.0.3");
    start(&supervised, first.port);
    await_checks(&supervised, &first, 2);
    CHECK(relay_tell(&second, ACCEPTED) == 0);
    (void)relay_tell(&first, SWALLOW);
    CHECK(relay_tell(&first, FORGET) >= 1);
    await_checks(&supervised, &second, 8);
    CHECK(relay_tell(&second, ACCEPTED) >= 1);
    stop(&supervised);
    relay_stop(&first);
    relay_stop(&second);
}

int main(void) {
    int target = relay_port_of(check_environment("MACHINEID_BASE_URL"));
    check_about = "connections are forgotten";
    dead_pool(target);
    check_about = "an address never answers";
    two_addresses(target);
    check_about = "";
    return check_done();
}
