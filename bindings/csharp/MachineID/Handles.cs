using System;
using System.Runtime.InteropServices;

namespace MachineID
{
    /// <summary>Owns a mid_client. The runtime counts the calls that use it, and the last one to return frees it,
    /// whoever disposes it meanwhile and whenever the collector runs.</summary>
    internal sealed class ClientHandle : SafeHandle
    {
        public ClientHandle() : base(IntPtr.Zero, true) { }

        public override bool IsInvalid => handle == IntPtr.Zero;

        protected override bool ReleaseHandle()
        {
            Native.Library.ClientFree(handle);
            return true;
        }
    }

    /// <summary>Owns a mid_guard, in the same way. It may outlive its client.</summary>
    internal sealed class GuardHandle : SafeHandle
    {
        public GuardHandle() : base(IntPtr.Zero, true) { }

        public override bool IsInvalid => handle == IntPtr.Zero;

        protected override bool ReleaseHandle()
        {
            Native.Library.GuardStop(handle);
            return true;
        }
    }
}
