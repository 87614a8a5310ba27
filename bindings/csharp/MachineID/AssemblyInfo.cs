using System.Reflection;
using System.Runtime.CompilerServices;

[assembly: AssemblyTitle("MachineID")]
[assembly: AssemblyDescription("May this device run now? The client of the MachineID execution authority.")]
[assembly: AssemblyProduct("libmachineid")]

[assembly: InternalsVisibleTo("MachineID.Tests")]
