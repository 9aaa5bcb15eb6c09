import Hyperbolic
import Testing

// What the Swift binding has beside the shared behaviours: streams, models, conversations, logs.

extension Binding {
    @Suite struct Clients {
        @Test func retriesAndFallbackModels() async throws {
            var request = Request(model: "some/model", "?")
            request.fallbackModels = [testModel]
            let client = try makeClient(faults: "model=some/model,status=503,header=retry-after-ms:1")
            let reading = try await Reading(client.stream(request))
            let retries = reading.retries
            try #require(retries.count == 3)
            guard case .server = retries[0].error else { throw retries[0].error }
            #expect(retries[0].attempt == 2 && retries[0].model == "some/model" && retries[0].delay == .milliseconds(1))
            #expect(retries[2].model == testModel)
            let response = try #require(reading.response)
            #expect(response.requestedModel == testModel && response.attempts == 4 && client.stats.retries == 3)
        }

        @Test func responseTellsWhatTheServerSaid() async throws {
            let client = try makeClient(faults: "think=reasoning_content,header=x-request-id:req-9")
            var request = Request(model: testModel, "?")
            request.n = 2
            let response = try await client.chat(request)
            let choice = try #require(response.choices.last)
            #expect(response.choices.count == 2 && !choice.reasoning.isEmpty && !choice.text.isEmpty)
            #expect(choice.role == "assistant" && choice.finishReason == "stop" && choice.logprobs == nil)
            #expect(
                response.requestID == "req-9" && response.model == testModel && response.object == "chat.completion")
            #expect(try #require(response.created) > 1_700_000_000 && response.id?.isEmpty == false)
            #expect(try response.totalTime >= #require(response.timeToFirstToken) && response.tolerated.isEmpty)
            let tokens = try [#require(response.promptTokens), #require(response.completionTokens)]
            #expect(tokens[0] > 0 && tokens[1] > 0 && response.totalTokens == tokens[0] + tokens[1])
            #expect(try #require(response.costNanoUSD) > 0)
            struct Completion: Decodable {
                struct Choice: Decodable {}
                let choices: [Choice]
            }
            #expect(try response.json.decode(as: Completion.self).choices.count == 2)
            request.omitsReasoning = true
            #expect(try await client.chat(request).choices[0].reasoning.isEmpty)
        }

        @Test func piecesKeepTheirOrderAndChoice() async throws {
            let client = try makeClient(faults: "think=reasoning,bytewise,words=20")
            var request = Request(model: testModel, "?")
            request.n = 3
            var texts: [Int: String] = [:]
            var thoughts: [Int: String] = [:]
            for try await event in client.stream(request) {
                switch event {
                case .reasoning(let piece, let choice):
                    #expect(texts[choice] == nil, "a thought came after the text that followed it")
                    thoughts[choice, default: ""] += piece
                case .text(let piece, let choice): texts[choice, default: ""] += piece
                case .done(let response):
                    for (number, choice) in response.choices.enumerated() {
                        #expect(texts[number] == choice.text && thoughts[number] == choice.reasoning)
                    }
                default: break
                }
            }
            #expect(texts.count == 3)
        }

        @Test func slowReaderGetsFewAndLongPieces() async throws {
            let client = try makeClient(faults: "words=5000")
            var text = ""
            var pieces = 0
            for try await event in client.stream(Request(model: testModel, "?")) {
                switch event {
                case .text(let piece, _):
                    if pieces == 0 {
                        try await eventually("the library has the whole answer") { client.stats.succeeded == 1 }
                    }
                    text += piece
                    pieces += 1
                case .done(let response): #expect(isSame(text, response.text))
                default: break
                }
            }
            // The first, what was on its way when that was taken, and all the rest.
            #expect((2...5).contains(pieces), "what waited came in \(pieces) pieces")
        }

