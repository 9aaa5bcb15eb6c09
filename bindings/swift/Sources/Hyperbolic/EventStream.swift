/// What happens to a request, as it happens: made by ``Client/stream(_:)``. Each loop over it sends the request anew.
///
/// Leaving the loop cancels the request, and the server stops. So does the end of the task, wherever the loop is; the
/// stream then fails with ``HyperbolicError/cancelled(_:)``, which has what had arrived. A loop that is slower than the
/// model gets fewer and longer pieces, and beyond ``Options/Limit/queue`` the answer is not read on.
public struct EventStream: AsyncSequence, Sendable {
    /// What happens.
    public typealias Element = Event
    /// How it fails.
    public typealias Failure = HyperbolicError

    let client: Client
    let request: Request

    /// Begins a request with the first event that is asked for.
    public func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

    /// One request in flight.
    public struct Iterator: AsyncIteratorProtocol {
        private let stream: EventStream
        private var flight: Flight?

        init(stream: EventStream) { self.stream = stream }

        /// Waits for the next event.
        public mutating func next() async throws(HyperbolicError) -> Event? { try await next(isolation: nil) }

        /// Waits for the next event.
        public mutating func next(isolation: isolated (any Actor)?) async throws(HyperbolicError) -> Event? {
            let flight: Flight
            if let begun = self.flight {
                flight = begun
            } else {
                flight = try stream.client.start(stream.request, wantsPieces: true)
                self.flight = flight
            }
            return try await flight.next(isolation: isolation)
        }
    }

    /// The pieces of the first choice's text, and nothing else.
    public var text: some AsyncSequence<String, HyperbolicError> & Sendable {
        compactMap { event in
            if case .text(let piece, choice: 0) = event { piece } else { nil }
        }
    }

    /// The same events, in the type that some code asks for. The request is sent at once, and for one loop. A task that is
    /// cancelled while that does not wait ends it without an error, as it does with every AsyncThrowingStream.
    public func asyncThrowingStream() -> AsyncThrowingStream<Event, any Error> {
        let flight = Result { () throws(HyperbolicError) in try client.start(request, wantsPieces: true) }
        return AsyncThrowingStream { try await flight.get().next() }
    }
}
