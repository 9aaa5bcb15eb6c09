import CHyperbolic

/// The settings of a client. What is nil has its default.
public struct Options: Sendable {
    /// Is sent as a Bearer token; without one no Authorization header is sent.
    public var apiKey: Key?
    /// The server: "https://host", with or without "/v1". Default: https://api.hyperbolic.xyz/v1.
    public var baseURL: String?
    /// Let the key travel over plain http to other machines than this one, where everybody on the way can read it.
    public var allowsHTTP = false
    /// Go with every request. The library writes Authorization, Content-Type, Content-Length and Host itself.
    public var headers: [String: String] = [:]
    /// Replaces "libhyperbolic/" and the version.
    public var userAgent: String?

    /// Authorities, in PEM, that are trusted beside the built-in ones.
    public var caCertificates: String?
    /// Trust the authorities of this system in place of the built-in ones.
    public var usesSystemRoots = false
    /// An http, https or socks5 URL through which everything goes; "" is none.
    public var proxy: String?
    /// The hosts that are reached without it, with commas between them; "*" is every host.
    public var noProxy: String?

    /// Ask for answers as streams, also where a call waits for the whole; false for servers that cannot.
    public var isStreaming = true
    /// Fail with ``HyperbolicError/badResponse(_:)`` on what is otherwise understood and counted.
    public var isStrict = false
    /// What a server may cost; each has its default.
    public var limits: [Limit: UInt64] = [:]

    /// Of name lookup, TCP, TLS and proxy together. Default: 10 s.
    public var connectTimeout: Timeout?
    /// Of the time to the first piece of an answer. Default: 5 min.
    public var firstTokenTimeout: Timeout?
    /// Of a silence inside an answer. Default: 2 min.
    public var idleTimeout: Timeout?
    /// Of a whole request, with every attempt and wait. Default: never.
    public var totalTimeout: Timeout?
    /// Whether a keep-alive comment ends a silence; false for servers that keep a dead generation alive.
    public var idleCountsComments = true

    /// How often a request is sent again that failed before anything of its answer came. Default: 2.
    public var maxRetries: UInt32?
    /// Also send again what ran into its first-token or idle deadline; the server may bill both.
    public var retriesDeadlines = false

    /// Keep to the limits of one of Hyperbolic's tiers.
    public var tier: Tier?
    /// Further requests in a minute wait for their turn.
    public var requestsPerMinute: UInt32?
    /// The same for single models.
    public var modelRequestsPerMinute: [String: UInt32] = [:]
    /// How many requests are with the server at once.
    public var maxConcurrent: UInt32?
    /// Refuse further requests once the client's answers have cost so much, in nano-USD (10^-9 $).
    public var spendingLimitNanoUSD: Int64?

    /// A file into which every exchange is written, for ``replay``. The key is not in it; prompts and answers are.
    public var record: String?
    /// Such a file, from which requests are answered without a connection.
    public var replay: String?
    /// Let each piece of a replay come when the server sent it, and not at once.
    public var replaysInTime = false

    /// What ``Client/takeLog()`` gets to see. Default: nothing.
    public var logLevel: LogLevel?
    /// Log the bodies of requests and answers too, at ``LogLevel/trace``, up to 64 KiB of each, without the key.
    public var logsBodies = false

    private var readsEnvironment = false

    /// The defaults: Hyperbolic's server, and no key.
    public init(apiKey: Key? = nil, baseURL: String? = nil) {
        self.apiKey = apiKey
        self.baseURL = baseURL
    }

    /// Options that a new client completes from its environment: `HYPERBOLIC_API_KEY` is the key, `HYPERBOLIC_BASE_URL`
    /// the server, `HYPERBOLIC_ALLOW_HTTP=1` lets the key travel over plain http, and `https_proxy`, `http_proxy`,
    /// `all_proxy` and `no_proxy` name proxies as they do for curl. What is set beside counts more.
    public static var fromEnvironment: Options {
        var options = Options()
        options.readsEnvironment = true
        return options
    }

