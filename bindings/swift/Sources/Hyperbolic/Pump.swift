import CHyperbolic
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The one queue of this process, and the thread that takes from it: hb_queue_next holds its thread while it waits, and
/// no task may do that. It starts with the first request, hands each event to its request's inbox, which wakes the task
/// that waits there, and never waits for a reader.
enum Pump {
    private static let running = Mutex<Handle<QueueKind>?>(nil)

    /// The queue to start requests in.
    static func queue() throws(HyperbolicError) -> Handle<QueueKind> {
        try running.withLock { running throws(HyperbolicError) in
            if let queue = running { return queue }
            let queue = try make(QueueKind.self) { hb_queue_new($0, $1) }
            try startThread()
            running = queue
            return queue
        }
    }

    private static func startThread() throws(HyperbolicError) {
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let failure = pthread_create(&thread, nil, { _ in Pump.drain() }, nil)
        if failure != 0 { throw .system(.init("no thread could be started: error \(failure)")) }
        #if canImport(Darwin)
            if let thread { pthread_detach(thread) }
        #else
            pthread_detach(thread)
        #endif
    }

    /// The queue is never closed and has no other reader: what could be answered instead of an event does not concern it.
    private static func drain() -> Never {
        let queue = running.withLock { $0! }
        while true {
            var event: UnsafePointer<hb_event>?
            guard queue.use({ hb_queue_next($0, -1, &event) }) == HB_OK, let event else { continue }
            deliver(event.pointee)
            hb_event_free(event)
        }
    }

    /// A tag is a reference to the inbox, which the last event gives back: it comes exactly once.
    private static func deliver(_ event: hb_event) {
        guard let tag = UnsafeRawPointer(bitPattern: UInt(event.tag)) else { return }
        let inbox = Unmanaged<Inbox>.fromOpaque(tag)
        inbox.takeUnretainedValue().put(event)
        if event.kind == HB_EVENT_DONE { inbox.release() }
    }
}

/// A request in flight, as its reader has it: letting go of it cancels the request.
final class Flight: Sendable {
    let inbox = Inbox()
    private let client: Handle<ClientKind>  // lives as long as somebody reads
    private let op: hb_op

    /// Starts what `begin` starts with the queue and the tag.
    init(
        of client: Handle<ClientKind>,
        _ begin: (OpaquePointer, UInt64, UnsafeMutablePointer<hb_op>, UnsafeMutablePointer<OpaquePointer?>) -> hb_status
    ) throws(HyperbolicError) {
        if Task.isCancelled { throw .cancelled(.init("the task was cancelled before the request was sent")) }
        let tag = Unmanaged.passRetained(inbox)
        var op: hb_op = 0
        do {
            let bits = UInt64(UInt(bitPattern: tag.toOpaque()))
            try Pump.queue().use { queue throws(HyperbolicError) in try attempt { begin(queue, bits, &op, $0) } }
        } catch {
            tag.release()
            throw error
        }
        self.client = client
        self.op = op
    }

    deinit {
        inbox.leave()
        hb_cancel(op)
    }

    /// The next event, of which the last is `.done`; behind it nil. The end of the task ends the request, at once, and
    /// what had arrived comes with the error.
    private func event(isolation: isolated (any Actor)?) async throws(HyperbolicError) -> Event? {
        try await withTaskCancellationHandler {
            await inbox.next(of: op, isolation: isolation)
        } onCancel: {
            hb_cancel(op)
        }.get()
    }

    /// The next event of a stream. A cancel drops the pieces that waited: so a stream whose task is cancelled does not end
    /// as if its reader had got them all, though the answer was whole.
    func next(isolation: isolated (any Actor)? = #isolation) async throws(HyperbolicError) -> Event? {
        let event = try await event(isolation: isolation)
        if case .done(let response) = event, Task.isCancelled {
            var details = HyperbolicError.Details("the task was cancelled before it had taken all of the answer")
            details.response = response
            details.attempts = response.attempts
            throw .cancelled(details)
        }
        return event
    }

    /// The answer, when it is whole.
    func response(isolation: isolated (any Actor)? = #isolation) async throws(HyperbolicError) -> Response {
        while let event = try await event(isolation: isolation) {
            if case .done(let response) = event { return response }
        }
        throw .panic(.init("the request ended without an end"))
    }
}
