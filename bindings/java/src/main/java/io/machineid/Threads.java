package io.machineid;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Threads that come when they are needed, go when they are idle, and keep no process alive. */
final class Threads {
    private static final long IDLE_SECONDS = 10;

    /** For what follows on the end of a guard, so that no such work delays the end of another guard. */
    private static final Executor ENDS = new ThreadPoolExecutor(0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS,
            new SynchronousQueue<>(), named("machineid-after"));

    private Threads() {}

    /** Returns an executor for calls that block, with this many threads at most. */
    static Executor forCalls(int most) {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(most, most, IDLE_SECONDS, TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(), named("machineid-call"));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /** Runs what follows on the end of a guard, in a thread of its own where there can be one. */
    static void afterEnd(Runnable work) {
        try {
            ENDS.execute(work);
        } catch (OutOfMemoryError noThread) {
            work.run();
        }
    }

    static ThreadFactory named(String name) {
        return work -> {
            Thread thread = new Thread(null, work, name, 0, false);
            thread.setDaemon(true);
            return thread;
        };
    }
}