    /// An API key. It does not show itself when it is printed, dumped or reflected.
    public struct Key: Sendable, ExpressibleByStringLiteral, CustomStringConvertible, CustomDebugStringConvertible,
        CustomReflectable
    {
        let text: String

        /// A key from wherever you keep it.
        public init(_ text: String) { self.text = text }
        /// A key in the source, which tests have.
        public init(stringLiteral text: String) { self.text = text }
        /// "[key]".
        public var description: String { "[key]" }
        /// "[key]".
        public var debugDescription: String { "[key]" }
        /// Has nothing.
        public var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// A bundle of limits that Hyperbolic grants.
    public enum Tier: Sendable {
        /// 60 requests a minute, 5 to a model of 405B.
        case basic
        /// 600 requests a minute, 120 to a model of 405B.
        case pro
    }

    /// A bound on what a server may cost. An answer beyond it is ``HyperbolicError/badResponse(_:)``, with what had
    /// arrived.
    public enum Limit: Sendable, CaseIterable {
        /// Bytes of one line of a stream. Default: 16 MiB.
        case line
        /// Bytes of the data of one event of a stream. Default: 16 MiB.
        case event
        /// Bytes of everything kept of an answer. Default: 64 MiB.
        case answer
        /// Bytes kept of the body of an error. Default: 256 KiB.
        case errorBody
        /// Bytes of names and values in the head of an answer. Default: 64 KiB.
        case headers
        /// Brackets inside brackets in JSON. Default: 128; at most 256.
        case jsonDepth
        /// Choices of an answer. Default: 1,024.
        case choices
        /// Tool calls of a choice. Default: 1,024.
        case toolCalls
        /// Bytes of one request's pieces that wait for their reader; then the answer is not read on. Default: 1 MiB.
        case queue
    }
}

extension Options {
    /// Fills options of the library's. Bad values are remembered there, and the making of the client reports the first.
    func build() -> Handle<OptionsKind> {
        let built = Handle<OptionsKind>(readsEnvironment ? hb_options_from_env() : hb_options_new())
        built.use { to in
            buildServer(to)
            buildPolicy(to)
            buildPace(to)
            if let record { hb_options_set_record(to, record, record.utf8.count) }
            if let replay {
                hb_options_set_replay(
                    to, replay, replay.utf8.count, replaysInTime ? HB_REPLAY_TIMED : HB_REPLAY_AT_ONCE)
            }
            if let logLevel { hb_options_set_log_level(to, logLevel.number) }
            hb_options_set_log_bodies(to, logsBodies.flag)
        }
        return built
    }

    private func buildServer(_ to: OpaquePointer) {
        if let key = apiKey?.text { hb_options_set_api_key(to, key, key.utf8.count) }
        if let baseURL { hb_options_set_base_url(to, baseURL, baseURL.utf8.count) }
        if allowsHTTP { hb_options_set_allow_http(to, 1) }
        for (name, value) in headers.sorted(by: <) {
            hb_options_set_header(to, name.identifier, value, value.utf8.count)
        }
        if let userAgent { hb_options_set_user_agent(to, userAgent, userAgent.utf8.count) }
        if let caCertificates { hb_options_add_ca_pem(to, caCertificates, caCertificates.utf8.count) }
        hb_options_set_system_roots(to, usesSystemRoots.flag)
        if let proxy { hb_options_set_proxy(to, proxy, proxy.utf8.count) }
        if let noProxy { hb_options_set_no_proxy(to, noProxy, noProxy.utf8.count) }
        hb_options_set_streaming(to, isStreaming.flag)
        hb_options_set_strict(to, isStrict.flag)
        for limit in Limit.allCases {
            if let value = limits[limit] { hb_options_set_limit(to, limit.number, value) }
        }
    }

    private func buildPolicy(_ to: OpaquePointer) {
        if let connectTimeout { hb_options_set_connect_timeout_ms(to, connectTimeout.milliseconds) }
        if let firstTokenTimeout { hb_options_set_first_token_timeout_ms(to, firstTokenTimeout.milliseconds) }
        if let idleTimeout { hb_options_set_idle_timeout_ms(to, idleTimeout.milliseconds) }
        if let totalTimeout { hb_options_set_total_timeout_ms(to, totalTimeout.milliseconds) }
        hb_options_set_idle_counts_comments(to, idleCountsComments.flag)
        if let maxRetries { hb_options_set_max_retries(to, maxRetries) }
        hb_options_set_retry_deadlines(to, retriesDeadlines.flag)
    }

    private func buildPace(_ to: OpaquePointer) {
        switch tier {
        case nil: break
        case .basic: hb_options_set_tier(to, HB_TIER_BASIC)
        case .pro: hb_options_set_tier(to, HB_TIER_PRO)
        }
        if let requestsPerMinute { hb_options_set_requests_per_minute(to, requestsPerMinute) }
        for (model, requests) in modelRequestsPerMinute.sorted(by: <) {
            hb_options_set_model_requests_per_minute(to, model, model.utf8.count, requests)
        }
        if let maxConcurrent { hb_options_set_max_concurrent(to, maxConcurrent) }
        if let spendingLimitNanoUSD { hb_options_set_spending_limit_nanousd(to, spendingLimitNanoUSD) }
    }
}

extension Options.Limit {
    var number: UInt32 {
        switch self {
        case .line: HB_LIMIT_LINE
        case .event: HB_LIMIT_EVENT
        case .answer: HB_LIMIT_ANSWER
        case .errorBody: HB_LIMIT_ERROR_BODY
        case .headers: HB_LIMIT_HEADERS
        case .jsonDepth: HB_LIMIT_JSON_DEPTH
        case .choices: HB_LIMIT_CHOICES
        case .toolCalls: HB_LIMIT_TOOL_CALLS
        case .queue: HB_LIMIT_QUEUE
        }
    }
}
