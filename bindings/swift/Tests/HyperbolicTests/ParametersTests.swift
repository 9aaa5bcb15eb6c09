import Hyperbolic
import Testing

/// JSON of any shape.
enum Value: Decodable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case list([Value])
    case object([String: Value])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([Value].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: Value].self))
        }
    }
}

struct Person: Schematic, Equatable {
    let name: String
    let age: Int
    static let jsonSchema: JSON = """
        {"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"]}
        """
}

extension Binding {
    @Suite struct Parameters {
        /// The body of the request that the simulator got last.
        func lastBody() async throws -> Value {
            struct Last: Decodable { let body: Value }
            return try JSON(try await control("GET", "last")).decode(as: Last.self).body
        }

        /// Compares it with the one that is wanted.
        func expectSent(_ text: String) async throws {
            guard case .object(let body) = try await lastBody(),
                case .object(let wanted) = try JSON(text).decode(as: Value.self)
            else { throw HTTPError(answer: "no object") }
            for key in Set(body.keys).union(wanted.keys).sorted() { #expect(body[key] == wanted[key], "\(key)") }
        }

        func wholeClient() throws -> Client {
            var settings = try options()
            settings.isStreaming = false
            return try Client(settings)
        }

        @Test func everyParameterOfAChatIsSent() async throws {
            let client = try wholeClient()
            var request = Request(
                model: testModel,
                messages: [.system("Be brief."), .user("Look"), .assistant("At what?"), .user("At <this> & that")])
            request.maxTokens = 7
            request.temperature = 0
            request.topP = 0.5
            request.topK = -1
            request.minP = 0.25
            request.frequencyPenalty = -1.5
            request.presencePenalty = 0
            request.repetitionPenalty = 1.25
            request.logitBias = [7: -100, 3: 1.5]
            request.stop = ["A stop that does not come.", "日本"]
            request.n = 2
            request.seed = -5
            request.logprobs = true
            request.topLogprobs = 0
            request.user = "ada"
            request.format = .jsonObject
            request.tools = [addTool, Tool("now"), Tool("sum", parameters: try JSON(encoding: ["type": "object"]))]
            request.toolChoice = Request.ToolChoice.none
            request.parallelToolCalls = false
            request.extra = ["custom": #"{"depth":3}"#, "nothing": "null"]
            _ = try await client.chat(request)
            try await expectSent(
                """
                {"model":"\(testModel)","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Look"},
                {"role":"assistant","content":"At what?"},{"role":"user","content":"At <this> & that"}],
                "max_tokens":7,"temperature":0,"top_p":0.5,"top_k":-1,"min_p":0.25,"frequency_penalty":-1.5,
                "presence_penalty":0,"repetition_penalty":1.25,"logit_bias":{"7":-100,"3":1.5},
                "stop":["A stop that does not come.","日本"],"n":2,"seed":-5,"logprobs":true,"top_logprobs":0,"user":"ada",
                "response_format":{"type":"json_object"},"tools":[{"type":"function","function":{"name":"add",
                "description":"Adds two integers.","parameters":\(Addends.jsonSchema)}},
                {"type":"function","function":{"name":"now"}},
                {"type":"function","function":{"name":"sum","parameters":{"type":"object"}}}],
                "tool_choice":"none","parallel_tool_calls":false,"custom":{"depth":3},"nothing":null}
                """)

            // Nothing that was not asked for.
            _ = try await client.chat(Request(model: testModel, "?"))
            try await expectSent(#"{"model":"\#(testModel)","messages":[{"role":"user","content":"?"}]}"#)
        }

        @Test func everyParameterOfACompletionIsSent() async throws {
            let client = try wholeClient()
            let model = "meta-llama/Meta-Llama-3.1-405B"
            var request = Request(model: model, prompt: .texts(["one", "two"]))
            request.echo = true
            request.bestOf = 3
            request.suffix = "end"
            request.maxTokens = 4
            request.topLogprobs = 2
            let response = try await client.complete(request)
            try #require(response.choices.count == 2)
            #expect(response.choices[1].text.hasPrefix("two"))
            _ = try #require(response.choices[1].logprobs).decode(as: Value.self)
            try await expectSent(
                """
                {"model":"\(model)","prompt":["one","two"],"echo":true,"best_of":3,"suffix":"end","max_tokens":4,"logprobs":2}
                """)
            _ = try await client.complete(Request(model: model, prompt: .tokens([1, 2])))
            try await expectSent(#"{"model":"\#(model)","prompt":[1,2]}"#)
            _ = try await client.complete(Request(model: model, prompt: "one"))
            try await expectSent(#"{"model":"\#(model)","prompt":"one"}"#)
            request = Request(body: #"{"prompt":"x","top_k":5}"#)
            request.model = model
            _ = try await client.complete(request)
            try await expectSent(#"{"model":"\#(model)","prompt":"x","top_k":5}"#)
        }

        @Test func structuredAnswer() async throws {
            let client = try makeClient()
            // The simulator fills in the schema, which the type has.
            let person = try await client.chat(Request(model: testModel, "A person"), as: Person.self)
            #expect(!person.name.isEmpty || person.age == 0)
            guard case .object(let body) = try await lastBody(), case .object(let format)? = body["response_format"],
                case .object(let schema)? = format["json_schema"]
            else { throw HTTPError(answer: "no schema was sent") }
            #expect(schema["strict"] == .bool(true) && schema["name"] == .text("answer"))
            let wanted = try Person.jsonSchema.decode(as: Value.self)
            #expect(schema["schema"] == wanted)

            // One that has none is asked for as an object, and what does not fit it comes with the error.
            struct Other: Decodable { let somethingElse: Int }
            let problem = try await failure {
                try await client.chat(Request(model: testModel, "A person"), as: Other.self)
            }
            guard case .undecodable(let cause, let details) = problem else { throw problem }
            #expect(cause is DecodingError && details.response?.text.isEmpty == false)
            guard case .object(let last) = try await lastBody() else { return }
            #expect(last["response_format"] == .object(["type": .text("json_object")]))

            #expect(try JSON(closing: #"{"name":"A"#) == #"{"name":"A"}"#)
            #expect(try JSON(closing: " ") == nil)
            #expect(throws: HyperbolicError.self) { try JSON(closing: "no JSON") }
        }

        @Test func imagesAreSent() async throws {
            let image = Image(bytes: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], detail: .low)
            let message = Message.user("What is this?", image, Image(url: "https://example.com/a.png"))
            // The simulator has no model that takes images, and says so; it has been sent one all the same.
            let request = Request(model: "Qwen/Qwen2.5-VL-72B-Instruct", messages: [message])
            let client = try makeClient()
            let problem = try await failure { try await client.chat(request) }
            guard case .badRequest = problem else { throw problem }
            let last = try await control("GET", "last")
            for part in ["data:image/png;base64,iVBORw0KGgo=", #""low""#, "https://example.com/a.png"] {
                #expect(last.contains(part))
            }
        }

        @Test func badValuesNameTheirField() async throws {
            let client = try makeClient()
            func changed(_ change: (inout Request) -> Void) -> Request {
                var request = Request(model: testModel, "?")
                change(&request)
                return request
            }
            let bad: [(String, Request)] = [
                ("temperature", changed { $0.temperature = 3 }),
                ("model", changed { $0.model = nil }),
                ("messages", changed { $0.messages = [] }),
                ("stop", changed { $0.stop = [""] }),
                ("n", changed { $0.n = -1 }),
                ("schema", changed { $0.tools = [Tool("a", parameters: "no JSON")] }),
                ("name", changed { $0.tools = [Tool("a\0b")] }),
                ("custom", changed { $0.extra = ["custom": "no JSON"] }),
                ("schema", changed { $0.format = .jsonSchema("[]") }),
                ("stream", changed { $0.extra = ["stream": "true"] }),
                ("prompt", changed { $0.prompt = "?" }),
            ]
            for (field, request) in bad {
                let problem = try await failure { try await client.chat(request) }
                guard case .invalidArgument(let details) = problem else { throw problem }
                #expect(details.param?.hasPrefix(field) == true, "\(field): \(problem)")
                if field != "prompt" { #expect(throws: HyperbolicError.self) { try request.check() } }
            }
            try Request(model: testModel, "?").check()
            let problem = try await failure { try await client.complete(Request(model: testModel, "?")) }
            guard case .invalidArgument = problem else { throw problem }
            #expect(client.stats.requests == 0)
        }

        @Test func everyOptionIsChecked() async throws {
            func changed(_ change: (inout Options) -> Void) -> Options {
                var options = Options()
                change(&options)
                return options
            }
            let bad: [(String, Options)] = [
                ("api_key", Options(apiKey: "a\nb")),
                ("base_url", Options(baseURL: "ftp://host")),
                ("plain http", Options(apiKey: "k", baseURL: "http://192.0.2.1")),
                ("header", changed { $0.headers = ["Host": "x"] }),
                ("user_agent", changed { $0.userAgent = "a\nb" }),
                ("ca", changed { $0.caCertificates = "no PEM" }),
                ("proxy", changed { $0.proxy = "gopher://x" }),
                ("limit", changed { $0.limits = [.jsonDepth: 1000] }),
                ("model", changed { $0.modelRequestsPerMinute = ["": 1] }),
                ("spending", changed { $0.spendingLimitNanoUSD = -1 }),
                ("record", changed { $0.record = "/nowhere/at/all" }),
            ]
            for (name, options) in bad {
                let problem = try await failure { try Client(options) }
                guard case .invalidArgument = problem else { throw problem }
                _ = name
            }
            let problem = try await failure { try Client(changed { $0.replay = "/nowhere/at/all" }) }
            guard case .badData = problem else { throw problem }
            // A key does not show itself.
            var text = ""
            dump(Options(apiKey: "secret-key"), to: &text)
            #expect(!text.contains("secret-key") && !"\(Options(apiKey: "secret-key"))".contains("secret-key"))
        }

        @Test func optionsDoWhatTheySay() async throws {
            var settings = try options(faults: "words=3")
            settings.userAgent = "a game/1"
            settings.headers["X-Game"] = "7"
            _ = try await Client(settings).chat(Request(model: testModel, "?"))
            let last = try await control("GET", "last")
            #expect(last.contains("a game/1") && last.contains("x-game"))

            // A tiny bound, a deadline, and one that a request lifts.
            settings = try options(faults: "words=2000")
            settings.limits[.answer] = 2000
            let bounded = try Client(settings)
            var problem = try await failure { try await bounded.chat(Request(model: testModel, "?")) }
            guard case .badResponse = problem else { throw problem }
            settings = try options(faults: "delay=300")
            settings.totalTimeout = .after(.milliseconds(50))
            settings.maxRetries = 1
            let hasty = try Client(settings)
            problem = try await failure { try await hasty.chat(Request(model: testModel, "?")) }
            guard case .deadline(.total, _) = problem else { throw problem }
            var request = Request(model: testModel, "?")
            request.totalTimeout = .never
            request.firstTokenTimeout = .never
            request.idleTimeout = .never
            request.maxRetries = 0
            request.retriesDeadlines = true
            _ = try await hasty.chat(request)

            // Whole sentences.
            request.sentences = true
            let reading = try await Reading(makeClient(faults: "event-delay=1").stream(request))
            #expect((1...12).contains(reading.pieces))
        }
    }
}
