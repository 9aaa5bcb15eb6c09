// Has several turns, kept short enough for the model, saved and loaded again. The server remembers nothing: each request
// carries the whole conversation.
import Foundation
import Hyperbolic

@main
struct Talk {
    let client: Client
    var conversation = Conversation(system: "You answer in one sentence.")

    static func main() async throws {
        var talk = Talk(client: try Client(.fromEnvironment))
        try await talk.ask("What is the capital of France?")
        try await talk.ask("What is its population?")

        // A saved conversation is JSON, the same bytes for the same content; it may go into a file or a database.
        let saved = try talk.conversation.save()
        talk.conversation = try Conversation(saved: saved)
        try await talk.ask("And what should I see there first?")
    }

    /// Asks, prints question and answer, and keeps both.
    mutating func ask(_ question: String) async throws {
        try conversation.add(.user(question))
        // What the prompt may have, by estimate; the rest of the model's context is for the answer.
        try conversation.trim(to: 4000)
        let model = ProcessInfo.processInfo.environment["HYPERBOLIC_MODEL"] ?? "meta-llama/Llama-3.3-70B-Instruct"
        var request = Request(model: model, conversation: conversation)
        request.maxTokens = 256
        let answer = try await client.chat(request)
        try conversation.add(answer)
        print("> \(question)\n\(answer.text)\n")
    }
}
