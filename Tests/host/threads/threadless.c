/*
 * The system refuses new threads, as a seccomp filter of clone3() or a full pids cgroup does. libcurl then cannot
 * resolve a name, and the call reports that, not that the name was not found. Calls that need no name work.
 */
#include "decisions.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* A glibc before 2.34 makes threads with clone(), and so does musl. Its flags are its first argument. */
static void refuse_threads(void) {
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    check_need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS");
    check_need(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "PR_SET_SECCOMP");
}

int main(void) {
    mid_client *named = check_client("{\"base_url\":\"https://name.example\",\"max_retries\":0,\"timeout_ms\":5000}");
    mid_client *numbered = decisions_client();
    int allowed = 1;
    char *json = NULL;
    refuse_threads();
    CHECK_STATUS(MID_INTERNAL, mid_validate(named, "threadless", &allowed, &json));
    check_failure(MID_INTERNAL, json, "no thread could be started to resolve the name");
    CHECK(allowed == 0);
    decide(numbered, "threadless", 0);
    mid_client_free(named);
    mid_client_free(numbered);
    return check_done();
}
