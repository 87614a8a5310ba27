using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using MachineID;
using NUnit.Framework;
using Guard = MachineID.Guard;

[TestFixture]
public class ClientTests : WithEmulator
{
    [Test]
    public void AnAllowIsTrue()
    {
        Decision decision = Client.Validate(Device);
        Assert.IsTrue(decision);
        Assert.IsTrue(decision.Allowed);
        Assert.AreEqual(Status.Ok, decision.Status);
        Assert.AreEqual("ALLOW", decision.Code);
        Assert.AreEqual(36, decision.RequestId.Length);
        Assert.IsNull(decision.Error);
        Assert.IsTrue(Client.Allows(Device));
        Assert.IsTrue(Client.Require(Device));
        StringAssert.StartsWith("agent-01: allowed, ALLOW (request id ", decision.ToString());
    }

    [Test]
    public void ADenialIsFalseAndSaysWhy()
    {
        Emulator.Revoke(Device);
        Decision decision = Client.Validate(Device);
        Assert.IsFalse(decision);
        Assert.IsFalse(Client.Allows(Device));
        Assert.AreEqual(Status.Ok, decision.Status);
        Assert.AreEqual("DEVICE_REVOKED", decision.Code);
        var error = Assert.Throws<DeniedException>(() => Client.Require(Device));
        Assert.AreEqual(Status.Ok, error.Status);
        Assert.AreEqual("DEVICE_REVOKED", error.Code);
        Assert.AreEqual(36, error.RequestId.Length);
        Assert.AreEqual(false, error.Reply["allowed"].AsBoolean());
        StringAssert.Contains("DEVICE_REVOKED", error.Message);
        StringAssert.Contains(error.RequestId, error.Message);
    }

    [Test]
    public void NoDecisionIsFalse()
    {
        Decision none = null;
        Decisions nothing = null;
        Assert.IsFalse(none);
        Assert.IsFalse(nothing);
    }

    [Test]
    public void ARefusalIsNoDecision()
    {
        var error = Assert.Throws<RefusedException>(() => Client.Remove("never"));
        Assert.AreEqual(Status.Refused, error.Status);
        Assert.AreEqual("device_not_found", error.Code);
        Assert.AreEqual(36, error.RequestId.Length);
        using (var stranger = new Client("org_stranger", new ClientOptions { BaseUrl = Emulator.Url }))
        {
            Assert.AreEqual(Status.Refused, stranger.Validate(Device).Status);
            Assert.Throws<RefusedException>(() => stranger.Require(Device));
        }
    }

    [Test]
    public void AnOutageIsNoAnswer()
    {
        Emulator.Outage(503);
        using (Client once = Emulator.Client(new ClientOptions { MaxRetries = 0 }))
        {
            var error = Assert.Throws<NoAnswerException>(() => once.Require(Device));
            Assert.AreEqual(Status.Unavailable, error.Status);
            Assert.AreEqual("CLIENT_UNAVAILABLE", error.Code);
            Assert.AreEqual(503, error.HttpStatus);
            Assert.AreEqual(503, once.Validate(Device).HttpStatus);
            Emulator.Recover();
            Assert.IsTrue(once.Validate(Device));
        }
    }

    [Test]
    public void AllOptionsAreKnownToTheLibrary()
    {
        var all = new ClientOptions
        {
            BaseUrl = Emulator.Url, TimeoutMs = 5000, ConnectTimeoutMs = 2000, MaxRetries = 1, Proxy = "",
            NoProxy = "*",
            PinnedPublicKey = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", UserAgent = "a \"test\"\\",
            MaxConnections = 3, MaxConnectionAgeMs = 1000,
        };
        using (var client = new Client(Emulator.OrgKey, all)) Assert.IsTrue(client.Validate(Device));
        // These name what must exist.
        NotFound("ca_file", new ClientOptions { CaFile = "/nowhere" });
        NotFound("ca_path", new ClientOptions { CaPath = "/nowhere" });
        var error = Assert.Throws<MachineIDException>(
            () => Client.FromEnvironment(new ClientOptions { EnvVar = "MACHINEID_NOT_SET" }));
        Assert.AreEqual(Status.NoOrgKey, error.Status);
        StringAssert.Contains("MACHINEID_NOT_SET", error.Message);
        int tested = JsonReader.Read(all.Json).Count + 3;
        Assert.AreEqual(typeof(ClientOptions).GetProperties().Length, tested, "every option is tested here");
    }

    private static void NotFound(string name, ClientOptions options)
    {
        var error = Assert.Throws<MachineIDException>(() => new Client("org_tests", options));
        StringAssert.Contains(name + " cannot be read: /nowhere", error.Message);
    }

    [Test]
    public void ABadOptionIsNamed()
    {
        var error = Assert.Throws<MachineIDException>(() => Emulator.Client(new ClientOptions { TimeoutMs = 0 }));
        Assert.AreEqual(Status.InvalidOptions, error.Status);
        StringAssert.Contains("timeout_ms", error.Message);
    }

