import CHyperbolic

/// An answer, whole or as far as it came. What the server did not say is nil.
///
/// It is the library's own object, shared and immutable: a property copies what it answers.
public struct Response: Sendable {
    let handle: Handle<ResponseKind>

    private func read<Answer>(_ getter: (OpaquePointer) -> Answer) -> Answer { handle.use(getter) }

    /// The text of the first choice.
    public var text: String { read { from in copied { hb_response_text(from, 0, $0) } } }
    /// The text of the first choice, which should be JSON, as a value: for ``Request/format``.
    public func decode<Answer: Decodable>(as type: Answer.Type = Answer.self) throws -> Answer {
        try JSON(text).decode(as: type)
    }
    /// The tools that the first choice calls.
    public var toolCalls: [ToolCall] { read { Choice.toolCalls($0, 0) } }
    /// The answers: ``Request/n`` for each prompt.
    public var choices: [Choice] { read { from in (0..<hb_response_choice_count(from)).map { Choice(from, $0) } } }

    /// The server's id of the answer.
    public var id: String? { read { String(ifAny: hb_response_id($0)) } }
    /// "chat.completion" or "text_completion".
    public var object: String? { read { String(ifAny: hb_response_object($0)) } }
    /// The model that answered, as the server names it.
    public var model: String? { read { String(ifAny: hb_response_model($0)) } }
    /// The model that was asked last.
    public var requestedModel: String { read { String(cString: hb_response_requested_model($0)) } }
    /// When the server made the answer, in seconds since 1970.
    public var created: Int64? { read { known(hb_response_created($0)) } }

    /// Tokens in the prompt, as the server counted.
    public var promptTokens: Int64? { read { known(hb_response_prompt_tokens($0)) } }
    /// Tokens in the answer, as the server counted.
    public var completionTokens: Int64? { read { known(hb_response_completion_tokens($0)) } }
    /// Tokens in both, as the server counted.
    public var totalTokens: Int64? { read { known(hb_response_total_tokens($0)) } }
    /// What the answer cost, in nano-USD (10^-9 $); nil if the count or the price is not known.
    public var costNanoUSD: Int64? { read { known(hb_response_cost_nanousd($0)) } }

    /// Mistakes of the server that were understood all the same: how often it made each kind.
    public var tolerated: [String: Int] {
        read { from in
            let kinds = (0..<hb_response_tolerated_count(from)).map {
                (String(cString: hb_response_tolerated_name(from, $0)), Int(hb_response_tolerated_times(from, $0)))
            }
            return Dictionary(kinds, uniquingKeysWith: +)
        }
    }
    /// The id that the server gave the request, for its support.
    public var requestID: String? { read { String(ifAny: hb_response_request_id($0)) } }
    /// How many HTTP requests were sent.
    public var attempts: Int { read { Int(hb_response_attempts($0)) } }
    /// From the call to the first piece; nil if none came.
    public var timeToFirstToken: Duration? { read { Duration(ifKnown: hb_response_first_token_ms($0)) } }
    /// From the call to the end.
    public var totalTime: Duration { read { .milliseconds(hb_response_total_ms($0)) } }
    /// How fast the tokens after the first came.
    public var tokensPerSecond: Double? {
        let pace = read { hb_response_tokens_per_second($0) }
        return pace < 0 ? nil : pace
    }
    /// The completion object as the server sent it, or put together from its chunks. Fields that this module does not
    /// know are in it.
    public var json: JSON { JSON(read { from in copied { hb_response_json(from, $0) } }) }

    /// One answer to a request.
    public struct Choice: Sendable {
        /// "assistant"; nil where the server did not say.
        public let role: String?
        /// The answer.
        public let text: String
        /// The model's thinking before it; "" if it showed none.
        public let reasoning: String
        /// "stop", "length", "tool_calls", or any other word of the server's; nil if the choice did not end.
        public let finishReason: String?
        /// The tools that the model calls.
        public let toolCalls: [ToolCall]
        /// Log-probabilities, as the API documents them.
        public let logprobs: JSON?

        init(_ from: OpaquePointer, _ index: UInt32) {
            role = String(ifAny: hb_response_role(from, index))
            text = copied { hb_response_text(from, index, $0) }
            reasoning = copied { hb_response_reasoning(from, index, $0) }
            finishReason = String(ifAny: hb_response_finish_reason(from, index))
            toolCalls = Self.toolCalls(from, index)
            logprobs = copiedIfAny { hb_response_logprobs(from, index, $0) }.map { JSON($0) }
        }

        static func toolCalls(_ from: OpaquePointer, _ choice: UInt32) -> [ToolCall] {
            (0..<hb_response_tool_call_count(from, choice)).map { call in
                ToolCall(
                    id: String(cString: hb_response_tool_call_id(from, choice, call)),
                    name: String(cString: hb_response_tool_call_name(from, choice, call)),
                    arguments: copied { hb_response_tool_call_arguments(from, choice, call, $0) },
                    index: Int(call),
                    isWhole: hb_response_tool_call_is_whole(from, choice, call) == 1)
            }
        }
    }
}
