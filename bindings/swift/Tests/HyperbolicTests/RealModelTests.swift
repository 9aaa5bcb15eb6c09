import Hyperbolic
import Testing

// Against llama-server with a small real model, which the stage swift-model starts.

extension Binding {
    @Suite(.enabled(if: environment("HB_TEST_MODEL") != nil, "`tests/run --only swift-model` starts a model"))
    struct RealModel {
        @Test func realModelAnswers() async throws {
            let model = try #require(environment("HB_TEST_MODEL"))
            var request = Request(model: model, "Write one sentence about the sea. 海について 🙂")
            request.maxTokens = 40
            request.temperature = 0
            let reading = try await Reading(makeClient().stream(request))
            let response = try #require(reading.response)
            #expect(isSame(reading.text, response.text) && reading.text.utf8.count >= 10)
            #expect(try #require(response.completionTokens) >= 5)
        }

        @Test func realModelKeepsToASchema() async throws {
            let model = try #require(environment("HB_TEST_MODEL"))
            var request = Request(model: model, "Describe a person as JSON with name and age.")
            request.maxTokens = 100
            request.temperature = 0
            let person = try await makeClient().chat(request, as: Person.self)
            #expect(!person.name.isEmpty)
        }

        @Test func realModelStops() async throws {
            // More than the model writes until it is stopped; by itself it could not end.
            var request = Request(
                model: try #require(environment("HB_TEST_MODEL")), "Write a very long story about a robot.")
            request.maxTokens = 1500
            request.extra = ["ignore_eos": "true"]
            let log = try #require(environment("HB_TEST_SERVER_LOG"))
            let before = try contents(of: log).utf8.count
            let client = try makeClient()
            let story = request
            let task = Task {
                for try await event in client.stream(story) {
                    if case .text = event { withUnsafeCurrentTask { $0?.cancel() } }
                }
            }
            let problem = try await failure { try await task.value }
            guard case .cancelled(let details) = problem else { throw problem }
            #expect(details.response?.text.isEmpty == false)
            try await eventually("the server has noticed, and stopped") {
                let now = String(decoding: try contents(of: log).utf8.dropFirst(before), as: UTF8.self)
                return now.contains("cancel task, id_task = ") && now.contains("stop processing: n_tokens = ")
            }
        }
    }
}
