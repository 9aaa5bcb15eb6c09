import CHyperbolic
import Synchronization

/// What the pump has brought for one request and its reader has not taken yet.
///
/// A reader that is behind has its request held: what comes then stays in the library, where pieces are put together and
/// where, beyond a bound, the answer is not read on. So there are never more than two events in here.
final class Inbox: Sendable {
    private struct State {
        var waiting: [Event] = []
        var end: End?
        var isOver = false  // the end was taken too
        var isHeld = false
        var isLeft = false  // there is no reader any more
        var readers: [CheckedContinuation<Void, Never>] = []

        var hasNothing: Bool { waiting.isEmpty && end == nil && !isOver }
    }

    private let state = Mutex(State())

    /// Takes over what the pump has.
    func put(_ from: hb_event) {
        let readers = state.withLock { state in
            if from.kind == HB_EVENT_DONE {
                state.end = End(from)
            } else if let event = Event(from) {
                state.waiting.append(event)
                if state.readers.isEmpty && !state.isLeft {
                    state.isHeld = true
                    hb_hold(from.op, 1)
                }
            }
            defer { state.readers = [] }
            return state.readers
        }
        for reader in readers { reader.resume() }
    }

    /// Waits for what comes next, without a thread: an event, of which the last is `.done`, or the error that ended the
    /// request. Behind these there is nil.
    func next(of op: hb_op, isolation: isolated (any Actor)?) async -> Result<Event?, HyperbolicError> {
        while true {
            if let taken = take(of: op) { return taken }
            await withCheckedContinuation(isolation: isolation) { reader in
                let mustWait = state.withLock { state in
                    if state.hasNothing { state.readers.append(reader) }
                    return state.hasNothing
                }
                if !mustWait { reader.resume() }
            }
        }
    }

    /// Its reader goes, and cancels the request behind this. What the pump has in hand just now must then not hold it
    /// again: nobody would let it go, and its end would never come.
    func leave() { state.withLock { $0.isLeft = true } }

    private func take(of op: hb_op) -> Result<Event?, HyperbolicError>? {
        state.withLock { state in
            if !state.waiting.isEmpty {
                let event = state.waiting.removeFirst()
                if state.waiting.isEmpty && state.isHeld {
                    state.isHeld = false
                    hb_hold(op, 0)
                }
                return .success(event)
            }
            if let end = state.end {
                state.end = nil
                state.isOver = true
                return end.map { .done($0) }
            }
            return state.isOver ? .success(nil) : nil
        }
    }
}
