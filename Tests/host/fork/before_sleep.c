/*
 * A signal handler forks just before a call falls asleep to wait for the thread that works for all callers. That thread
 * is missing in the child, so nothing wakes the call there: it ends by itself.
 *
 * The library's system calls go through syscall(), which this program defines: it forks where a handler could.
 */
#include "authority.h"
#include "children.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <sys/syscall.h>

enum { PATIENCE_MS = 1000 };

static struct authority *authority;
static mid_client *client;
static _Thread_local int is_to_fork;
static pid_t child;

static long system_call(long number, const long *arguments) {
    long result = number;
#if defined(__x86_64__)
    register long fourth __asm__("r10") = arguments[3];
    register long fifth __asm__("r8") = arguments[4];
    register long sixth __asm__("r9") = arguments[5];
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(arguments[0]), "S"(arguments[1]), "d"(arguments[2]), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long name __asm__("x8") = number;
    register long first __asm__("x0") = arguments[0];
    register long second __asm__("x1") = arguments[1];
    register long third __asm__("x2") = arguments[2];
    register long fourth __asm__("x3") = arguments[3];
    register long fifth __asm__("x4") = arguments[4];
    register long sixth __asm__("x5") = arguments[5];
    __asm__ volatile("svc #0"
                     : "+r"(first)
                     : "r"(name), "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "memory");
    result = first;
#endif
    return result;
}

long syscall(long number, ...) {
    long arguments[6], result;
    va_list list;
    va_start(list, number);
    for (int n = 0; n < 6; n++) arguments[n] = va_arg(list, long);
    va_end(list);
    if (is_to_fork && number == SYS_futex && (arguments[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET) {
        is_to_fork = 0;
        child = fork();
    }
    result = system_call(number, arguments);
    if (result < 0 && result > -4096) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

static void *drive(void *unused) {
    int allowed = 0;
    CHECK_STATUS(MID_OK, mid_validate(client, "good:marked", &allowed, NULL));
    CHECK(allowed == 1);
    return unused;
}

static mid_status call(int is_many, int *allowed) {
    const char *devices[] = {"good", "good"};
    if (!is_many) return mid_validate(client, *devices, allowed, NULL);
    return mid_validate_many(client, devices, 2, allowed, NULL);
}

static void fork_before_sleep(int is_many) {
    int allowed[] = {7, 7}, marked = atomic_load(&authority->marked);
    double began;
    mid_status status;
    pthread_t driver;
    atomic_store(&authority->is_holding, 1);
    check_need(pthread_create(&driver, NULL, drive, NULL) == 0, "pthread_create");
    AWAIT(atomic_load(&authority->marked) > marked);
    child = -1;
    is_to_fork = 1;
    began = check_now_ms();
    status = call(is_many, allowed);
    if (child == 0) {
        CHECK_STATUS(MID_CANCELLED, status);
        CHECK(allowed[0] == 0 && (!is_many || allowed[1] == 0));
        CHECK(check_now_ms() - began <= PATIENCE_MS + check_slack_ms());
        child_done();
    }
    CHECK(child > 0);
    CHECK_STATUS(MID_OK, status);
    CHECK(allowed[0] == 1);
    child_await(child, "the child");
    atomic_store(&authority->is_holding, 0);
    check_need(pthread_join(driver, NULL) == 0, "pthread_join");
}

int main(void) {
    authority = authority_start();
    atomic_store(&authority->mood, JUDGES);
    client = authority_client(authority, ",\"timeout_ms\":20000,\"max_retries\":0");
    check_about = "one device";
    fork_before_sleep(0);
    check_about = "many devices";
    fork_before_sleep(1);
    check_about = "";
    mid_client_free(client);
    authority_stop(authority);
    return check_done();
}
