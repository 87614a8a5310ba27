using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;

namespace MachineID
{
    /// <summary>One thread that sleeps in poll() for all guards of the process whose end is awaited. It starts with the
    /// first of them, and sleeps whenever no guard ends.</summary>
    internal static class Watcher
    {
        private const int CloseOnExec = 0x80000;
        private const int NonBlocking = 0x800;
        private const short Readable = 1;
        private const int Interrupted = 4;

        private static readonly object Gate = new object();
        private static readonly Dictionary<long, KeyValuePair<int, Action>> Watched =
            new Dictionary<long, KeyValuePair<int, Action>>();
        private static readonly byte[] Ring = new byte[1];

        // A byte in this pipe makes the thread look again at what is watched.
        private static int[] bell;
        private static long last;

        /// <summary>Calls back, once, when the descriptor is readable. The key is for Forget.</summary>
        internal static long Watch(int descriptor, Action isReadable)
        {
            lock (Gate)
            {
                if (bell == null) Begin();
                Watched.Add(++last, new KeyValuePair<int, Action>(descriptor, isReadable));
                write(bell[1], Ring, (UIntPtr)1);
                return last;
            }
        }

        /// <summary>Takes a descriptor back, which may be closed afterwards.</summary>
        internal static void Forget(long key)
        {
            lock (Gate)
            {
                // A bell that is full has woken the thread already.
                if (Watched.Remove(key)) write(bell[1], Ring, (UIntPtr)1);
            }
        }

        private static void Begin()
        {
            var pipe = new int[2];
            if (pipe2(pipe, CloseOnExec | NonBlocking) != 0)
            {
                throw new IOException("no descriptor is left to wait for a guard with; raise RLIMIT_NOFILE");
            }
            bool suppresses = !ExecutionContext.IsFlowSuppressed();
            AsyncFlowControl flow = suppresses ? ExecutionContext.SuppressFlow() : default(AsyncFlowControl);
            try
            {
                new Thread(Watch, 256 * 1024) { IsBackground = true, Name = "machineid-await" }.Start(pipe[0]);
            }
            catch (OutOfMemoryException)
            {
                close(pipe[0]);
                close(pipe[1]);
                throw;
            }
            finally
            {
                if (suppresses) flow.Undo();
            }
            bell = pipe;
        }

        private static void Watch(object heard)
        {
            var rings = new byte[64];
            for (;;)
            {
                long[] keys;
                Polled[] polled;
                lock (Gate)
                {
                    keys = new long[Watched.Count];
                    polled = new Polled[Watched.Count + 1];
                    polled[0] = new Polled { Descriptor = (int)heard, Events = Readable };
                    int next = 0;
                    foreach (KeyValuePair<long, KeyValuePair<int, Action>> one in Watched)
                    {
                        keys[next++] = one.Key;
                        polled[next] = new Polled { Descriptor = one.Value.Key, Events = Readable };
                    }
                }
                if (poll(polled, (UIntPtr)polled.Length, -1) < 0)
                {
                    // The collector's signal, as a rule. Else there is no memory, and a busy loop would not help.
                    if (Marshal.GetLastWin32Error() != Interrupted) Thread.Sleep(100);
                    continue;
                }
                if (polled[0].Found != 0)
                {
                    while (read((int)heard, rings, (UIntPtr)rings.Length) == (IntPtr)rings.Length) { }
                }
                for (int i = 0; i < keys.Length; i++)
                {
                    if (polled[i + 1].Found != 0) Call(keys[i]);
                }
            }
        }

        private static void Call(long key)
        {
            KeyValuePair<int, Action> found;
            lock (Gate)
            {
                // One that was taken back meanwhile is gone, and its descriptor may be another file's.
                if (!Watched.TryGetValue(key, out found)) return;
                Watched.Remove(key);
            }
            found.Value();
        }

        [StructLayout(LayoutKind.Sequential)]
        private struct Polled
        {
            internal int Descriptor;
            internal short Events;
            internal short Found;
        }

        [DllImport("libc", SetLastError = true)]
        private static extern int poll([In, Out] Polled[] descriptors, UIntPtr count, int timeoutMs);

        [DllImport("libc")]
        private static extern int pipe2([In, Out] int[] descriptors, int flags);

        [DllImport("libc")]
        private static extern IntPtr read(int descriptor, [In, Out] byte[] bytes, UIntPtr count);

        [DllImport("libc")]
        private static extern IntPtr write(int descriptor, byte[] bytes, UIntPtr count);

        [DllImport("libc")]
        private static extern int close(int descriptor);
    }
}
