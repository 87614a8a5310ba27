using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace MachineID
{
    /// <summary>The functions of machineid.h. Texts are passed in as UTF-8 with a NUL at the end; those that come out
    /// through json are for mid_free. They are pointers to functions and not imports, because only so can one assembly
    /// choose among libraries on every runtime.</summary>
    internal sealed unsafe class Native
    {
        private static readonly Lazy<Native> Loaded =
            new Lazy<Native>(() => new Native(Loader.Load()), LazyThreadSafetyMode.ExecutionAndPublication);

        internal readonly Constant Version;
        internal readonly Constant BuildInfo;
        internal readonly NameOf StatusName;
        internal readonly Release Free;
        internal readonly NewClient ClientNew;
        internal readonly NewClientFromEnvironment ClientFromEnv;
        internal readonly OnClient ClientCancel;
        internal readonly Release ClientFree;
        internal readonly AskClient ClientStats;
        internal readonly AskDevice Register;
        internal readonly AskDevice Revoke;
        internal readonly AskDevice Unrevoke;
        internal readonly AskDevice Restore;
        internal readonly AskDevice Remove;
        internal readonly AskClient ListDevices;
        internal readonly AskClient Usage;
        internal readonly DecideOne Validate;
        internal readonly DecideMany ValidateMany;
        internal readonly NewGuard GuardStart;
        internal readonly LookAtGuard GuardAllowed;
        internal readonly LookAtGuard GuardFd;
        internal readonly WaitForGuard GuardWait;
        internal readonly AskGuard GuardDecision;
        internal readonly Release GuardStop;

        private Native(Loader.Symbols symbols)
        {
            Version = symbols.Function<Constant>("mid_version");
            BuildInfo = symbols.Function<Constant>("mid_build_info");
            StatusName = symbols.Function<NameOf>("mid_status_name");
            Free = symbols.Function<Release>("mid_free");
            ClientNew = symbols.Function<NewClient>("mid_client_new");
            ClientFromEnv = symbols.Function<NewClientFromEnvironment>("mid_client_from_env");
            ClientCancel = symbols.Function<OnClient>("mid_client_cancel");
            ClientFree = symbols.Function<Release>("mid_client_free");
            ClientStats = symbols.Function<AskClient>("mid_client_stats");
            Register = symbols.Function<AskDevice>("mid_register");
            Revoke = symbols.Function<AskDevice>("mid_revoke");
            Unrevoke = symbols.Function<AskDevice>("mid_unrevoke");
            Restore = symbols.Function<AskDevice>("mid_restore");
            Remove = symbols.Function<AskDevice>("mid_remove");
            ListDevices = symbols.Function<AskClient>("mid_list_devices");
            Usage = symbols.Function<AskClient>("mid_usage");
            Validate = symbols.Function<DecideOne>("mid_validate");
            ValidateMany = symbols.Function<DecideMany>("mid_validate_many");
            GuardStart = symbols.Function<NewGuard>("mid_guard_start");
            GuardAllowed = symbols.Function<LookAtGuard>("mid_guard_allowed");
            GuardFd = symbols.Function<LookAtGuard>("mid_guard_fd");
            GuardWait = symbols.Function<WaitForGuard>("mid_guard_wait");
            GuardDecision = symbols.Function<AskGuard>("mid_guard_decision");
            GuardStop = symbols.Function<Release>("mid_guard_stop");
        }

        /// <summary>The library, which is loaded when it is first needed and never unloaded. Where there is none, this
        /// throws the same error each time.</summary>
        internal static Native Library => Loaded.Value;

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate IntPtr Constant();

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate IntPtr NameOf(int status);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void Release(IntPtr what);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int NewClient(byte[] key, byte[] options, out ClientHandle client, out IntPtr json);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int NewClientFromEnvironment(byte[] options, out ClientHandle client, out IntPtr json);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void OnClient(ClientHandle client);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int AskClient(ClientHandle client, out IntPtr json);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int AskDevice(ClientHandle client, byte[] deviceId, out IntPtr json);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int DecideOne(ClientHandle client, byte[] deviceId, out int allowed, out IntPtr json);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int DecideMany(
            ClientHandle client, byte** deviceIds, UIntPtr count, int* allowed, out IntPtr json);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int NewGuard(
            ClientHandle client, byte[] deviceId, byte[] options, out GuardHandle guard, out IntPtr json);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int LookAtGuard(GuardHandle guard);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int WaitForGuard(GuardHandle guard, int timeoutMs);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int AskGuard(GuardHandle guard, out int allowed, out IntPtr json);
    }
}
