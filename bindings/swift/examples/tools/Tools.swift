// Lets the model call a function of this program: it asks for a sum, the program adds, the model says what came out.
import Foundation
import Hyperbolic

/// The arguments of the tool: what is decoded, and what the model is told of it.
struct Addends: Schematic {
    let a: Int
    let b: Int

    static let jsonSchema: JSON = """
        {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}
        """
}

@main
struct Tools {
    static func main() async throws {
        let client = try Client(.fromEnvironment)
        let model = ProcessInfo.processInfo.environment["HYPERBOLIC_MODEL"] ?? "meta-llama/Llama-3.3-70B-Instruct"
        var conversation = Conversation()
        try conversation.add(.user("Please add 2 and 3"))
        for _ in 0..<5 {  // a model may call a tool again, but not for ever
            var request = Request(model: model, conversation: conversation)
            request.tools = [Tool("add", description: "Adds two integers.", arguments: Addends.self)]
            request.temperature = 0
            let answer = try await client.chat(request)
            try conversation.add(answer)
            if conversation.openToolCalls.isEmpty {
                print(answer.text)
                return
            }
            for call in conversation.openToolCalls {
                try conversation.add(result: result(of: call), for: call)
            }
        }
        print("The model went on calling tools.")
    }

    /// Runs a call. What goes wrong is for the model to know, which can do better then.
    static func result(of call: ToolCall) -> String {
        do {
            let numbers = try call.decode(as: Addends.self)
            let sum = String(numbers.a + numbers.b)
            print("\(call.name)(\(call.arguments)) = \(sum)")
            return sum
        } catch {
            return "error: \(error)"
        }
    }
}
