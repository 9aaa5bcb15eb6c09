import CHyperbolic

/// Asks one server: it has the key, the connections, the pace. Make one and share it, among any number of tasks.
///
/// The end of a task ends its requests at once, and their servers stop. So does ``close()``, and the end of the last
/// reference to the client and its streams.
public final class Client: Sendable {
    private let handle: Handle<ClientKind>

    /// Makes a client. Nothing is sent, and no thread is started before the first request.
    public init(_ options: Options) throws(HyperbolicError) {
        precondition(
            hb_abi_version() == HYPERBOLIC_ABI_VERSION,
            "libhyperbolic \(Client.libraryVersion) has another ABI than the one that this program was built for")
        handle = try options.build().use { options throws(HyperbolicError) in
            try make(ClientKind.self) { hb_client_new(options, $0, $1) }
        }
    }

    /// Sends a chat and waits for the whole answer.
    ///
    /// An error has what had arrived, in `details.response`. When the task ends, that error is
    /// ``HyperbolicError/cancelled(_:)``.
    public func chat(_ request: Request) async throws(HyperbolicError) -> Response {
        if request.prompt != nil {
            throw .invalidArgument(.init("a chat has messages and no prompt: complete is for prompts", param: "prompt"))
        }
        return try await start(request, wantsPieces: false).response()
    }

    /// Sends a chat whose answer is JSON, and decodes that.
    ///
    /// A type that is ``Schematic`` is also what the server is asked to keep to; of any other one it is asked for an object,
    /// and a message should say which. A ``Request/format`` counts more. What cannot be decoded is
    /// ``HyperbolicError/undecodable(_:_:)``, with the answer.
    public func chat<Answer: Decodable>(_ request: Request, as type: Answer.Type) async throws(HyperbolicError)
        -> Answer
    {
        var request = request
        if request.format == nil {
            let schema = (type as? any Schematic.Type)?.jsonSchema
            request.format = schema.map { .jsonSchema($0) } ?? .jsonObject
        }
        let response = try await chat(request)
        do {
            return try response.decode(as: type)
        } catch {
            var details = HyperbolicError.Details("the answer is no \(type): \(error)")
            details.response = response
            details.attempts = response.attempts
            throw .undecodable(error, details)
        }
    }

    /// Sends a text completion and waits for the whole answer. In all else like ``chat(_:)``.
    public func complete(_ request: Request) async throws(HyperbolicError) -> Response {
        if !request.messages.isEmpty || request.conversation != nil {
            throw .invalidArgument(.init("a text completion has no messages: chat is for messages", param: "messages"))
        }
        return try await start(request, wantsPieces: false).response()
    }

    /// What happens to a request, a chat or a text completion, as it happens. It is sent when the loop begins.
    public func stream(_ request: Request) -> EventStream { EventStream(client: self, request: request) }

    func start(_ request: Request, wantsPieces: Bool) throws(HyperbolicError) -> Flight {
        let request = request.build()
        if !wantsPieces { request.use { hb_request_set_omit_pieces($0, 1) } }
        return try handle.use { client throws(HyperbolicError) in
            try request.use { request throws(HyperbolicError) in
                try Flight(of: handle) { hb_start(client, request, $0, $1, $2, $3) }
            }
        }
    }

    /// Asks the server for its models. What it says goes into ``knownModels()``, and costs are counted at its prices from
    /// then on.
    public func models() async throws(HyperbolicError) -> ModelList {
        let response = try await handle.use { client throws(HyperbolicError) in
            try Flight(of: handle) { hb_start_models(client, $0, $1, $2, $3) }
        }.response()
        return response.handle.use { ModelList(hb_response_models($0)!) }
    }

    /// What the client knows of models: the catalogue, under what the server said in the last ``models()``.
    public func knownModels() throws(HyperbolicError) -> ModelList {
        try make(ModelListKind.self) { models, error in handle.use { hb_client_model_list($0, models, error) } }
            .use { ModelList($0) }
    }

    /// What a request will come to, before it is sent, at the prices that the client knows.
    public func estimate(_ request: Request) throws(HyperbolicError) -> Estimate {
        var tokens: Int64 = 0
        var cost: Int64 = 0
        try handle.use { client throws(HyperbolicError) in
            try request.build().use { request throws(HyperbolicError) in
                try attempt { hb_request_estimate(request, client, &tokens, &cost, $0) }
            }
        }
        return Estimate(promptTokens: tokens, costNanoUSD: known(cost))
    }

    /// What a request will come to, about.
    public struct Estimate: Sendable, Hashable {
        /// How many tokens the prompt has, by rules: for most languages within a third.
        public let promptTokens: Int64
        /// The most that the request can cost, in nano-USD (10^-9 $); nil if a price or the longest answer is not known.
        public let costNanoUSD: Int64?
    }

    /// Replaces the key for what is sent from now on, also by requests that wait for their turn or another attempt.
    public func setAPIKey(_ key: Options.Key) throws(HyperbolicError) {
        try handle.use { client throws(HyperbolicError) in
            try attempt { hb_client_set_api_key(client, key.text, key.text.utf8.count, $0) }
        }
    }

    /// Connects ahead of the first request, so that it need not wait for name, TCP and TLS. Returns at once.
    public func warmUp() throws(HyperbolicError) {
        try handle.use { client throws(HyperbolicError) in try attempt { hb_client_warm_up(client, $0) } }
    }

    /// Cancels every request of the client, closes its connections, and refuses further requests with
    /// ``HyperbolicError/closed(_:)``. Tasks that wait fail with ``HyperbolicError/cancelled(_:)``, and what had arrived.
    /// It may be called any number of times, from anywhere, and waits for nothing.
    public func close() { handle.use { hb_client_close($0) } }

    /// The client's pointer, for what it has counted and logged.
    func use<Answer, Failure: Error>(_ body: (OpaquePointer) throws(Failure) -> Answer) throws(Failure) -> Answer {
        try handle.use(body)
    }

    /// The version of the C library that is loaded, such as "0.1.0".
    public static var libraryVersion: String { String(cString: hb_library_version()) }
}
