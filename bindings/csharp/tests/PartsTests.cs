using System;
using System.Linq;
using System.Runtime.InteropServices;
using MachineID;
using MachineID.Testing;
using NUnit.Framework;

/// <summary>Tests of what needs no authority: the reader of JSON, the texts, and the choice of the library.</summary>
[TestFixture]
public class PartsTests
{
    [Test]
    public void JsonIsReadAsItIs()
    {
        JsonValue value = JsonReader.Read(
            " {\"a\" : [1, -2.5e+3, 0, true, false, null, {}], \"b\":\"first\", \"b\":\"last\"} ");
        Assert.AreEqual(JsonKind.Object, value.Kind);
        CollectionAssert.AreEqual(new[] { "a", "b" }, value.Names);
        Assert.AreEqual(7, value["a"].Count);
        Assert.AreEqual(1, value["a"][0].AsInt64());
        Assert.AreEqual(-2500, value["a"][1].AsDouble());
        Assert.IsNull(value["a"][1].AsInt64());
        Assert.AreEqual(true, value["a"][3].AsBoolean());
        Assert.AreEqual("last", value["b"].AsString());
        Assert.AreEqual("\u00e9\n\U0001f600\"/", JsonReader.Read("\"\\u00e9\\n\\ud83d\\ude00\\\"\\/\"").AsString());
        Assert.AreEqual("[1,-2.5e+3,0,true,false,null,{}]", value["a"].ToString());
        Assert.AreEqual(7, value["a"].Count());
    }

    [Test]
    public void WhatDoesNotExistIsNull()
    {
        JsonValue value = JsonReader.Read("{\"a\":1}");
        Assert.AreEqual(JsonKind.Null, value["b"]["c"][7].Kind);
        Assert.AreEqual(JsonKind.Null, value[0].Kind);
        Assert.AreEqual(JsonKind.Null, value[null].Kind);
        Assert.IsNull(value["a"].AsString());
        Assert.IsNull(value["a"].AsBoolean());
        Assert.AreEqual("", value["b"].ToString());
        Assert.AreEqual(0, value["b"].Count());
    }

    [Test]
    public void ANumberMayBeOfAnySize()
    {
        JsonValue value = JsonReader.Read("[123456789012345678901234567890, 1e999, 9007199254740993]");
        Assert.IsNull(value[0].AsInt64());
        Assert.AreEqual("123456789012345678901234567890", value[0].ToString());
        Assert.IsNull(value[1].AsDouble());
        Assert.AreEqual(9007199254740993L, value[2].AsInt64());
    }

    [TestCase("")]
    [TestCase("{")]
    [TestCase("{\"a\"}")]
    [TestCase("{\"a\":1,}")]
    [TestCase("{a:1}")]
    [TestCase("[1 2]")]
    [TestCase("[1,]")]
    [TestCase("01")]
    [TestCase("1.")]
    [TestCase("-")]
    [TestCase("+1")]
    [TestCase("nul")]
    [TestCase("\"\\x\"")]
    [TestCase("\"\\u12")]
    [TestCase("\"\\u 12a\"")]
    [TestCase("\"\n\"")]
    [TestCase("\"open")]
    [TestCase("1 1")]
    public void WhatIsNoJsonIsNull(string text) => Assert.AreEqual(JsonKind.Null, JsonReader.Read(text).Kind);

    [Test]
    public void DepthHasALimit()
    {
        string most = new string('[', JsonReader.MaxDepth) + new string(']', JsonReader.MaxDepth);
        Assert.AreEqual(JsonKind.Array, JsonReader.Read(most).Kind);
        Assert.AreEqual(JsonKind.Null, JsonReader.Read("[" + most + "]").Kind);
        Assert.AreEqual(JsonKind.Null, JsonReader.Read(new string('[', 1000000)).Kind);
    }

    [Test]
    public void OptionsAreWrittenAsJson()
    {
        var options = new ClientOptions { Proxy = "\"\\\n\u0001\u00e9", TimeoutMs = 7, NoProxy = "" };
        JsonValue value = JsonReader.Read(options.Json);
        Assert.AreEqual("\"\\\n\u0001\u00e9", value["proxy"].AsString());
        Assert.AreEqual(7, value["timeout_ms"].AsInt64());
        Assert.AreEqual("", value["no_proxy"].AsString());
        Assert.AreEqual(3, value.Count);
        Assert.AreEqual("{}", new GuardOptions().Json);
    }

    [Test]
    public void ThePlatformNamesTheFolder()
    {
        Assert.AreEqual("linux-x64", Loader.Platform(true, Architecture.X64, false));
        Assert.AreEqual("linux-arm64", Loader.Platform(true, Architecture.Arm64, false));
        Assert.AreEqual("linux-musl-x64", Loader.Platform(true, Architecture.X64, true));
        Assert.AreEqual("linux-musl-arm64", Loader.Platform(true, Architecture.Arm64, true));
        StringAssert.EndsWith(" on x86", Loader.Platform(false, Architecture.X86, false));
        Assert.IsTrue(Loader.IsMusl("7f0-7f1 r-xp 00000000 08:01 12 /lib/ld-musl-x86_64.so.1\n"));
        Assert.IsFalse(Loader.IsMusl("7f0-7f1 r-xp 00000000 08:01 12 /home/musl/libc.so.6\n"));
    }

    [Test]
    public void AnotherPlatformIsOneSentence()
    {
        string sentence = Loader.Sentence("linux-arm", new string[0]);
        StringAssert.StartsWith("MachineID has no library for linux-arm: ", sentence);
        StringAssert.Contains("install libmachineid.so.0", sentence);
        StringAssert.DoesNotContain("\n", sentence);
    }

    [Test]
    public void AnEmulatorThatIsMissingIsOneSentence()
    {
        var error = Assert.Throws<InvalidOperationException>(() => new Emulator(program: "/nowhere/emulator"));
        StringAssert.StartsWith("/nowhere/emulator cannot be started", error.Message);
        StringAssert.Contains("MACHINEID_EMULATOR", error.Message);
        error = Assert.Throws<InvalidOperationException>(() => new Emulator(program: "/bin/true"));
        Assert.AreEqual("/bin/true does not say where it listens", error.Message);
    }
}
