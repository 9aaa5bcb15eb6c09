import CHyperbolic

/// One thing that happens to a request. Skip what you do not know.
public enum Event: Sendable {
    /// The next piece of the answer, of this choice: whole characters of Unicode, never empty.
    case text(String, choice: Int)
    /// The next piece of the model's thinking.
    case reasoning(String, choice: Int)
    /// One complete tool call.
    case toolCall(ToolCall, choice: Int)
    /// The request is sent again, before anything was delivered.
    case retry(Retry)
    /// The end: the whole answer. Nothing follows.
    case done(Response)

    /// Why a request is sent again, and when.
    public struct Retry: Sendable {
        /// Why.
        public let error: HyperbolicError
        /// Which attempt follows; the first of a request is 1.
        public let attempt: Int
        /// The wait before it.
        public let delay: Duration
        /// What is asked next: the same model, or the next of ``Request/fallbackModels``.
        public let model: String
    }

    /// Copies what is no end; nil for a kind that this version does not know.
    init?(_ from: hb_event) {
        var text: String {
            String(decoding: UnsafeRawBufferPointer(start: from.text, count: from.text_len), as: UTF8.self)
        }
        let choice = Int(from.choice)
        switch from.kind {
        case HB_EVENT_TEXT: self = .text(text, choice: choice)
        case HB_EVENT_REASONING: self = .reasoning(text, choice: choice)
        case HB_EVENT_TOOL_CALL:
            let call = ToolCall(
                id: String(cString: from.id), name: String(cString: from.name), arguments: text,
                index: Int(from.tool_call), isWhole: from.status == HB_OK)
            self = .toolCall(call, choice: choice)
        case HB_EVENT_RETRY:
            let error = hb_error_retain(from.error).map(Handle<ErrorKind>.init)
            self = .retry(
                Retry(
                    error: HyperbolicError(hb_error_status(from.error), error), attempt: Int(from.attempt),
                    delay: .milliseconds(from.delay_ms), model: String(cString: from.name)))
        default: return nil
        }
    }
}

/// How a request ended: its answer, or why there is none.
typealias End = Result<Response, HyperbolicError>

extension End {
    init(_ from: hb_event) {
        // It is never NULL there.
        let response = hb_response_retain(from.response).map { Response(handle: Handle($0)) }
        if from.status >= 0, let response {
            self = .success(response)
        } else {
            let error = hb_error_retain(from.error).map(Handle<ErrorKind>.init)
            self = .failure(HyperbolicError(from.status, error, response: response))
        }
    }
}
