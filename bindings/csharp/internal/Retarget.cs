// Makes an assembly that was compiled for Mono one for .NET Standard 2.0. mcs has no reference assembly of that, and
// writes down the names of Mono's own. That all types and members exist there is checked on .NET, by tests/Runner.cs.
// The same assembly gives the same bytes.
//
//     mono Retarget.exe ASSEMBLY OUTPUT
using System;
using System.Linq;
using Mono.Cecil;

static class Retarget
{
    static void Main(string[] arguments)
    {
        ModuleDefinition module = ModuleDefinition.ReadModule(arguments[0]);
        var standard = new AssemblyNameReference("netstandard", new Version(2, 0, 0, 0))
        {
            PublicKeyToken = new byte[] { 0xcc, 0x7b, 0x13, 0xff, 0xcd, 0x2d, 0xdd, 0x51 },
        };
        foreach (TypeReference type in module.GetTypeReferences().Where(type => type.DeclaringType == null))
        {
            type.Scope = standard;
        }
        module.AssemblyReferences.Clear();
        module.AssemblyReferences.Add(standard);
        module.Write(arguments[1], new WriterParameters { DeterministicMvid = true, Timestamp = 0 });
    }
}
