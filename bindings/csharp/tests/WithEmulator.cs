using System;
using System.Diagnostics;
using System.Threading;
using MachineID;
using MachineID.Testing;
using NUnit.Framework;

/// <summary>Gives each test an emulator that knows one device, and a client of it.</summary>
public abstract class WithEmulator
{
    protected const string Device = "agent-01";

    /// <summary>How long a test waits for what must come.</summary>
    protected const int PatienceMs = 30000;

    protected Emulator Emulator { get; private set; }

    protected Client Client { get; private set; }

    [TestFixtureSetUp]
    public void Start() => Emulator = new Emulator();

    [TestFixtureTearDown]
    public void Stop() => Emulator.Dispose();

    [SetUp]
    public void Begin()
    {
        Emulator.Reset();
        Emulator.Register(Device);
        Client = Emulator.Client();
    }

    [TearDown]
    public void End() => Client.Dispose();

    protected static void Eventually(Func<bool> condition, string what)
    {
        Stopwatch clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.ElapsedMilliseconds > PatienceMs) Assert.Fail("it never came: " + what);
            Thread.Sleep(5);
        }
    }

    /// <summary>How long a guard may be on after a revocation.</summary>
    protected static double BoundMs(int intervalMs) =>
        intervalMs * 1.1 + 1000 + double.Parse(Environment.GetEnvironmentVariable("CHECK_SLACK_MS") ?? "1000");
}
