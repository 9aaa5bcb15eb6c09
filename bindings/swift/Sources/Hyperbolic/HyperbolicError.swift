import CHyperbolic

/// What every call of this module fails with: a case for each decision that a caller can take.
public enum HyperbolicError: Error, Sendable {
    /// A parameter, an option or a field of a request is bad; `details.param` names it. Nothing was sent.
    case invalidArgument(Details)
    /// The client was closed.
    case closed(Details)
    /// This process is the child of one that used the library.
    case forked(Details)
    /// The system has no threads or descriptors left.
    case system(Details)
    /// A bug in the library, contained.
    case panic(Details)
    /// A recording or a saved conversation cannot be read, or a recording has no answer to the request.
    case badData(Details)
    /// The task was cancelled, or the client closed in the middle.
    case cancelled(Details)
    /// A deadline passed: this one.
    case deadline(Deadline?, Details)
    /// Name lookup, TCP, TLS or the proxy failed, or the connection broke before an answer began.
    case connect(Details)
    /// An answer began and broke off.
    case truncated(Details)
    /// The server sent what the API does not promise.
    case badResponse(Details)
    /// HTTP 401 or 403: fix the key.
    case authentication(Details)
    /// HTTP 400, 404, 413, 422 and other 4xx: change the request.
    case badRequest(Details)
    /// HTTP 429: slow down and try again, after so long if the server says.
    case rateLimited(retryAfter: Duration?, Details)
    /// HTTP 402, or a code that says that the quota is used up: waiting does not help.
    case quota(Details)
    /// HTTP 5xx, 408 or 409: try again later.
    case server(Details)
    /// Your own limit is reached, ``Options/spendingLimitNanoUSD``.
    case budget(Details)
    /// The answer, which is `details.response`, is not what it should be decoded as.
    case undecodable(any Error, Details)
    /// Something that this version of the module does not know; the library is newer.
    case unknown(Details)

    /// Which deadline of a request passed.
    public enum Deadline: String, Sendable {
        /// ``Options/connectTimeout``
        case connect
        /// ``Options/firstTokenTimeout``
        case firstToken = "first_token"
        /// ``Options/idleTimeout``
        case idle
        /// ``Options/totalTimeout``
        case total
    }

    /// What is known of an error.
    public struct Details: Sendable {
        /// What happened, in the server's own words where it sent any; never the key, never the prompt.
        public internal(set) var message: String
        /// The library's advice.
        public internal(set) var hint: String?
        /// That of the answer, if there was one.
        public internal(set) var httpStatus: Int?
        /// The server's code for the error.
        public internal(set) var code: String?
        /// The server's type of the error.
        public internal(set) var type: String?
        /// The field that is bad, as the server or the library names it; of a saved conversation the place.
        public internal(set) var param: String?
        /// The id that the server gave the request, for its support.
        public internal(set) var requestID: String?
        /// How long the server asks to wait.
        public internal(set) var retryAfter: Duration?
        /// Whether the same request may succeed later.
        public internal(set) var isRetryable = false
        /// How many HTTP requests were sent.
        public internal(set) var attempts = 0
        /// The server's answer as it was, but for the key. Some servers repeat the prompt in it.
        public internal(set) var body: String?
        /// What had arrived; nil if nothing was sent.
        public internal(set) var response: Response?

        init(_ message: String, param: String? = nil) {
            self.message = message
            self.param = param
        }
    }

    /// What is known of the error.
    public var details: Details {
        switch self {
        case .invalidArgument(let details), .closed(let details), .forked(let details), .system(let details),
            .panic(let details), .badData(let details), .cancelled(let details), .deadline(_, let details),
            .connect(let details), .truncated(let details), .badResponse(let details), .authentication(let details),
            .badRequest(let details), .rateLimited(_, let details), .quota(let details), .server(let details),
            .budget(let details), .undecodable(_, let details), .unknown(let details):
            details
        }
    }
}

extension HyperbolicError: CustomStringConvertible {
    /// The case and the message.
    public var description: String {
        let name =
            switch self {
            case .invalidArgument: "invalid argument"
            case .closed: "closed"
            case .forked: "forked"
            case .system: "system"
            case .panic: "panic"
            case .badData: "bad data"
            case .cancelled: "cancelled"
            case .deadline: "deadline"
            case .connect: "connect"
            case .truncated: "truncated"
            case .badResponse: "bad response"
            case .authentication: "authentication"
            case .badRequest: "bad request"
            case .rateLimited: "rate limited"
            case .quota: "quota"
            case .server: "server"
            case .budget: "budget"
            case .undecodable: "undecodable"
            case .unknown: "unknown"
            }
        return "\(name): \(details.message)"
    }
}

extension HyperbolicError {
    init(_ status: hb_status, _ error: Handle<ErrorKind>?, response: Response? = nil) {
        var details = error.map(Details.init) ?? Details(String(cString: hb_status_message(status)))
        details.response = response
        self =
            switch status {
            case HB_E_INVALID_ARGUMENT: .invalidArgument(details)
            case HB_E_CLOSED: .closed(details)
            case HB_E_FORKED: .forked(details)
            case HB_E_SYSTEM: .system(details)
            case HB_E_PANIC: .panic(details)
            case HB_E_BAD_DATA: .badData(details)
            case HB_E_CANCELLED: .cancelled(details)
            case HB_E_DEADLINE: .deadline(details.param.flatMap(Deadline.init), details)
            case HB_E_CONNECT: .connect(details)
            case HB_E_TRUNCATED: .truncated(details)
            case HB_E_BAD_RESPONSE: .badResponse(details)
            case HB_E_AUTHENTICATION: .authentication(details)
            case HB_E_BAD_REQUEST: .badRequest(details)
            case HB_E_RATE_LIMITED: .rateLimited(retryAfter: details.retryAfter, details)
            case HB_E_QUOTA: .quota(details)
            case HB_E_SERVER: .server(details)
            case HB_E_BUDGET: .budget(details)
            default: .unknown(details)
            }
    }
}

extension HyperbolicError.Details {
    /// Copies an error of the library's.
    init(_ error: Handle<ErrorKind>) {
        self = error.use { from in
            var details = Self(copied { hb_error_message(from, $0) })
            details.hint = String(ifAny: hb_error_hint(from))
            details.httpStatus = hb_error_http_status(from) == 0 ? nil : Int(hb_error_http_status(from))
            details.code = String(ifAny: hb_error_code(from))
            details.type = String(ifAny: hb_error_type(from))
            details.param = String(ifAny: hb_error_param(from))
            details.requestID = String(ifAny: hb_error_request_id(from))
            details.retryAfter = Duration(ifKnown: hb_error_retry_after_ms(from))
            details.isRetryable = hb_error_is_retryable(from) == 1
            details.attempts = Int(hb_error_attempts(from))
            details.body = copiedIfAny { hb_error_body(from, $0) }
            return details
        }
    }
}
