// Prints an answer while the model writes it. HYPERBOLIC_API_KEY is the key; HYPERBOLIC_BASE_URL and HYPERBOLIC_MODEL are
// optional.
import Foundation
import Hyperbolic

@main
struct Stream {
    static func main() async throws {
        let client = try Client(.fromEnvironment)
        let model = ProcessInfo.processInfo.environment["HYPERBOLIC_MODEL"] ?? "meta-llama/Llama-3.3-70B-Instruct"
        var request = Request(model: model, "Write a short story about a robot.")
        request.maxTokens = 256
        let output = FileHandle.standardOutput  // print would keep the pieces until a line is full
        for try await event in client.stream(request) {
            switch event {
            case .text(let piece, _):
                try output.write(contentsOf: Data(piece.utf8))
            case .retry(let retry):
                report("[again in \(retry.delay), because of: \(retry.error)]")
            case .done(let answer):
                report("\n[\(answer.model ?? model), \(answer.completionTokens ?? 0) tokens in \(answer.totalTime)]")
            case .reasoning, .toolCall:
                break
            }
        }
        // An answer that breaks off throws; what was printed is its beginning, and the error's details have it too.
    }

    static func report(_ line: String) {
        FileHandle.standardError.write(Data("\(line)\n".utf8))
    }
}
