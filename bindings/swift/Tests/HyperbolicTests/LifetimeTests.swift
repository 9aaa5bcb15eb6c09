import Testing

@testable import Hyperbolic

// The behaviours of bindings/behaviours.md that are about many at once and about the end.

/// Lets tasks wait for each other.
actor Gate {
    private var left: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(for count: Int) { left = count }

    /// Waits until as many have come as it is for.
    func pass() async {
        left -= 1
        if left > 0 {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            for one in waiting { one.resume() }
            waiting = []
        }
    }
}

extension Binding {
    @Suite struct Lifetimes {
        @Test func parallelStreams() async throws {
            let streams = 200
            try await reset()
            let client = try makeClient(faults: "event-delay=2")
            let before = try entries(of: "/proc/self/task")
            // All begin before any goes on.
            let gate = Gate(for: streams + 1)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<streams {
                    group.addTask {
                        let question = "question \(number) 🙂"
                        var text = ""
                        for try await event in client.stream(Request(model: testModel, question)) {
                            switch event {
                            case .text(let piece, _):
                                if text.isEmpty { await gate.pass() }
                                text += piece
                            case .done(let response):
                                #expect(isSame(text, response.text) && text.contains(question))
                            default: break
                            }
                        }
                    }
                }
                await gate.pass()
                // As many for 200 as for one: the library's, the pump, and those of tasks, one for each processor.
                #expect(try entries(of: "/proc/self/task") <= before + 20)
                try await group.waitForAll()
            }
            #expect(client.stats.succeeded == Int64(streams))
            try await waitForCounts("finished=200&in_flight-at-most=0")
        }

        @Test func useAfterCloseIsAnError() async throws {
            let client = try makeClient()
            let request = Request(model: testModel, "?")
            let response = try await client.chat(request)
            client.close()
            client.close()
            let calls: [@Sendable () async throws -> Void] = [
                { _ = try await client.chat(request) },
                { _ = try await client.complete(Request(model: testModel, prompt: "?")) },
                { _ = try await Reading(client.stream(request)) },
                { _ = try await client.models() },
                { try client.warmUp() },
            ]
            for call in calls {
                let problem = try await failure { try await call() }
                guard case .closed = problem else { throw problem }
            }
            // What was counted and what had come stay.
            #expect(client.stats.succeeded == 1 && !response.text.isEmpty && response.json.text.contains("canned"))

            // In the middle of a loop it is a cancel, and the loop gets what had arrived.
            let stalling = try makeClient(faults: "stall-after=4")
            let problem = try await failure {
                for try await event in stalling.stream(request) {
                    if case .text = event { stalling.close() }
                }
            }
            guard case .cancelled(let details) = problem else { throw problem }
            #expect(details.response?.text.isEmpty == false)

            // Close races with calls, starts and itself: each call ends, whole or with one of two errors.
            for _ in 0..<50 {
                let client = try makeClient(faults: "words=2000")
                await withTaskGroup(of: Void.self) { group in
                    for number in 0..<6 {
                        group.addTask {
                            if number % 3 == 0 { return client.close() }
                            do throws(HyperbolicError) {
                                _ = try await client.chat(request)
                            } catch .closed {
                            } catch .cancelled {
                            } catch { Issue.record(error) }
                        }
                    }
                }
            }
        }

        @Test func anyOrderOfRelease() async throws {
            try await reset()
            try await control("POST", "disconnect?how=close")  // what other tests have left open
            // Clients, conversations, responses and streams that refer to each other only through what the library shares,
            // and of which one or the other goes first.
            for round in 0..<60 {
                var client: Client? = try makeClient(faults: "event-delay=1,words=12")
                var conversation: Conversation? = Conversation(system: "Be brief.")
                try conversation?.add(.user("Hello"))
                let request = Request(model: testModel, conversation: try #require(conversation))
                var response: Response? = try await client?.chat(request)
                var iterator = client?.stream(request).makeAsyncIterator()
                _ = try await iterator?.next()
                let copy = conversation
                let choice = response?.choices.first
                for drop in (0..<5).shuffled() {
                    switch drop {
                    case 0: client = nil
                    case 1: if round % 2 == 0 { client?.close() }
                    case 2:
                        if let response { try conversation?.add(response) }
                        conversation = nil
                    case 3: response = nil
                    default: iterator = nil
                    }
                }
                #expect(copy?.count == 1 && choice?.text.contains("canned") == true)
            }
            // Of the clients nothing is left, closed or not: their connections close.
            try await waitForCounts("open-at-most=0&in_flight-at-most=0")
        }

        /// Begins streams of answers that never end, and leaves each in one of the ways there are.
        func cancelStreams(_ client: Client, _ count: Int) async throws {
            struct Out: Error {}
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<16 {
                    group.addTask {
                        for way in stride(from: worker, to: count, by: 16) {
                            let stream = Task {
                                for try await event in client.stream(Request(model: testModel, "?")) {
                                    guard case .text = event else { continue }
                                    switch way % 3 {
                                    case 0: return
                                    case 1: withUnsafeCurrentTask { $0?.cancel() }
                                    default: throw Out()
                                    }
                                }
                                Issue.record("the stream ended by itself")
                            }
                            do { try await stream.value } catch is Out {} catch HyperbolicError.cancelled {}
                        }
                    }
                }
                try await group.waitForAll()
            }
        }