        @Test func slowReaderHoldsUpItsServerAndNobodyElse() async throws {
            struct Counts: Decodable {
                let inFlight: Int
                let bodyBytes: Int
                enum CodingKeys: String, CodingKey {
                    case inFlight = "in_flight"
                    case bodyBytes = "body_bytes"
                }
            }
            func counts() async throws -> Counts { try JSON(try await control("GET", "stats")).decode(as: Counts.self) }

            // 40 MB, which no socket holds.
            try await reset()
            let much = String(repeating: "sea ", count: 1000)
            let chunk = #"data: {"choices":[{"index":0,"delta":{"content":"\#(much)"}}]}"# + "\n\n"
            try await control("PUT", "body/much", String(repeating: chunk, count: 10_000) + "data: [DONE]\n\n")
            var settings = try options(faults: "raw=much")
            settings.limits[.answer] = 200 << 20
            let client = try Client(settings)
            var iterator: EventStream.Iterator? = client.stream(Request(model: testModel, "?")).makeAsyncIterator()
            _ = try await iterator?.next()

            // The server comes to rest, long before its end.
            var before = -1
            var now = try await counts()
            while now.bodyBytes != before {
                before = now.bodyBytes
                for _ in 0..<50 { now = try await counts() }
            }
            #expect(now.inFlight == 1 && now.bodyBytes < 20_000_000)
            // Whoever asks meanwhile gets an answer.
            let answer = try await makeClient().chat(Request(model: testModel, "?"))
            #expect(!answer.text.isEmpty)
            // And it goes on.
            for _ in 0..<3 { _ = try await iterator?.next() }
            iterator = nil
            try await waitForCounts("closes=1&in_flight-at-most=0")
        }

        @Test func asyncThrowingStream() async throws {
            try await reset()
            let client = try makeClient()
            let request = Request(model: testModel, "?")
            var text = ""
            let stream: AsyncThrowingStream<Event, any Error> = client.stream(request).asyncThrowingStream()
            for try await event in stream {
                switch event {
                case .text(let piece, _): text += piece
                case .done(let response): #expect(isSame(text, response.text))
                default: break
                }
            }
            #expect(!text.isEmpty)
            // A task that waits in it, and is cancelled.
            let stalling = try makeClient(faults: "stall-after=4")
            let task = Task {
                var count = 0
                for try await event in stalling.stream(request).asyncThrowingStream() {
                    if case .text = event { count += 1 }
                }
                return count
            }
            try await waitForCounts("streams_started=2")
            task.cancel()
            _ = await task.result
            try await waitForCounts("closes=1&in_flight-at-most=0")
            // Failures come as from the stream itself.
            client.close()
            let problem = try await failure {
                for try await _ in client.stream(request).asyncThrowingStream() {}
            }
            guard case .closed = problem else { throw problem }
        }

        @Test func noTaskHoldsAThread() async throws {
            // More requests than there are threads for tasks, none of which is answered; and then one that is.
            try await reset()
            let silent = try makeClient(faults: "stall")
            let waiting = (0..<64).map { _ in Task { try await silent.chat(Request(model: testModel, "?")) } }
            let models = Task { try await silent.models() }
            try await waitForCounts("requests=65")
            let answer = try await makeClient().chat(Request(model: testModel, "?"))
            #expect(!answer.text.isEmpty)
            models.cancel()
            for task in waiting { task.cancel() }
            for task in waiting {
                let problem = try await failure { try await task.value }
                guard case .cancelled = problem else { throw problem }
            }
            let problem = try await failure { try await models.value }
            guard case .cancelled = problem else { throw problem }
            try await waitForCounts("closes=65&in_flight-at-most=0")
        }

        @Test func modelsUsageAndEstimates() async throws {
            let client = try makeClient()
            let catalog = ModelList.catalog
            let model = try #require(catalog[testModel])
            #expect(model.isChat == true && catalog.date != nil && catalog["no/model"] == nil)
            #expect(try #require(model.inputPricePicoUSD) > 0 && #require(model.context) > 0)
            let models = try await client.models()
            #expect(models[testModel] != nil && models.date == nil)
            let view = try client.knownModels()
            #expect(view[testModel] != nil && view.date == catalog.date)
            let estimate = try client.estimate(Request(model: testModel, "Why is the sky blue?"))
            #expect((5...100).contains(estimate.promptTokens))
            #expect(try #require(estimate.costNanoUSD) > 0)
            #expect(throws: HyperbolicError.self) { try client.estimate(Request(model: testModel)) }

            let response = try await client.chat(Request(model: testModel, "?"))
            let usage = try client.usage()
            try #require(usage.count == 1)
            #expect(usage[0].model == testModel && usage[0].requests == 1 && usage[0].attempts == 1)
            #expect(usage[0].promptTokens == response.promptTokens && usage[0].unpriced == 0)
            #expect(
                usage[0].completionTokens == response.completionTokens && usage[0].costNanoUSD == response.costNanoUSD)
            #expect(client.stats.spentNanoUSD == response.costNanoUSD && client.stats.requests == 2)

