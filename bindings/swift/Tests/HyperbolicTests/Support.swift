import Dispatch
import Glibc
import Hyperbolic
import Testing

/// All tests, one after the other: they share the counters of one simulator, which tests/run starts.
@Suite(.serialized) struct Binding {}

let testModel = "meta-llama/Llama-3.3-70B-Instruct"

func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// Options for the test's server, which misbehaves as the script says.
func options(faults: String = "") throws -> Options {
    let url = try #require(
        environment("HB_TEST_URL"), "run these tests by `tests/run --only swift`, which starts their server")
    var options = Options(apiKey: Options.Key(try #require(environment("HB_TEST_KEY"))), baseURL: url)
    if !faults.isEmpty { options.headers["x-simulator-fault"] = faults }
    return options
}

func makeClient(faults: String = "") throws -> Client { try Client(options(faults: faults)) }

struct HTTPError: Error { let answer: String }

/// Asks the simulator's control routes, on a thread that may wait.
@discardableResult
func control(_ method: String, _ path: String, _ body: String = "") async throws -> String {
    let port = try #require(environment("HB_TEST_CONTROL")?.split(separator: ":").last.flatMap { UInt16($0) })
    let head = "\(method) /simulator/\(path) HTTP/1.0\r\nContent-Type: text/event-stream\r\n"
    let request = "\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    let answer = await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: exchange(request, port: port)) }
    }
    let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1)
    guard parts.count == 2, answer.contains(" 200 ") else { throw HTTPError(answer: answer) }
    return String(parts[1])
}

private func exchange(_ request: String, port: UInt16) -> String {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { Glibc.close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, size) }
    }
    if status != 0 { return "not connected" }
    let bytes = Array(request.utf8)
    var sent = 0
    while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes { write(socket, $0.baseAddress, $0.count) }
        if count <= 0 { return "not written" }
        sent += count
    }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = read(socket, &buffer, buffer.count), count > 0 { answer += buffer[..<count] }
    return String(decoding: answer, as: UTF8.self)
}

/// Forgets what the simulator has counted.
func reset() async throws { try await control("POST", "reset") }

/// Waits until the simulator has counted what the query says.
func waitForCounts(_ query: String) async throws { try await control("GET", "wait?\(query)&timeout-ms=20000") }

/// Waits for what another thread does.
func eventually(_ what: Comment, _ isSo: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(20)
    while try await !isSo() {
        if ContinuousClock.now > end {
            Issue.record("still not so: \(what)")
            return
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// The error that a call fails with.
func failure<Answer>(of call: () async throws -> Answer) async throws -> HyperbolicError {
    var problem: (any Error)?
    do { _ = try await call() } catch { problem = error }
    return try #require(problem as? HyperbolicError)
}

/// Whether two texts are the same bytes; Swift's == means the same characters.
func isSame(_ one: String, _ other: String) -> Bool { one.utf8.elementsEqual(other.utf8) }

/// What reads a stream to its end.
struct Reading: Sendable {
    var text = ""
    var pieces = 0
    var calls: [ToolCall] = []
    var retries: [Event.Retry] = []
    var response: Response?

    init(_ stream: EventStream) async throws(HyperbolicError) {
        for try await event in stream {
            switch event {
            case .text(let piece, choice: 0):
                #expect(!piece.isEmpty)
                text += piece
                pieces += 1
            case .toolCall(let call, _): calls.append(call)
            case .retry(let retry): retries.append(retry)
            case .done(let response): self.response = response
            case .text, .reasoning: break
            }
        }
    }
}

func number(in file: String, behind word: String) throws -> Int {
    let lines = try contents(of: file).split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix(word) })
    return try #require(line.split(whereSeparator: { " \t".contains($0) }).compactMap { Int($0) }.first)
}

func contents(of file: String) throws -> String {
    let stream = try #require(fopen(file, "r"))
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
}

func entries(of folder: String) throws -> Int {
    let opened = try #require(opendir(folder))
    defer { closedir(opened) }
    var count = 0
    while readdir(opened) != nil { count += 1 }
    return count
}
