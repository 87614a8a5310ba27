using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;

namespace MachineID
{
    /// <summary>Finds the native library for the platform of this process: the one inside the package, wherever the
    /// tools have put it, or else the system's.</summary>
    internal static class Loader
    {
        private const string FileName = "libmachineid.so";
        private const string Soname = "libmachineid.so.0";
        private const int Now = 2;

        private delegate IntPtr Opening(string path, int flags);

        private delegate IntPtr Finding(IntPtr library, string name);

        private delegate IntPtr Telling();

        internal static Symbols Load()
        {
            string platform = Platform(
                RuntimeInformation.IsOSPlatform(OSPlatform.Linux),
                RuntimeInformation.ProcessArchitecture,
                IsMusl(ReadMaps()));
            var failures = new List<string>();
            if (RuntimeInformation.IsOSPlatform(OSPlatform.Linux))
            {
                foreach (string path in Places(platform))
                {
                    if (Path.IsPathRooted(path) && !File.Exists(path)) continue;
                    IntPtr library = Dl.Open(path, Now);
                    if (library != IntPtr.Zero) return new Symbols(library);
                    failures.Add(Dl.Error());
                }
            }
            throw new DllNotFoundException(Sentence(platform, failures));
        }

        /// <summary>The folder of a platform in the package; for another one a name for the sentence.</summary>
        internal static string Platform(bool isLinux, Architecture processor, bool isMusl)
        {
            string name = processor.ToString().ToLowerInvariant();
            if (isLinux) return (isMusl ? "linux-musl-" : "linux-") + name;
            return RuntimeInformation.OSDescription.Trim() + " on " + name;
        }

        /// <summary>Whether the C library of this process is musl, by the memory map.</summary>
        internal static bool IsMusl(string maps) => maps.Contains("/ld-musl-") || maps.Contains("/libc.musl-");

        /// <summary>What to do where there is no library, in one sentence.</summary>
        internal static string Sentence(string platform, IReadOnlyList<string> failures)
        {
            string sentence =
                "MachineID has no library for " + platform + ": use it on linux-x64, linux-arm64, linux-musl-x64 or " +
                "linux-musl-arm64 with the files of the package's runtimes folder beside MachineID.dll, or install " +
                Soname + " where the loader finds it";
            return failures.Count == 0 ? sentence : sentence + " (" + string.Join("; ", failures) + ")";
        }

        /// <summary>Where the library may be: beside the assembly as dotnet build and dotnet publish put it, in the
        /// unpacked package, in the folders that the host of a single file names, and at last the system's.</summary>
        private static IEnumerable<string> Places(string platform)
        {
            string inside = Path.Combine("runtimes", platform, "native", FileName);
            foreach (string folder in Folders())
            {
                yield return Path.Combine(folder, inside);
                yield return Path.Combine(folder, FileName);
                yield return Path.Combine(folder, "..", "..", inside);
            }
            yield return Soname;
        }

        private static IEnumerable<string> Folders()
        {
            // Empty for an assembly inside of a single file.
            string location = typeof(Loader).Assembly.Location;
            if (!string.IsNullOrEmpty(location)) yield return Path.GetDirectoryName(location);
            yield return AppDomain.CurrentDomain.BaseDirectory;
            var known = AppDomain.CurrentDomain.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string;
            foreach (string folder in (known ?? "").Split(Path.PathSeparator))
            {
                if (Path.IsPathRooted(folder)) yield return folder;
            }
        }

        private static string ReadMaps()
        {
            try { return File.ReadAllText("/proc/self/maps"); }
            catch (Exception) { return ""; }
        }

        /// <summary>A loaded library.</summary>
        internal sealed class Symbols
        {
            private readonly IntPtr library;

            internal Symbols(IntPtr library) { this.library = library; }

            internal T Function<T>(string name)
            {
                IntPtr function = Dl.Find(library, name);
                if (function != IntPtr.Zero) return Marshal.GetDelegateForFunctionPointer<T>(function);
                throw new EntryPointNotFoundException(
                    Soname + " has no " + name + ": it is older than this package; update it");
            }
        }

        /// <summary>The functions of the dynamic loader, which are in the C library with musl and since glibc 2.34, and
        /// before that in a library of their own.</summary>
        private static class Dl
        {
            private static readonly bool HasOwn = HasOwnLibrary();

            internal static readonly Opening Open = HasOwn ? OpenOwn : (Opening)OpenC;
            internal static readonly Finding Find = HasOwn ? FindOwn : (Finding)FindC;
            private static readonly Telling Tell = HasOwn ? TellOwn : (Telling)TellC;

            internal static string Error() => Texts.Copy(Tell()) ?? "no reason is known";

            private static bool HasOwnLibrary()
            {
                try
                {
                    TellOwn();
                    return true;
                }
                catch (DllNotFoundException) { return false; }
                catch (EntryPointNotFoundException) { return false; }
            }

            [DllImport("libdl.so.2", EntryPoint = "dlopen", CharSet = CharSet.Ansi)]
            private static extern IntPtr OpenOwn(string path, int flags);

            [DllImport("libdl.so.2", EntryPoint = "dlsym", CharSet = CharSet.Ansi)]
            private static extern IntPtr FindOwn(IntPtr library, string name);

            [DllImport("libdl.so.2", EntryPoint = "dlerror")]
            private static extern IntPtr TellOwn();

            [DllImport("libc", EntryPoint = "dlopen", CharSet = CharSet.Ansi)]
            private static extern IntPtr OpenC(string path, int flags);

            [DllImport("libc", EntryPoint = "dlsym", CharSet = CharSet.Ansi)]
            private static extern IntPtr FindC(IntPtr library, string name);

            [DllImport("libc", EntryPoint = "dlerror")]
            private static extern IntPtr TellC();
        }
    }
}
