/// How long something may take.
public enum Timeout: Sendable, Hashable {
    /// At most so long.
    case after(Duration)
    /// As long as it takes.
    case never

    /// As the library takes it: 0 is no limit, and nothing becomes that by rounding.
    var milliseconds: UInt32 {
        switch self {
        case .never: 0
        case .after(let duration): UInt32(clamping: max(1, duration.milliseconds))
        }
    }
}

extension Duration {
    /// In milliseconds, rounded up.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (thousand, isTooMuch) = seconds.multipliedReportingOverflow(by: 1000)
        return isTooMuch ? .max : thousand + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }

    /// nil for a negative number, which is the library's word for "not known".
    init?(ifKnown milliseconds: Int64) {
        if milliseconds < 0 { return nil }
        self = .milliseconds(milliseconds)
    }
}
