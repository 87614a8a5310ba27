import Testing

@testable import MachineIDC

/// Reads the settings that a client would be made with, or throws the failure.
private func settings<Result>(
    _ options: String?, key: String = "org_test", _ read: (borrowing Settings) -> Result
) throws(Failure) -> Result {
    try withText(key) { key throws(Failure) in
        guard let options else {
            let made = try Settings(orgKey: key, options: nil)
            return read(made)
        }
        return try withText(options) { options throws(Failure) in
            let made = try Settings(orgKey: key, options: options)
            return read(made)
        }
    }
}

/// The first of a list of headers.
private func first(_ headers: borrowing HeaderList) -> String? {
    headers.list?.pointee.data.map { String(cString: $0) }
}

private func refusal(_ options: String) -> (status: Status, message: String)? {
    failure { () throws(Failure) in try settings(options) { _ in } }
}

@Suite struct SettingsTests {
    @Test(arguments: [nil, "{}", " { } "])
    func theDefaultsAreThoseOfTheHeader(_ options: String?) throws {
        try ProcessSetup.run()
        try settings(options) { settings in
            #expect(String(settings.baseURL.text) == "https://machineid.io")
            let isSecure = settings.baseURL.isSecure
            #expect(isSecure)
            #expect(settings.timeout == 10_000)
            #expect(settings.connectTimeout == 3_000)
            #expect(settings.maxRetries == 2)
            #expect(settings.maxConnections == 64)
            #expect(settings.maxConnectionAge == 300_000)
            #expect(first(settings.headers.connect)?.hasPrefix("User-Agent: libmachineid/") == true)
            #expect(String(settings.pinnedPublicKey) == nil)
        }
    }

    @Test func everyOptionIsRead() throws {
        let pin = "sha256//" + String(repeating: "A", count: 43) + "="
        let options = """
            {"base_url":"https://authority.example:8443/prefix/", "timeout_ms":250, "connect_timeout_ms":100,
             "max_retries":0, "ca_file":"/etc/passwd", "ca_path":"/etc:/usr",
             "proxy":"http://proxy.example:3128", "no_proxy":"a.example",
             "pinned_public_key":"\(pin);\(pin)", "user_agent":"agent/1", "max_connections":256,
             "max_connection_age_ms":1000}
            """
        try settings(options) { settings in
            #expect(String(settings.baseURL.text) == "https://authority.example:8443/prefix")
            #expect(settings.timeout == 250)
            #expect(settings.connectTimeout == 100)
            #expect(settings.maxRetries == 0)
            #expect(String(settings.trust.file) == "/etc/passwd")
            #expect(String(settings.trust.folders) == "/etc:/usr")
            #expect(String(settings.proxies.proxy) == "http://proxy.example:3128")
            #expect(String(settings.proxies.bypass) == "a.example")
            #expect(String(settings.pinnedPublicKey) == "\(pin);\(pin)")
            #expect(first(settings.headers.connect) == "User-Agent: agent/1")
            #expect(settings.maxConnections == 256)
            #expect(settings.maxConnectionAge == 1_000)
        }
    }

