using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using MachineID;
using NUnit.Framework;
using Guard = MachineID.Guard;

[TestFixture]
public class GuardTests : WithEmulator
{
    private static readonly GuardOptions Quick = new GuardOptions { IntervalMs = 200 };

    [Test]
    public async Task ItEndsSoonAfterARevocationWithoutABusyThread()
    {
        using (Guard guard = Client.Guard(Device, Quick))
        {
            Assert.IsTrue(guard.Allowed);
            Task<GuardDecision> stopped = guard.Stopped();
            TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
            await Task.Delay(1000);
            TimeSpan busy = Process.GetCurrentProcess().TotalProcessorTime - before;
            Assert.Less(busy.TotalMilliseconds, 500, "of 1000 ms a busy thread takes all");
            Assert.IsFalse(stopped.IsCompleted);
            Stopwatch clock = Stopwatch.StartNew();
            Emulator.Revoke(Device);
            GuardDecision known = await stopped;
            Assert.Less(clock.ElapsedMilliseconds, BoundMs(200));
            Assert.IsFalse(guard.Allowed);
            Assert.AreEqual(GuardState.Denied, known.State);
            Assert.AreEqual("DEVICE_REVOKED", known.Code);
            Assert.AreEqual(36, known.RequestId.Length);
            Assert.IsInstanceOf<DeniedException>(known.Error);
            Emulator.Unrevoke(Device);
            Assert.IsTrue(Client.Validate(Device));
            Assert.IsFalse(guard.Allowed);
            Assert.AreEqual(GuardState.Denied, (await guard.Stopped()).State);
        }
    }

    [Test]
    public void ItLapsesInAnOutageAndComesBack()
    {
        using (Guard guard = Client.Guard(Device, new GuardOptions { IntervalMs = 100, MaxAgeMs = 400 }))
        {
            Emulator.Outage();
            Assert.IsTrue(guard.WaitUntilOff(TimeSpan.FromMilliseconds(PatienceMs)));
            GuardDecision known = guard.Decision();
            Assert.IsFalse(known.Allowed);
            Assert.AreEqual(GuardState.Lapsed, known.State);
            Assert.AreEqual("ALLOW", known.Code);
            Assert.AreEqual("CLIENT_UNAVAILABLE", known.Failure.Code);
            Assert.AreEqual(503, known.Failure.HttpStatus);
            Assert.IsInstanceOf<NoAnswerException>(known.Error);
            Assert.Greater(known.AgeMs, 0);
            Assert.Greater(known.Failures, 0);
            Assert.IsFalse(guard.Stopped().IsCompleted);
            Emulator.Recover();
            Eventually(() => guard.Allowed, "an allow after the outage");
            Assert.IsNull(guard.Decision().Error);
        }
    }

    [Test]
    public async Task DisposingItEndsEveryWait()
    {
        Guard guard = Client.Guard(Device);
        Task<GuardDecision> stopped = guard.Stopped();
        Task<bool> waiting = Task.Factory.StartNew(() => guard.WaitUntilOff(), TaskCreationOptions.LongRunning);
        Assert.IsFalse(guard.WaitUntilOff(TimeSpan.FromMilliseconds(20)));
        guard.Dispose();
        guard.Dispose();
        Assert.AreEqual(GuardState.Ended, (await stopped).State);
        Assert.AreEqual("ALLOW", (await guard.Stopped()).Code);
        Assert.IsTrue(await waiting);
        Assert.IsFalse(guard.Allowed);
        Assert.IsTrue(guard.WaitUntilOff());
        Assert.AreEqual(GuardState.Ended, guard.Decision().State);
        Assert.AreEqual("guard of agent-01, stopped", guard.ToString());
        Eventually(() => Client.Stats()["guards"]["on"].AsInt64() == 0, "that it is freed");
    }

    [Test]
    public void ATokenStopsWaitingAndNotTheGuard()
    {
        using (Guard guard = Client.Guard(Device, Quick))
        using (var source = new CancellationTokenSource())
        {
            Task<GuardDecision> stopped = guard.Stopped(source.Token);
            source.Cancel();
            Assert.Catch<OperationCanceledException>(() => stopped.GetAwaiter().GetResult());
            Assert.IsTrue(guard.Stopped(source.Token).IsCanceled);
            Assert.IsTrue(guard.Allowed);
            Task<GuardDecision> again = guard.Stopped();
            Emulator.Revoke(Device);
            Assert.AreEqual(GuardState.Denied, again.Result.State);
        }
    }

    [Test]
    public async Task ItEndsWithItsClient()
    {
        Guard cancelled = Client.Guard(Device);
        Task<GuardDecision> stopped = cancelled.Stopped();
        Client.Cancel();
        Assert.AreEqual(GuardState.Ended, (await stopped).State);
        Assert.IsInstanceOf<MachineIDException>((await stopped).Error);

        Client other = Emulator.Client();
        Guard outlives = other.Guard(Device);
        other.Dispose();
        Assert.AreEqual(GuardState.Ended, (await outlives.Stopped()).State);
        Assert.IsFalse(outlives.Allowed);
        outlives.Dispose();
        cancelled.Dispose();
    }

    [Test]
    public void ADeniedDeviceHasAGuardThatIsOff()
    {
        using (Guard guard = Client.Guard("never"))
        {
            Assert.IsFalse(guard.Allowed);
            Assert.IsTrue(guard.WaitUntilOff(TimeSpan.Zero));
            Assert.AreEqual("DEVICE_NOT_REGISTERED", guard.Stopped().Result.Code);
        }
    }

    [Test]
    public void WithoutADecisionThereIsNoGuard()
    {
        Emulator.Outage();
        Assert.Throws<NoAnswerException>(() => Client.Guard(Device));
        Emulator.Recover();
        var error = Assert.Throws<MachineIDException>(() => Client.Guard(Device, new GuardOptions { IntervalMs = 1 }));
        Assert.AreEqual(Status.InvalidOptions, error.Status);
        StringAssert.Contains("interval_ms", error.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
        {
            using (Guard guard = Client.Guard(Device)) guard.WaitUntilOff(TimeSpan.FromMilliseconds(-7));
        });
    }

    [Test]
    public async Task OneThreadWatchesManyGuards()
    {
        List<Guard> guards = Enumerable.Range(0, 60).Select(i => Client.Guard(Device, Quick)).ToList();
        Task<GuardDecision[]> all = Task.WhenAll(guards.Select(guard => guard.Stopped()));
        foreach (Guard guard in guards.Take(30)) guard.Dispose();
        Emulator.Revoke(Device);
        GuardDecision[] known = await all;
        Assert.IsTrue(known.Skip(30).All(one => one.State == GuardState.Denied));
        foreach (Guard guard in guards) guard.Dispose();
    }

    [Test]
    public void TheCollectorStopsForgottenGuards()
    {
        for (int i = 0; i < 20; i++) Forget();
        // The collector may take an old value on a stack for a reference, but not so many.
        Eventually(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return Client.Stats()["guards"]["on"].AsInt64() < 5;
            },
            "that forgotten guards are stopped");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Forget() => Assert.IsTrue(Client.Guard(Device).Allowed);
}
