import Hyperbolic
import Testing

// The behaviours that every binding has, by the names of bindings/behaviours.md.

struct Addends: Schematic, Equatable {
    let a: Int
    let b: Int
    static let jsonSchema: JSON = """
        {"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"required":["a","b"]}
        """
}

let addTool = Tool("add", description: "Adds two integers.", arguments: Addends.self)

extension Binding {
    @Suite struct Behaviours {
        @Test func textIsEqualByteForByte() async throws {
            let wanted = "Grüße 🙂👩‍👩‍👧 日本語 \0 и ещё e\u{301}"
            // The halves of a surrogate pair come in two events; every other byte comes by itself.
            let pieces = ["Grüße ", #"\ud83d"#, #"\ude42👩‍👩‍👧 日"#, #"本語 \u0000 и"#, " ещё e\u{301}"]
            let chunks = pieces.map { #"data: {"choices":[{"index":0,"delta":{"content":"\#($0)"}}]}"# + "\n\n" }
            let end = #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"# + "\n\ndata: [DONE]\n\n"
            try await control("PUT", "body/split", chunks.joined() + end)
            for script in ["raw=split", "raw=split,bytewise"] {
                let client = try makeClient(faults: script)
                let request = Request(model: testModel, "?")
                let reading = try await Reading(client.stream(request))
                #expect(isSame(reading.text, wanted))
                #expect(isSame(try #require(reading.response).text, wanted))
                #expect(isSame(try await client.chat(request).text, wanted))
                var text = ""
                // What it throws is known as the enum, without a cast.
                do throws(HyperbolicError) {
                    for try await piece in client.stream(request).text { text += piece }
                } catch { throw error }
                #expect(isSame(text, wanted))
            }
            // And on the way to the server: its answer quotes the question.
            let question = "日本語 🙂 \"é\""
            let response = try await makeClient().chat(Request(model: testModel, question))
            #expect(response.text.contains(question))
        }

        @Test func partialAnswerOnCancel() async throws {
            try await reset()
            let client = try makeClient(faults: "stall-after=5")
            let request = Request(model: testModel, "?")

            // A task that waits in a loop.
            let loop = Task { try await Reading(client.stream(request)) }
            try await waitForCounts("streams_started=1")
            loop.cancel()
            var problem = try await failure { try await loop.value }
            guard case .cancelled(let details) = problem else { throw problem }
            #expect(details.response != nil)
            try await waitForCounts("closes=1&in_flight-at-most=0")

            // One that is cancelled from inside its loop, where it does not wait: what had arrived comes all the same.
            let inside = Task { () -> String in
                var text = ""
                do throws(HyperbolicError) {
                    for try await event in client.stream(request) {
                        if case .text(let piece, _) = event { text += piece }
                        withUnsafeCurrentTask { $0?.cancel() }
                    }
                } catch {
                    #expect(!text.isEmpty && error.details.response?.text.hasPrefix(text) == true)
                    throw error
                }
                return text
            }
            problem = try await failure { try await inside.value }
            guard case .cancelled = problem else { throw problem }
            try await waitForCounts("closes=2&in_flight-at-most=0")

            // What waits for the loop is dropped: so it does not end as if it had got everything, though the answer was whole.
            let whole = try makeClient()
            let late = Task {
                for try await event in whole.stream(request) {
                    guard case .text = event else { continue }
                    try await eventually("the answer is there") { whole.stats.succeeded == 1 }
                    withUnsafeCurrentTask { $0?.cancel() }
                }
            }
            problem = try await failure { try await late.value }
            guard case .cancelled(let details) = problem else { throw problem }
            #expect(details.response?.choices.first?.finishReason == "stop")
            try await reset()

            // A call that waits for the whole answer.
            let chat = Task { try await client.chat(request) }
            try await waitForCounts("streams_started=1")
            chat.cancel()
            problem = try await failure { try await chat.value }
            guard case .cancelled(let details) = problem else { throw problem }
            #expect(details.response != nil)
            try await waitForCounts("closes=1&in_flight-at-most=0")

            // Leaving the loop is a cancel too.
            for try await event in client.stream(request) {
                if case .text = event { break }
            }
            try await waitForCounts("closes=2&in_flight-at-most=0")

            // A task that has ended sends nothing.
            let ended = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.chat(request)
            }
            problem = try await failure { try await ended.value }
            guard case .cancelled(let details) = problem else { throw problem }
            #expect(details.response == nil && client.stats.requests == 4)
        }

        @Test func errorFields() async throws {
            var settings = try options(faults: "status=429,header=retry-after:7,header=x-request-id:req-1")
            settings.maxRetries = 0
            let limited = try Client(settings)
            let request = Request(model: testModel, "?")
            var problem = try await failure { try await limited.chat(request) }
            guard case .rateLimited(retryAfter: .seconds(7), let details) = problem else { throw problem }
            #expect(details.httpStatus == 429 && details.code == "42901" && details.requestID == "req-1")
            #expect(details.retryAfter == .seconds(7) && details.isRetryable && details.attempts == 1)
            #expect(details.message.contains("asked to answer 429") && details.body?.contains(#""code":42901"#) == true)
            #expect(details.response != nil && details.param == nil)
            #expect("\(problem)" == "rate limited: \(details.message)")

            // A server in OpenAI's shape has a type and a field too.
            let body =
                #"{"error":{"message":"no%2C"%2C"type":"invalid_request_error"%2C"param":"top_k"%2C"code":"bad_value"}}"#
            let refusing = try makeClient(faults: "status=400,body=\(body)")
            problem = try await failure { try await refusing.chat(request) }
            guard case .badRequest(let details) = problem else { throw problem }
            #expect(details.message == "no," && details.type == "invalid_request_error" && details.param == "top_k")
            #expect(details.code == "bad_value" && details.retryAfter == nil && !details.isRetryable)

            // What is bad before it is sent names its field.
            var bad = request
            bad.topP = 7
            problem = try await failure { try await limited.chat(bad) }
            guard case .invalidArgument(let details) = problem else { throw problem }
            #expect(details.param == "top_p" && details.attempts == 0)
        }

        @Test func deadline() async throws {
            try await reset()
            let client = try makeClient(faults: "stall-after=5")
            var request = Request(model: testModel, "?")
            request.idleTimeout = .after(.milliseconds(100))
            var problem = try await failure { try await client.chat(request) }
            guard case .deadline(.idle, let details) = problem else { throw problem }
            #expect(details.response?.text.isEmpty == false)
            request.idleTimeout = .never
            request.totalTimeout = .after(.milliseconds(200))
            problem = try await failure { try await Reading(client.stream(request)) }
            guard case .deadline(.total, let details) = problem else { throw problem }
            #expect(details.response?.text.isEmpty == false)
            try await waitForCounts("closes=2&in_flight-at-most=0")

            request = Request(model: testModel, "?")
            request.firstTokenTimeout = .after(.milliseconds(50))
            let silent = try makeClient(faults: "stall")
            problem = try await failure { try await silent.chat(request) }
            guard case .deadline(.firstToken, _) = problem else { throw problem }
        }

        @Test func toolRoundTrip() async throws {
            let client = try makeClient()
            var conversation = Conversation(system: "You can add.")
            try conversation.add(.user("Please add 2 and 3"))
            var request = Request(model: testModel, conversation: conversation)
            request.tools = [addTool]
            let reading = try await Reading(client.stream(request))
            let response = try #require(reading.response)
            try #require(reading.calls.count == 1)
            let call = reading.calls[0]
            #expect(call.name == "add" && call.isWhole && response.toolCalls == [call])
            _ = try call.decode(as: Addends.self)
            #expect(throws: DecodingError.self) { try call.decode(as: [String].self) }
            try conversation.add(response)
            #expect(conversation.openToolCalls == [call])

            // While the call waits, the conversation is not sent.
            request.conversation = conversation
            let problem = try await failure { try await client.chat(request) }
            guard case .invalidArgument(let details) = problem else { throw problem }
            #expect(details.message.contains(call.id))
            try conversation.add(result: "5", for: call)
            #expect(throws: HyperbolicError.self) { try conversation.add(result: "5", for: call) }
            request.conversation = conversation
            let answer = try await client.chat(request)
            #expect(!answer.text.isEmpty && answer.toolCalls.isEmpty)
            #expect(conversation[2].role == .tool && conversation[2].toolResultID == call.id)
            #expect(conversation[1].toolCalls == [call])
        }

        @Test func saveAndLoad() async throws {
            var conversation = Conversation(system: "Be brief. 🙂")
            conversation.summary = "They spoke of 天気."
            let image = Image(bytes: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], detail: .low)
            try conversation.add(.user("Look", image, Image(url: "https://example.com/a.png")))
            try conversation.setMetadata("Ada", for: "speaker", of: 0)
            try conversation.add(.assistant("I see."))
            try conversation.add(.user("Please add 2 and 3"))
            var request = Request(model: testModel, "Please add 2 and 3")
            request.tools = [addTool]
            try conversation.add(await makeClient().chat(request))
            let saved = try conversation.save()
            let again = try Conversation(saved: saved)
            #expect(isSame(try again.save(), saved))
            #expect(again.system == "Be brief. 🙂" && again.summary == "They spoke of 天気." && again.count == 4)
            #expect(
                again[0].imageCount == 2 && again[0].metadata == ["speaker": "Ada"] && again.openToolCalls.count == 1)
            #expect(again.tokens == conversation.tokens && again.entries == conversation.entries)

            // Inside JSON of one's own.
            struct Game: Codable { let talk: Conversation }
            let game = try JSON(encoding: Game(talk: conversation)).decode(as: Game.self)
            #expect(isSame(try game.talk.save(), saved))

            // Without what should not be shown, and from what is no conversation.
            let bare = try conversation.save(leavingOut: [.system, .images])
            #expect(!bare.contains("Be brief") && !bare.contains("example.com"))
            let broken = saved.split(separator: #""user""#, maxSplits: 1).joined(separator: #""nobody""#)
            let problem = try await failure { try Conversation(saved: broken) }
            guard case .badData(let details) = problem else { throw problem }
            #expect(details.param == "messages[0].role")
            #expect(throws: HyperbolicError.self) { try Conversation(saved: "") }
        }
    }
}