    @Test(arguments: [
        ("", "options: the text is not JSON"), ("{", "options: the text is not JSON: it ends too early"),
        ("[]", "options must be a JSON object"), ("null", "options: the text is not JSON"),
        ("{}x", "options: the text is not JSON: something follows its end"),
        (#"{"timeout_ms":1,"timeout_ms":2}"#, "options: the text repeats a key"),
        (#"{"timeout":1}"#, "unknown option timeout;"), (#"{"Timeout_ms":1}"#, "unknown option Timeout_ms;"),
        (#"{"":1}"#, "unknown option ;"),
        (#"{"timeout_ms":0}"#, "timeout_ms must be a whole number from 1 to 3600000"),
        (#"{"timeout_ms":3600001}"#, "timeout_ms must be"), (#"{"timeout_ms":-1}"#, "timeout_ms must be"),
        (#"{"timeout_ms":1.5}"#, "timeout_ms must be"), (#"{"timeout_ms":"1"}"#, "timeout_ms must be"),
        (#"{"timeout_ms":null}"#, "timeout_ms must be"), (#"{"timeout_ms":true}"#, "timeout_ms must be"),
        (#"{"timeout_ms":9223372036854775808}"#, "options: the text holds a number that is too large"),
        (#"{"connect_timeout_ms":0}"#, "connect_timeout_ms must be"),
        (#"{"max_retries":11}"#, "max_retries must be a whole number from 0 to 10"),
        (#"{"max_connections":0}"#, "max_connections must be a whole number from 1 to 256"),
        (#"{"max_connection_age_ms":999}"#, "max_connection_age_ms must be a whole number from 1000 to 86400000"),
        (#"{"max_connection_age_ms":86400001}"#, "max_connection_age_ms must be"),
        (#"{"base_url":1}"#, "base_url must be a string"), (#"{"base_url":""}"#, "base_url must not be empty"),
        (#"{"ca_file":"/does/not/exist"}"#, "ca_file cannot be read: /does/not/exist: No such file or directory"),
        (#"{"ca_file":"/etc"}"#, "ca_file must be a regular file: /etc"),
        (#"{"ca_file":"/dev/null"}"#, "ca_file must be a regular file: /dev/null"),
        (#"{"ca_file":""}"#, "ca_file must not be empty"), (#"{"ca_file":1}"#, "ca_file must be a string"),
        (#"{"ca_path":1}"#, "ca_path must be a string"), (#"{"ca_path":""}"#, "ca_path must not be empty"),
        (#"{"ca_path":"/does/not/exist"}"#, "ca_path cannot be read: /does/not/exist: No such file or directory"),
        (#"{"ca_path":"/etc:/does/not/exist"}"#, "ca_path cannot be read: /does/not/exist: No such file or directory"),
        (#"{"ca_path":"/etc/passwd"}"#, "ca_path must be a directory, or several joined by a colon: /etc/passwd"),
        (#"{"ca_path":"::"}"#, "ca_path names no directory"),
        (#"{"pinned_public_key":"x"}"#, "pinned_public_key must be sha256//BASE64"),
        (#"{"pinned_public_key":"/etc/key.pem"}"#, "pinned_public_key must be"),
        (#"{"pinned_public_key":"sha256//YQ=="}"#, "pinned_public_key must be"),
        (#"{"user_agent":"a\r\nb"}"#, "user_agent must be 1 to 256 bytes of printable ASCII"),
        (#"{"user_agent":""}"#, "user_agent must not be empty"),
        (#"{"user_agent":"  "}"#, "user_agent must not be blank"),
        (#"{"user_agent":"é"}"#, "user_agent must be"),
        (#"{"proxy":"ftp://h"}"#, "proxy must be an http, https, socks4"),
        (#"{"proxy":"http://"}"#, "proxy is not a URL"),
        (#"{"proxy":1}"#, "proxy must be a string"), (#"{"no_proxy":[]}"#, "no_proxy must be a string"),
        (#"{"env_var":"X"}"#, "env_var is an option of mid_client_from_env"),
        (#"{"env_var":1}"#, "env_var must be a string"),
    ])
    func aBadOptionIsRefusedByName(_ options: String, _ message: String) {
        let refusal = refusal(options)
        #expect(refusal?.status == .invalidOptions)
        #expect(refusal?.message.hasPrefix(message) == true, "\(refusal?.message ?? "accepted")")
    }

    @Test func aLongUserAgentIsRefused() {
        #expect(refusal(#"{"user_agent":"\#(String(repeating: "a", count: 256))"}"#) == nil)
        #expect(refusal(#"{"user_agent":"\#(String(repeating: "a", count: 257))"}"#)?.status == .invalidOptions)
    }

    @Test(arguments: [
        "http://127.0.0.1:8080", "http://127.8.9.10", "http://localhost:1", "http://LOCALHOST", "http://[::1]:80/p",
        "https://10.0.0.1", "https://machineid.io///", "HTTPS://machineid.io",
    ])
    func aBaseURLThatKeepsTheKeySafeIsAccepted(_ url: String) throws {
        try settings(#"{"base_url":"\#(url)"}"#) { settings in
            #expect(String(settings.baseURL.text)?.hasSuffix("/") == false)
        }
    }

    @Test(arguments: [
        ("http://machineid.io", "base_url is http to another machine"), ("http://10.0.0.1", "base_url is http to"),
        ("http://128.0.0.1", "base_url is http to"), ("http://127.0.0.1.evil.example", "base_url is http to"),
        ("http://localhost.evil.example", "base_url is http to"), ("http://0.0.0.0", "base_url is http to"),
        ("http://[::2]", "base_url is http to"), ("http://[::ffff:127.0.0.1]", "base_url is http to"),
        ("ftp://machineid.io", "base_url must begin with https://"), ("file:///etc/passwd", "base_url must begin"),
        ("machineid.io", "base_url must begin with https://, or with http:// for this machine"),
        ("localhost:8080", "base_url must begin"), ("127.0.0.1:8080", "base_url must begin"),
        ("user@machineid.io", "base_url must begin"), ("https:machineid.io", "base_url must begin"),
        ("gopher://machineid.io", "base_url must begin"), ("https://", "base_url is not a URL"),
        ("https://user@machineid.io", "base_url must not hold a user"),
        ("https://machineid.io@evil.example", "base_url must not hold a user"),
        ("https://:pw@machineid.io", "base_url must not hold a"),
        ("https://machineid.io/?a=b", "base_url must not hold a query"),
        ("https://machineid.io/#x", "base_url must not hold a fragment"),
        ("https://machineid.io:99999", "base_url is not a URL"), ("https://a b", "base_url is not a URL"),
        ("https://münchen.test", "base_url has a host name that is not ASCII; write xn--"),
        ("https://m%C3%BCnchen.test/p", "base_url has a host name that is not ASCII"),
        ("https://machineid。io", "base_url has a host name that is not ASCII"),
        ("https://xn--mnchen-3ya.tést:443", "base_url has a host name that is not ASCII"),
        ("http://ℓocalhost", "base_url has a host name"),
    ])
    func aBaseURLThatDoesNotKeepTheKeySafeIsRefused(_ url: String, _ message: String) {
        let refusal = refusal(#"{"base_url":"\#(url)"}"#)
        #expect(refusal?.status == .invalidOptions)
        #expect(refusal?.message.hasPrefix(message) == true, "\(refusal?.message ?? "accepted")")
    }

    @Test func aNumericLoopbackAddressIsReadAsLibcurlReadsIt() throws {
        try settings(#"{"base_url":"http://2130706433"}"#) { settings in
            #expect(String(settings.baseURL.text) == "http://127.0.0.1")
        }
    }

    @Test func anHTTPBaseURLAcceptsOnlyALoopbackProxy() throws {
        let local = #""base_url":"http://127.0.0.1:1""#
        #expect(refusal("{\(local),\"proxy\":\"http://127.0.0.1:3128\"}") == nil)
        #expect(refusal("{\(local),\"proxy\":\"\"}") == nil)
        let far = refusal("{\(local),\"proxy\":\"http://proxy.example:3128\"}")
        #expect(far?.status == .invalidOptions)
        #expect(far?.message.hasPrefix("proxy is on another machine and base_url is http") == true)
    }

    @Test(arguments: [
        "https://xn--mnchen-3ya.test", "https://authority.example/m\u{fc}nchen", "https://[fe80::1%25lo]",
    ])
    func aHostNameInASCIIIsAccepted(_ url: String) throws {
        try settings(#"{"base_url":"\#(url)"}"#) { settings in
            #expect(String(settings.baseURL.text) == url)
        }
    }

    @Test(arguments: ["http://m\u{fc}nchen.test:3128", "m%C3%BCnchen.test:3128", "socks5h://user:pw@m\u{fc}nchen.test"])
    func aProxyWhoseHostNameIsNotASCIIIsRefused(_ url: String) {
        let refusal = refusal(#"{"proxy":"\#(url)"}"#)
        #expect(refusal?.status == .invalidOptions)
        #expect(refusal?.message.hasPrefix("proxy has a host name that is not ASCII; write xn--") == true)
    }

    @Test func whiteSpaceAroundURLsIsTrimmed() throws {
        let options = """
            {"base_url":" https://authority.example/p/ \\r\\n", "proxy":"\\thttp://proxy.example:3128\\n",
             "no_proxy":"\\n* \\n"}
            """
        try settings(options) { settings in
            #expect(String(settings.baseURL.text) == "https://authority.example/p")
            #expect(String(settings.proxies.proxy) == "http://proxy.example:3128")
            #expect(String(settings.proxies.bypass) == "*")
        }
        try settings(#"{"proxy":" \n"}"#) { settings in
            #expect(String(settings.proxies.proxy) == "")
        }
        #expect(refusal(#"{"base_url":" \n"}"#)?.message.hasPrefix("base_url must begin with https://") == true)
    }
}
