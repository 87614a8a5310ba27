// Runs the tests where NUnit's own runner cannot run: the one that Debian has is for Mono alone. It knows the
// attributes that these tests have. It also has the runtime compile every method of the package, so that a type or a
// member that this runtime lacks is found.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;
using NUnit.Framework;

static class Runner
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance |
        BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static int passed;
    private static int failed;

    static int Main()
    {
        Report("every method compiles", Prepare);
        foreach (Type type in Assembly.GetExecutingAssembly().GetTypes().Where(Has<TestFixtureAttribute>))
        {
            object fixture = Activator.CreateInstance(type);
            MethodInfo[] methods = type.GetMethods();
            Report(type.Name + " begins", () => CallAll<TestFixtureSetUpAttribute>(fixture, methods));
            foreach (MethodInfo method in methods)
            {
                foreach (object[] arguments in Cases(method))
                {
                    Report(type.Name + "." + method.Name, () => Test(fixture, methods, method, arguments));
                }
            }
            Report(type.Name + " ends", () => CallAll<TestFixtureTearDownAttribute>(fixture, methods));
        }
        Console.WriteLine(passed + " passed, " + failed + " failed on " + Environment.Version);
        return passed > 0 && failed == 0 ? 0 : 1;
    }

    private static void Prepare()
    {
        int prepared = 0;
        Type[] types = typeof(MachineID.Client).Assembly.GetTypes();
        foreach (Type type in types.Where(one => !one.ContainsGenericParameters))
        {
            var methods = type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All));
            foreach (MethodBase method in methods.Where(one => !one.IsAbstract && !one.ContainsGenericParameters))
            {
                // Imports have no body, and the runtime makes those of delegates.
                if (method.GetMethodBody() == null) continue;
                RuntimeHelpers.PrepareMethod(method.MethodHandle);
                prepared++;
            }
        }
        Assert.Greater(prepared, 200);
    }

    private static IEnumerable<object[]> Cases(MethodInfo method)
    {
        if (Has<TestAttribute>(method)) return new[] { new object[0] };
        return method.GetCustomAttributes(typeof(TestCaseAttribute), false)
            .Cast<TestCaseAttribute>()
            .Select(one => one.Arguments);
    }

    private static void Test(object fixture, MethodInfo[] methods, MethodInfo method, object[] arguments)
    {
        CallAll<SetUpAttribute>(fixture, methods);
        try
        {
            (method.Invoke(fixture, arguments) as Task)?.GetAwaiter().GetResult();
        }
        finally
        {
            CallAll<TearDownAttribute>(fixture, methods);
        }
    }

    private static void CallAll<T>(object fixture, MethodInfo[] methods)
    {
        foreach (MethodInfo method in methods.Where(Has<T>)) method.Invoke(fixture, null);
    }

    private static bool Has<T>(MemberInfo member) => member.IsDefined(typeof(T), true);

    private static void Report(string what, Action test)
    {
        try
        {
            test();
            passed++;
        }
        catch (Exception error)
        {
            failed++;
            Console.WriteLine("FAILED " + what + ": " + (error as TargetInvocationException)?.InnerException + error);
        }
    }
}
