/*
 * driver.pml - callers drive: one of them works in libcurl for all until its own call is done, and then hands over.
 *
 * What it models, step by step:
 *     Single                        Transport.takeTransfer, runTransfer, returnTransfer: a call with one transfer
 *     Group                         Transport.open, start, next, waitResult, cancelInGroup, close: a caller with
 *                                   several transfers
 *     drive                         Transport.drive, startQueued, collectEnded, wakeEndedCallers, reclaimAbandoned;
 *                                   Multi.perform and poll
 *     hand_over, wake_caller        Transport.handOver, wakeCaller, and so on with enqueue, pool, reclaim, deliver,
 *                                   complete, rebuild and fail
 *     cancel_transfer               Transport.cancel of one transfer
 *     sleep, wake                   Sleeper, whose semaphore is "posts" here
 *     Waker, Cancel                 Transport.wake of a group, and Transport.cancel, by other threads
 *     Robber                        a host that closes the library's descriptors (with ROBBED)
 *     Deadline                      the moment at which a caller's deadline passes; not every caller has one
 *
 * The lists are those of the code, in their order, and the lock is the transport's. Not modelled: shards, hedges,
 * look-ups of names, pauses before retries, forks, and memory that is refused. Neither are the time-outs of poll,
 * other than the driver's own deadline. In the code a driver with running transfers looks around every 100 ms, so a
 * lost wake-up would only be a delay; here it is a deadlock, and so it is found.
 *
 * The network answers every running transfer, in any order and as late as it likes, but for those that are silent. A
 * transfer may be silent when its caller has a deadline, or when the client is to be cancelled.
 *
 * Properties:
 *     1       one thread at a time is in libcurl, and no other takes a transfer out of its hands meanwhile
 *     2       a transfer is not destroyed while a thread is about to wake its caller
 *     wakes   no caller sleeps for ever: in every state something can happen, or all callers have returned
 *     ends    no caller runs for ever: there is no endless run
 *     calls   the driver wakes the callers of ended transfers, though a group always has more to ask (with ENDLESS)
 *
 * Each switch removes one protecting step, and spin must then find a fault of the property beside it:
 *     NO_ABANDON         1      a caller that leaves takes its running transfer out, though another thread drives
 *     NO_WAKES_IN_FLIGHT 2      excess transfers are destroyed although a thread is about to wake a caller
 *     NO_HAND_OVER       wakes  a single caller that is done does not hand over
 *     NO_NEXT_HAND_OVER  wakes  a group's caller that returns from next does not hand over
 *     AWAKE_GROUPS       wakes  the next driver may be the caller of a group that does not wait
 *     NO_WAKE_PIPE       wakes  a new transfer does not wake an idle driver
 *     NO_SECOND_LOOK     wakes  the driver does not look for queued transfers after it has woken callers
 *     NO_WAKE_ENDED      wakes  the driver does not wake the callers of ended transfers
 *     LATE_SLEEP         wakes  a sleeper lets go of the lock before it says that it sleeps
 *     NO_ABANDON_WAKE    wakes  a caller that leaves does not wake the driver
 *     NO_GROUP_WAKE      wakes  a group's caller is not woken when its transfer has ended
 *     NO_DRIVER_WAKE     wakes  a group that is woken does not wake the driver, which may be its own caller
 *     NO_CANCEL_WAKE     wakes  cancel does not wake those who sleep
 *     NO_CANCEL_PIPE     wakes  cancel does not wake the driver
 *     NO_REBUILD_WAKE    wakes  rebuild does not wake the callers of the transfers that it ends
 *     ALWAYS_LATE        calls  the driver puts off its wake-ups for as long as there are queued transfers
 *
 * NO_CANCEL_HAND_OVER removes the hand-over of Transport.cancelInGroup, which is not needed: next has handed over by
 * then, and 1, 2 and wakes hold without it too. The code has it so that it does not depend on that.
 */

#ifndef ONLY
#define ONLY 0 /* the number of the one property to check; 0 checks all */
#endif
#define require(property, condition) assert((ONLY != 0 && ONLY != property) || (condition))

#ifndef SINGLES
#define SINGLES 3 /* callers with one transfer */
#endif
#ifndef IMPATIENT
#define IMPATIENT 1 /* how many of these have a deadline */
#endif
#ifndef MEMBERS
#define MEMBERS 0 /* transfers of the caller with a group; 0: there is no such caller */
#endif
#ifndef WIDTH
#define WIDTH 1 /* Transport.Locked.width */
#endif
#ifndef FAILURES
#define FAILURES 0 /* how often libcurl itself may fail */
#endif
/* IN_ORDER: the network answers the last caller's transfer only when the other callers have returned, and a group's
 * only once its caller was woken. BUSY: a group's caller whose transfer has ended works on until all single callers
 * have returned. */
#define MAXIMUM_POOLED 0
#define TRANSFERS (SINGLES + MEMBERS)
#define GROUP SINGLES /* the number of the group's caller */
#if MEMBERS > 0
#define lastIsDue hasBeenWoken
#else
#define lastIsDue (returned == SINGLES - 1)
#endif
#define NONE 255

#define absent 0 /* the stage of one that is not there, or was destroyed */
mtype = { idle, queued, running, ended };

typedef Transfer {
    mtype stage;
    bool isAbandoned;
    bool isInGroup; /* Transfer.Locked.group is set */
    bool isUnusable;
    bool sleeps; /* of its Sleeper */
    byte posts;
    byte dueWakes; /* for property 2: threads that have claimed to wake its caller, and have not done so */
    bool isSilent; /* the network never answers it */
    bool isLast; /* the network answers it only when lastIsDue */
    bool isReady /* libcurl is done with it, and the driver does not know yet */
};

/* Transport.Locked */
bool isLocked;
bool hasDriver, isDriverPolling, isCancelled;
chan queuedOnes = [TRANSFERS] of { byte };
chan runningOnes = [TRANSFERS] of { byte };
chan onesToWake = [TRANSFERS] of { byte };
chan pooledOnes = [TRANSFERS] of { byte };
byte abandonedCount, wakesInFlight;
Transfer transfers[TRANSFERS];

/* Multi and SocketTable */
bool wakePipe, hostClosedDescriptor;
byte usersOfLibcurl;
byte failuresLeft = FAILURES;

/* TransferGroup */
bool groupSleeps, isWoken, isGroupOpen, isGroupClosed;
bool hasBeenWoken; /* and its caller has learned of it */
byte groupPosts, underWay;
chan groupEnded = [TRANSFERS] of { byte };

bool isLate[SINGLES + 1];
byte returned; /* how many single callers have, where that matters */
#if defined(IN_ORDER) || defined(BUSY)
#define note_return returned++
#else
#define note_return skip
#endif

#define hasRoom (len(runningOnes) < WIDTH)
#define canStartQueued (hasRoom && len(queuedOnes) > 0)

inline lock() { atomic { !isLocked -> isLocked = true } }
inline unlock() { isLocked = false }

#include "driver/lists.pml"
#include "driver/driving.pml"
#include "driver/callers.pml"

init {
    byte who;
    atomic {
        do
        :: who < SINGLES -> run Single(who); who++
        :: else -> who = 0; break
        od;
        do
        :: who < IMPATIENT -> run Deadline(who); who++
        :: else -> who = 0; break
        od;
#if MEMBERS > 0
        run Group();
#ifndef CANCEL
        run Waker();
#endif
#endif
#ifdef GROUP_IMPATIENT
        run Deadline(GROUP);
#endif
#ifdef CANCEL
        run Cancel();
#endif
#ifdef ROBBED
        run Robber();
#endif
        skip
    }
}
