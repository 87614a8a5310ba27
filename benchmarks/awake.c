/*
 * awake.c - keeps a processor from falling asleep, and stands in nobody's way: SCHED_IDLE runs when nothing else does.
 *
 *     awake CPU
 *
 * Waking a virtual processor that sleeps takes its host up to a tenth of a millisecond, as long as a whole call does here;
 * that would be measured instead of what calls cost. Ends with whoever started it.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

int main(int count, char **arguments) {
    struct sched_param none = {0};
    cpu_set_t processor;
    if (count != 2) return 2;
    CPU_ZERO(&processor);
    CPU_SET((size_t)atoi(arguments[1]), &processor);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || sched_setaffinity(0, sizeof processor, &processor) != 0 ||
        sched_setscheduler(0, SCHED_IDLE, &none) != 0)
        return 1;
    for (;;) {
    }
}
