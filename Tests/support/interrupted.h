/* interrupted.h - where a signal interrupted its thread. */
#ifndef INTERRUPTED_H
#define INTERRUPTED_H

#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#if defined(__x86_64__)
enum { INTERRUPTED_SYSTEM_CALL = 0x050f }; /* syscall */
typedef uint16_t interrupted_instruction;
#define INTERRUPTED_AT(context) (context)->uc_mcontext.gregs[REG_RIP]
#elif defined(__aarch64__)
#define INTERRUPTED_SYSTEM_CALL 0xd4000001u /* svc #0 */
typedef uint32_t interrupted_instruction;
#define INTERRUPTED_AT(context) (context)->uc_mcontext.pc
#endif

/* Whether the thread was in a system call: then the instruction before the next one is a system call, or the next one
 * itself if the kernel repeats the call. The argument is the third one of a handler with SA_SIGINFO. */
static inline int interrupted_system_call(const void *context) {
    const char *next = (const char *)INTERRUPTED_AT((const ucontext_t *)context);
    interrupted_instruction before, after;
    memcpy(&before, next - sizeof before, sizeof before);
    memcpy(&after, next, sizeof after);
    return before == INTERRUPTED_SYSTEM_CALL || after == INTERRUPTED_SYSTEM_CALL;
}

#endif
