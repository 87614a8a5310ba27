using System;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace MachineID
{
    /// <summary>Keeps one device's permission fresh in the background. Looking at it takes half a microsecond, asks
    /// nobody and waits for nothing:
    /// <code>
    /// using (Guard guard = client.Guard("agent-01"))
    ///     while (guard.Allowed) Work();
    /// </code>
    /// Once the device is denied, the guard is off for good. Any number of threads may use it, and any of them may
    /// dispose it at any moment.</summary>
    public sealed class Guard : IDisposable
    {
        // For how long a thread waits inside the library at most: one that waits keeps the guard from being freed.
        private const int SliceMs = 250;

        private readonly GuardHandle handle;
        private readonly Native.LookAtGuard look = Native.Library.GuardAllowed;
        private readonly object gate = new object();
        private readonly TaskCompletionSource<GuardDecision> end =
            new TaskCompletionSource<GuardDecision>(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile GuardDecision last;
        private bool isDisposed;
        private long watch;

        internal Guard(string deviceId, GuardHandle handle, Reply first)
        {
            DeviceId = deviceId;
            this.handle = handle;
            string state = first["allowed"].AsBoolean() == true ? "on" : "denied";
            last = GuardDecision.Of(deviceId, false, JsonReader.Read(
                "{\"state\":\"" + state + "\",\"checks\":1,\"decision\":" + first.Text + "}"));
        }

        /// <summary>The device that is guarded.</summary>
        public string DeviceId { get; }

        /// <summary>May the device run now? False once the guard has been disposed.</summary>
        public bool Allowed
        {
            get
            {
                try { return look(handle) == 1; }
                catch (ObjectDisposedException) { return false; }
            }
        }

        /// <summary>What the guard knows, for your log. Once it has been disposed, what it knew then.</summary>
        /// <returns>What it knows.</returns>
        public GuardDecision Decision()
        {
            try
            {
                int status = Native.Library.GuardDecision(handle, out int allowed, out IntPtr json);
                return GuardDecision.Of(DeviceId, allowed == 1, Texts.Checked(status, json).Value);
            }
            catch (ObjectDisposedException)
            {
                return last.Stopped();
            }
        }

        /// <summary>Waits until the guard is off: lapsed, denied, ended or disposed. It blocks; in async code await
        /// <see cref="Stopped"/>.</summary>
        /// <param name="timeout">How long at most; null or <see cref="Timeout.InfiniteTimeSpan"/> has no limit.</param>
        /// <returns>Whether it is off. This is no permission.</returns>
        public bool WaitUntilOff(TimeSpan? timeout = null)
        {
            bool isEndless = timeout == null || timeout == Timeout.InfiniteTimeSpan;
            if (!isEndless && timeout < TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(timeout));
            Stopwatch clock = Stopwatch.StartNew();
            try
            {
                for (;;)
                {
                    double left = isEndless ? SliceMs : (timeout.Value - clock.Elapsed).TotalMilliseconds;
                    int slice = (int)Math.Ceiling(Math.Max(0, Math.Min(left, SliceMs)));
                    if (Native.Library.GuardWait(handle, slice) == (int)Status.Ok) return true;
                    if (!isEndless && clock.Elapsed >= timeout) return false;
                }
            }
            catch (ObjectDisposedException)
            {
                return true;
            }
        }

        /// <summary>Waits until the guard is off for good: denied, ended or disposed. A lapse may pass and does not
        /// count: look at <see cref="Allowed"/> before each piece of work as well. It takes no thread of its own: one
        /// sleeps for all guards of the process.</summary>
        /// <param name="cancellationToken">Stops waiting; the guard goes on.</param>
        /// <returns>A task with what the guard knew at its end.</returns>
        public Task<GuardDecision> Stopped(CancellationToken cancellationToken = default(CancellationToken))
        {
            if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<GuardDecision>(cancellationToken);
            lock (gate)
            {
                if (!isDisposed && watch == 0)
                {
                    int descriptor = Native.Library.GuardFd(handle);
                    if (descriptor < 0)
                    {
                        throw new IOException("no descriptor is left to wait for a guard with; raise RLIMIT_NOFILE");
                    }
                    watch = Watcher.Watch(descriptor, HasEnded);
                }
            }
            return cancellationToken.CanBeCanceled && !end.Task.IsCompleted
                ? Either(cancellationToken)
                : end.Task;
        }

        /// <summary>Stops the guard and frees it, in 250 ms at most. Whoever waits for it goes on. It may be called any
        /// number of times, before or after the client is disposed.</summary>
        public void Dispose()
        {
            lock (gate)
            {
                if (isDisposed) return;
                isDisposed = true;
                // The library closes the descriptor when the guard is freed.
                if (watch != 0) Watcher.Forget(watch);
            }
            try { last = Decision().Stopped(); }
            catch (MachineIDException) { last = last.Stopped(); }
            handle.Dispose();
            end.TrySetResult(last);
        }

        /// <summary>The device, and whether the guard is on.</summary>
        /// <returns>The line.</returns>
        public override string ToString() =>
            "guard of " + DeviceId + ", " + (handle.IsClosed ? "stopped" : Allowed ? "on" : "off");

        private void HasEnded()
        {
            try { end.TrySetResult(Decision()); }
            catch (MachineIDException error) { end.TrySetException(error); }
        }

        private async Task<GuardDecision> Either(CancellationToken token)
        {
            var given = new TaskCompletionSource<GuardDecision>(TaskCreationOptions.RunContinuationsAsynchronously);
            using (token.Register(() => given.TrySetCanceled(token)))
            {
                return await (await Task.WhenAny(end.Task, given.Task).ConfigureAwait(false)).ConfigureAwait(false);
            }
        }
    }
}
