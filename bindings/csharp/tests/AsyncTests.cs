using System;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using MachineID;
using NUnit.Framework;
using Guard = MachineID.Guard;

[TestFixture]
public class AsyncTests : WithEmulator
{
    [Test]
    public async Task TheyBringWhatTheOthersBring()
    {
        Assert.IsTrue(await Client.ValidateAsync(Device));
        Assert.IsTrue(await Client.AllowsAsync(Device));
        Assert.IsTrue(await Client.RequireAsync(Device));
        Assert.IsFalse(await Client.ValidateAsync("never"));
        Assert.IsFalse(await Client.AllowsAsync("never"));
        Assert.AreEqual("exists", (await Client.RegisterAsync(Device))["status"].AsString());
        await Client.RevokeAsync(Device);
        Assert.IsFalse(await Client.ValidateManyAsync(new[] { Device }));
        await Client.UnrevokeAsync(Device);
        await Client.RestoreAsync(Device);
        Assert.IsTrue(await Client.ValidateManyAsync(new[] { Device }));
        Assert.AreEqual(1, (await Client.ListDevicesAsync())["devices"].Count);
        Assert.AreEqual("pro", (await Client.UsageAsync())["planTier"].AsString());
        using (Guard guard = await Client.GuardAsync(Device)) Assert.IsTrue(guard.Allowed);
        await Client.RemoveAsync(Device);
        Assert.IsFalse(await Client.AllowsAsync(Device));
    }

    [Test]
    public void ErrorsComeWithTheTask()
    {
        Assert.Throws<DeniedException>(() => Client.RequireAsync("never").GetAwaiter().GetResult());
        Task<Decision> bad = Client.ValidateAsync("a\0b");
        Assert.AreEqual("deviceId", Assert.Throws<ArgumentException>(() => bad.GetAwaiter().GetResult()).ParamName);
        Client.Dispose();
        Task<bool> closed = Client.AllowsAsync(Device);
        Assert.Throws<ObjectDisposedException>(() => closed.GetAwaiter().GetResult());
    }

    [Test]
    public void ATokenThatIsCancelledAsksNothing()
    {
        using (var source = new CancellationTokenSource())
        {
            source.Cancel();
            Assert.IsTrue(Client.RevokeAsync(Device, source.Token).IsCanceled);
            Assert.IsTrue(Client.GuardAsync(Device, null, source.Token).IsCanceled);
        }
        Assert.IsTrue(Client.Validate(Device));
    }

    [Test]
    public void ACallIsGivenUpAtOnceAndTheClientGoesOn()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var options = new ClientOptions
        {
            BaseUrl = "http://127.0.0.1:" + ((IPEndPoint)listener.LocalEndpoint).Port, TimeoutMs = 60000,
        };
        using (var waiting = new Client("org_tests", options))
        using (var source = new CancellationTokenSource())
        {
            Task<Decision> call = waiting.ValidateAsync(Device, source.Token);
            Task<Decision> other = waiting.ValidateAsync(Device);
            Eventually(listener.Pending, "the call");
            Stopwatch clock = Stopwatch.StartNew();
            source.Cancel();
            Assert.Catch<OperationCanceledException>(() => call.GetAwaiter().GetResult());
            Assert.Less(clock.ElapsedMilliseconds, PatienceMs);
            Assert.IsFalse(other.IsCompleted);
            waiting.Cancel();
            Assert.AreEqual(Status.Cancelled, other.Result.Status);
        }
        listener.Stop();
    }

    [Test]
    public async Task ManyCallsTakeNoMoreThreadsThanConnections()
    {
        using (Client four = Emulator.Client(new ClientOptions { MaxConnections = 4 }))
        {
            // Those of other tests' clients end after some seconds.
            int others = ThreadsNamed("machineid-call");
            var calls = Enumerable.Range(0, 200).Select(i => four.AllowsAsync(Device)).ToList();
            Assert.LessOrEqual(ThreadsNamed("machineid-call"), others + 4);
            Assert.IsTrue((await Task.WhenAll(calls)).All(one => one));
            Assert.IsTrue(await four.AllowsAsync(Device));
        }
    }

    [Test]
    public async Task AGuardOfACallThatWasGivenUpIsStopped()
    {
        for (int i = 0; i < 50; i++)
        {
            using (var source = new CancellationTokenSource())
            {
                Task<Guard> start = Client.GuardAsync(Device, null, source.Token);
                source.Cancel();
                try { (await start).Dispose(); }
                catch (OperationCanceledException) { }
            }
        }
        Eventually(() => Client.Stats()["guards"]["on"].AsInt64() == 0, "that no guard is left");
    }

    // The names of threads are in /proc, of at most 15 bytes, where the runtime sets them.
    private static int ThreadsNamed(string name) =>
        System.IO.Directory.GetDirectories("/proc/self/task").Count(task =>
        {
            try { return System.IO.File.ReadAllText(task + "/comm").Trim() == name; }
            catch (System.IO.IOException) { return false; }
        });
}
