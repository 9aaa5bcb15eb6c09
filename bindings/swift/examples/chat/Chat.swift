// Asks one question and prints the answer. HYPERBOLIC_API_KEY is the key; HYPERBOLIC_BASE_URL and HYPERBOLIC_MODEL are
// optional.
import Foundation
import Hyperbolic

@main
struct Chat {
    static func main() async {
        do throws(HyperbolicError) {
            try await run()
        } catch {
            let advice = error.details.hint ?? ""
            FileHandle.standardError.write(Data("\(error)\n\(advice)\n".utf8))
            exit(1)
        }
    }

    static func run() async throws(HyperbolicError) {
        let client = try Client(.fromEnvironment)
        let model = ProcessInfo.processInfo.environment["HYPERBOLIC_MODEL"] ?? "meta-llama/Llama-3.3-70B-Instruct"
        var request = Request(
            model: model,
            messages: [.system("You answer in one paragraph."), .user("Explain quantum computing in simple terms.")])
        request.maxTokens = 256
        request.temperature = 0.7
        let answer = try await client.chat(request)
        print(answer.text)
    }
}