            var settings = try options()
            settings.spendingLimitNanoUSD = 1
            let poor = try Client(settings)
            _ = try await poor.chat(Request(model: testModel, "?"))
            let problem = try await failure { try await poor.chat(Request(model: testModel, "?")) }
            guard case .budget = problem else { throw problem }
        }

        @Test func conversationIsAValue() async throws {
            var conversation = Conversation(system: "System.")
            for number in 0..<20 {
                try conversation.add(.user("Question \(number), which has a few words"))
                try conversation.add(.assistant("An answer, which has some words too"))
            }
            var all = conversation
            let dropped = try conversation.trim(to: 100)
            #expect(conversation.count == 40 - dropped && all.count == 40 && dropped > 0 && dropped % 2 == 0)
            #expect(conversation.tokens <= 100 && conversation.entries[0].text == all[dropped].text)
            #expect(throws: HyperbolicError.self) { try conversation.trim(to: 1) }
            #expect(conversation.count == 2, "half a trim is kept")
            try all.truncate(to: 3)
            #expect(all.count == 3)
            let before = try all.save()
            #expect(throws: HyperbolicError.self) { try all.truncate(to: -1) }
            #expect(throws: HyperbolicError.self) { try all.add(.system("x")) }
            // An image that is none takes its message with it.
            let bad = Message.user("x", Image(url: "https://example.com/a.png"), Image(bytes: Array("no image".utf8)))
            #expect(throws: HyperbolicError.self) { try all.add(bad) }
            #expect(try all.save() == before)
            all.system = nil
            #expect(all.system == nil && conversation.system == "System.")

            // Tasks may share one, and go on with it by themselves.
            let shared = all
            await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        var own = shared
                        for _ in 0..<50 { try own.add(.user("\(number)")) }
                        #expect(own.count == 53 && shared.count == 3 && own[52].text == "\(number)")
                    }
                }
            }
        }

        @Test func recordAndReplay() async throws {
            let path = (environment("HB_OUT") ?? "/tmp") + "/swift-recording"
            let request = Request(model: testModel, "日本")
            var settings = try options()
            settings.record = path
            let recording = try Client(settings)
            let first = try await recording.chat(request)
            recording.close()
            settings = Options()
            settings.replay = path
            let client = try Client(settings)
            #expect(try await client.chat(request).text == first.text)
            let problem = try await failure { try await client.chat(Request(model: testModel, "another")) }
            guard case .badData = problem else { throw problem }
        }

        @Test func warmUpAndNewKey() async throws {
            try await reset()
            let client = try makeClient()
            try client.warmUp()
            try client.setAPIKey("wrong-key")
            let problem = try await failure { try await client.chat(Request(model: testModel, "?")) }
            guard case .authentication = problem else { throw problem }
            #expect(throws: HyperbolicError.self) { try client.setAPIKey("") }
        }

        @Test func logTellsWhatHappenedAndNothingElse() async throws {
            var settings = try options(faults: "status=503,times=1,header=retry-after-ms:1")
            settings.logLevel = .trace
            let client = try Client(settings)
            let secret = "a question that nobody else should see"
            _ = try await client.chat(Request(model: testModel, secret))
            let records = client.takeLog()
            struct Members: Decodable { let event: String }
            let events = try records.map { try $0.json.decode(as: Members.self).event }
            #expect(events.count { $0 == "done" } == 1 && events.count { $0 == "attempt" } == 2)
            let done = try #require(records.first { $0.message.hasPrefix("done") })
            #expect(done.level == .info && done.request != nil && done.time > 1_700_000_000_000)
            let key = try #require(environment("HB_TEST_KEY"))
            for record in records {
                #expect(!record.json.text.contains(key) && !record.json.text.contains(secret))
            }
            #expect(client.takeLog().isEmpty)
        }

        @Test func libraryVersion() { #expect(Client.libraryVersion.hasPrefix("0.")) }
    }
}
