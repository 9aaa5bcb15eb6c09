import CHyperbolic

/// How much a log record matters.
public enum LogLevel: Sendable, Hashable, Comparable {
    /// Every read too, and bodies if ``Options/logsBodies`` asks for them.
    case trace
    /// Attempts, connections and waits too.
    case debug
    /// The end of every request, and retries.
    case info
    /// Requests that failed.
    case error

    var number: UInt32 {
        switch self {
        case .trace: HB_LOG_TRACE
        case .debug: HB_LOG_DEBUG
        case .info: HB_LOG_INFO
        case .error: HB_LOG_ERROR
        }
    }

    /// A level that a later library may add is less than all of these.
    init(number: UInt32) {
        switch number {
        case HB_LOG_ERROR: self = .error
        case HB_LOG_INFO: self = .info
        case HB_LOG_DEBUG: self = .debug
        default: self = .trace
        }
    }
}

/// One record of a client's log: what happened and when, and neither the key nor any text of a prompt or an answer.
public struct LogRecord: Sendable {
    /// How much it matters.
    public let level: LogLevel
    /// When it happened, in milliseconds since 1970.
    public let time: Int64
    /// The number of the request that it is about, which its other records have too; nil if about none.
    public let request: UInt64?
    /// For people: a word, then `name=value` for what is known of it.
    public let message: String
    /// For programs: an object with "time_ms", "level", "op", "event", and what is known of it.
    public let json: JSON
}

extension Client {
    /// Takes what the client has logged since the last time; ``Options/logLevel`` says what. At most 1,024 records wait,
    /// and a further one drops the oldest.
    public func takeLog() -> [LogRecord] {
        var records: [LogRecord] = []
        while let taken = use({ hb_client_take_log($0) }) {
            let record = Handle<LogKind>(taken).use { from in
                LogRecord(
                    level: LogLevel(number: hb_log_level(from)), time: hb_log_time_ms(from),
                    request: hb_log_op(from) == 0 ? nil : hb_log_op(from),
                    message: copied { hb_log_message(from, $0) }, json: JSON(copied { hb_log_json(from, $0) }))
            }
            records.append(record)
        }
        return records
    }
}