        @Test func everyRequestLetsGoOfItsInbox() async throws {
            struct Weak: Sendable { weak var inbox: Inbox? }
            // Many events at once, so that the pump has some of them in hand when their reader goes.
            let client = try makeClient(faults: "words=400,stall-after=300,times=1000;words=3")
            let left = try await withThrowingTaskGroup(of: [Weak].self) { group in
                for worker in 0..<4 {
                    group.addTask {
                        var own: [Weak] = []
                        for number in 0..<250 {
                            let flight = try client.start(Request(model: testModel, "?"), wantsPieces: true)
                            own.append(Weak(inbox: flight.inbox))
                            for _ in 0..<(number + worker) % 7 { _ = try await flight.next() }
                        }
                        return own
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            try await eventually("no inbox is held by anybody") { left.allSatisfy { $0.inbox == nil } }
        }

        @Test func nothingIsLeftBehind() async throws {
            // A tenth of a megabyte, so that what each answer left behind would show.
            let sea = String(repeating: "sea ", count: 25_000)
            let large = #"data: {"choices":[{"index":0,"delta":{"content":"\#(sea)"},"finish_reason":"stop"}]}"#
            func use(rounds: Int) async throws {
                for _ in 0..<rounds {
                    let client = try makeClient(faults: "stall-after=4,times=8;raw=large")
                    try await reset()
                    try await control("PUT", "body/large", large + "\n\ndata: [DONE]\n\n")
                    try await cancelStreams(client, 8)
                    var conversation = Conversation()
                    for _ in 0..<4 {
                        try conversation.add(.user("Hello"))
                        try conversation.add(await client.chat(Request(model: testModel, conversation: conversation)))
                    }
                    _ = try conversation.save()
                    client.close()
                }
            }
            try await use(rounds: 30)  // what is made once is made now
            let memory = try number(in: "/proc/self/status", behind: "VmRSS:")
            let files = try entries(of: "/proc/self/fd")
            let threads = try entries(of: "/proc/self/task")
            try await use(rounds: 90)
            try await eventually("as many descriptors as before") { try entries(of: "/proc/self/fd") <= files }
            // Dispatch, which carries the tasks and the tests' own waits, may make a few more at any time.
            #expect(try entries(of: "/proc/self/task") <= threads + 4)
            // 90 rounds of four long answers each, which are 36 MB. An allocator moves by less.
            try await eventually("as much memory as before") {
                try number(in: "/proc/self/status", behind: "VmRSS:") <= memory + 16 * 1024
            }
        }

        @Test func cancelledStreamsLeaveNothing() async throws {
            try await reset()
            let client = try makeClient(faults: "stall-after=4")
            try await cancelStreams(client, 16)  // what is made once is made now
            let files = try entries(of: "/proc/self/fd")
            let threads = try entries(of: "/proc/self/task")
            // tests/soak has ten times as many.
            let count = environment("HB_TEST_CANCELLED_STREAMS").flatMap { Int($0) } ?? 1000
            try await cancelStreams(client, count)
            try await waitForCounts("requests=\(count + 16)&closes=\(count + 16)&in_flight-at-most=0")
            #expect(client.stats.cancelled == Int64(count + 16))
            try await eventually("as many descriptors as before") { try entries(of: "/proc/self/fd") <= files + 1 }
            #expect(try entries(of: "/proc/self/task") <= threads + 4)
        }
    }
}