    [Test]
    public void BadInputIsNamedAndNotShown()
    {
        foreach (string id in new[] { "a\0secret", "secret\ud800", "\udc00secret" })
        {
            var error = Assert.Throws<ArgumentException>(() => Client.Register(id));
            Assert.AreEqual("deviceId", error.ParamName);
            StringAssert.DoesNotContain("secret", error.Message);
        }
        Assert.AreEqual("deviceId", Assert.Throws<ArgumentNullException>(() => Client.Guard(null)).ParamName);
        Assert.AreEqual("orgKey", Assert.Throws<ArgumentNullException>(() => new Client(null)).ParamName);
        Assert.AreEqual("deviceIds", Assert.Throws<ArgumentNullException>(() => Client.ValidateMany(null)).ParamName);
        var among = Assert.Throws<ArgumentNullException>(() => Client.ValidateMany(new[] { Device, null }));
        StringAssert.Contains("deviceIds[1]", among.Message);
        Assert.IsTrue(Client.Validate(Device));
    }

    [Test]
    public void TheKeyIsInNoText()
    {
        using (var client = new Client("org_marker", new ClientOptions { BaseUrl = Emulator.Url }))
        {
            var error = Assert.Throws<RefusedException>(() => client.Require(Device));
            foreach (string text in new[] { client.ToString(), error.ToString(), client.Validate(Device).ToString() })
            {
                StringAssert.DoesNotContain("marker", text);
            }
        }
    }

    [Test]
    public void ManyAreDecidedEachByItself()
    {
        Decisions many = Client.ValidateMany(new[] { Device, "never", "", Device });
        CollectionAssert.AreEqual(new[] { true, false, false, true }, many.Select(one => one.Allowed));
        CollectionAssert.AreEqual(
            new[] { Status.Ok, Status.Ok, Status.InvalidArgument, Status.Ok }, many.Select(one => one.Status));
        CollectionAssert.AreEqual(new[] { Device, Device }, many.Allowed);
        CollectionAssert.AreEqual(new[] { "never", "" }, many.Denied);
        Assert.AreEqual("2 of 4 allowed", many.ToString());
        Assert.IsFalse(many);
        Assert.IsFalse(Client.ValidateMany(new string[0]));
        Assert.IsTrue(Client.ValidateMany(Enumerable.Repeat(Device, 300)));
        Client.Cancel();
        CollectionAssert.AreEqual(
            new[] { Status.Cancelled, Status.Cancelled },
            Client.ValidateMany(new[] { Device, "w\u00f6rker" }).Select(one => one.Status));
    }

    [Test]
    public void ADisposedClientSaysSo()
    {
        Client.Dispose();
        Client.Dispose();
        Client.Cancel();
        StringAssert.Contains("closed", Assert.Throws<ObjectDisposedException>(() => Client.Validate(Device)).Message);
        Assert.Throws<ObjectDisposedException>(() => Client.ListDevices());
        Assert.Throws<ObjectDisposedException>(() => Client.Stats());
        Assert.Throws<ObjectDisposedException>(() => Client.Guard(Device));
        Assert.AreEqual("MachineID client, closed", Client.ToString());
    }

    [Test]
    public void AnyThreadMayDisposeItAtAnyMoment()
    {
        var unexpected = new List<Exception>();
        for (int round = 0; round < 10; round++)
        {
            Client shared = Emulator.Client();
            var threads = Enumerable.Range(0, 4).Select(i => new Thread(() =>
            {
                try
                {
                    while (shared.Validate(Device).Status != Status.Cancelled) { }
                }
                catch (ObjectDisposedException) { }
                catch (Exception error)
                {
                    lock (unexpected) unexpected.Add(error);
                }
            })).ToList();
            threads.ForEach(thread => thread.Start());
            Thread.Sleep(10);
            shared.Dispose();
            threads.ForEach(thread => Assert.IsTrue(thread.Join(PatienceMs)));
        }
        CollectionAssert.IsEmpty(unexpected);
    }

    [Test]
    public void StatsCountCalls()
    {
        Client.Validate(Device);
        Client.Validate("never");
        JsonValue stats = Client.Stats();
        Assert.AreEqual(2, stats["calls"]["validate"]["statuses"]["MID_OK"].AsInt64());
        Assert.AreEqual(1, stats["decisions"]["allowed"]["ALLOW"].AsInt64());
    }

    [Test]
    public void TheLibraryIsThatOfThePackage()
    {
        Assert.AreEqual(Environment.GetEnvironmentVariable("MACHINEID_EXPECTED_VERSION"), Client.LibraryVersion);
        Assert.AreEqual("inside", Client.BuildInfo["libcurl"]["where"].AsString());
        Assert.AreEqual("MID_TIMEOUT", Status.Timeout.Name());
        Assert.AreEqual("MID_UNKNOWN_STATUS", ((Status)77).Name());
        foreach (Status status in Enum.GetValues(typeof(Status)))
        {
            string name = status.Name().Substring("MID_".Length).Replace("_", "");
            StringAssert.AreEqualIgnoringCase(name, status.ToString());
        }
    }
}
