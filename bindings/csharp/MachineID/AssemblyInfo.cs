using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;

[assembly: AssemblyTitle("MachineID")]
[assembly: AssemblyDescription("May this device run now? The client of the MachineID execution authority.")]
[assembly: AssemblyProduct("libmachineid")]
[assembly: TargetFramework(".NETStandard,Version=v2.0", FrameworkDisplayName = "")]
[assembly: InternalsVisibleTo("MachineID.Tests")]
