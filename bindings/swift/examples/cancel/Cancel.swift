// Stops an answer in the middle, and shows what had arrived. The server stops too, so that what nobody waits for is
// neither written nor billed.
import Foundation
import Hyperbolic

@main
struct Cancel {
    static func main() async throws {
        let client = try Client(.fromEnvironment)
        let model = ProcessInfo.processInfo.environment["HYPERBOLIC_MODEL"] ?? "meta-llama/Llama-3.3-70B-Instruct"
        let request = Request(model: model, "Count from one to a thousand, in words.")

        // To leave the loop is to cancel.
        var received = ""
        for try await piece in client.stream(request).text {
            received += piece
            if received.utf8.count > 100 { break }
        }
        print("[left after: \(received.prefix(30))...]")

        // So is the end of the task, wherever it waits: of one that a window owns, of a group, of a view in SwiftUI.
        let task = Task { try await client.chat(request) }
        try await Task.sleep(for: .milliseconds(100))
        task.cancel()
        do {
            let answer = try await task.value
            print("[done before it was cancelled, with \(answer.text.utf8.count) bytes]")
        } catch HyperbolicError.cancelled(let details) {
            print("[stopped; \(details.response?.text.utf8.count ?? 0) bytes had arrived]")
        }
    }
}
