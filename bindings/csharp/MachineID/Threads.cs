using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace MachineID
{
    /// <summary>The threads in which the calls of a client's async methods block, so that they take none of the
    /// runtime's pool. There are as many as there are calls at once, up to the client's connections; those without work
    /// end.</summary>
    internal sealed class Threads
    {
        private const int IdleMs = 10000;
        private const int StackSize = 256 * 1024;

        private readonly object gate = new object();
        private readonly Queue<Action> waiting = new Queue<Action>();
        private readonly int limit;
        private int threads;
        private int idle;

        internal Threads(int limit) { this.limit = limit; }

        /// <summary>Makes a call on another thread. When the token is cancelled first, the task is cancelled at once; a
        /// call that has begun goes on, and what it brings is given to unused.</summary>
        internal Task<T> Run<T>(Func<T> call, CancellationToken token, Action<T> unused = null)
        {
            if (token.IsCancellationRequested) return Task.FromCanceled<T>(token);
            var source = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            CancellationTokenRegistration registration = token.Register(() => source.TrySetCanceled(token));
            Start(() =>
            {
                if (!source.Task.IsCompleted)
                {
                    try
                    {
                        T result = call();
                        if (!source.TrySetResult(result)) unused?.Invoke(result);
                    }
                    catch (Exception error)
                    {
                        source.TrySetException(error);
                    }
                }
                registration.Dispose();
            });
            return source.Task;
        }

        private void Start(Action work)
        {
            lock (gate)
            {
                waiting.Enqueue(work);
                if (idle >= waiting.Count) Monitor.Pulse(gate);
                else if (threads < limit) StartThread();
            }
        }

        private void StartThread()
        {
            var thread = new Thread(Work, StackSize) { IsBackground = true, Name = "machineid-call" };
            // Else the thread would keep what is local to the caller's flow.
            bool suppresses = !ExecutionContext.IsFlowSuppressed();
            AsyncFlowControl flow = suppresses ? ExecutionContext.SuppressFlow() : default(AsyncFlowControl);
            try
            {
                thread.Start();
                threads++;
            }
            catch (OutOfMemoryException) when (threads > 0)
            {
                // The system gives no further thread. One of the others does the work.
            }
            catch (OutOfMemoryException)
            {
                waiting.Clear();
                throw;
            }
            finally
            {
                if (suppresses) flow.Undo();
            }
        }

        private void Work()
        {
            for (;;)
            {
                Action work;
                lock (gate)
                {
                    while (waiting.Count == 0)
                    {
                        idle++;
                        bool isPulsed = Monitor.Wait(gate, IdleMs);
                        idle--;
                        if (isPulsed || waiting.Count > 0) continue;
                        threads--;
                        return;
                    }
                    work = waiting.Dequeue();
                }
                work();
            }
        }
    }
}
