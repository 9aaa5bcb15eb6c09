import CHyperbolic
import Synchronization

/// What was said so far: a system prompt, a summary, messages with images and tool calls, and metadata of your own.
///
/// It is a value: a copy goes on by itself, and costs next to nothing, because messages are shared. A call that fails
/// changes nothing, but for ``trim(to:)``. While a tool call waits for its result, a request of the conversation is
/// refused with the call's id.
public struct Conversation: Sendable {
    private var storage: Storage

    /// The library's object. One thread at a time may use it, also for reading; and copies of a value share it until one
    /// of them changes.
    private final class Storage: Sendable {
        private let lock = Mutex(())
        private let handle: Handle<ConversationKind>

        init(_ handle: Handle<ConversationKind>) { self.handle = handle }

        func use<Answer: Sendable, Failure: Error>(
            _ body: (OpaquePointer) throws(Failure) -> Answer
        ) throws(Failure) -> Answer {
            try lock.withLock { _ throws(Failure) in try handle.use(body) }
        }
    }

    /// Begins one, with a system prompt if there is any.
    public init(system: String? = nil) {
        storage = Storage(Handle(hb_conversation_new()))
        if let system { self.system = system }
    }

    /// Reads what ``save(leavingOut:)`` wrote, wherever it has been since: it is believed nothing. What cannot be read is
    /// ``HyperbolicError/badData(_:)``, whose `details.param` is the place, such as `messages[3].tool_calls[0].id`.
    public init(saved: String) throws(HyperbolicError) {
        storage = Storage(try make(ConversationKind.self) { hb_conversation_load(saved, saved.utf8.count, $0, $1) })
    }

    /// The library's object, for as long as the call takes.
    @discardableResult
    func use<Answer: Sendable, Failure: Error>(
        _ body: (OpaquePointer) throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        try storage.use(body)
    }

    private mutating func change(
        _ body: (OpaquePointer, UnsafeMutablePointer<OpaquePointer?>) -> hb_status
    ) throws(HyperbolicError) {
        if !isKnownUniquelyReferenced(&storage) {
            // There is no copy of NULL alone.
            storage = Storage(storage.use { Handle(hb_conversation_clone($0)!) })
        }
        try storage.use { pointer throws(HyperbolicError) in try attempt { body(pointer, $0) } }
    }

    /// The system prompt, which is sent first and is never trimmed; nil removes it.
    public var system: String? {
        get { use { from in copiedIfAny { hb_conversation_system(from, $0) } } }
        set {
            // It cannot fail: whatever Swift has for text is UTF-8.
            let prompt = newValue ?? ""
            try? change { hb_conversation_set_system($0, prompt, prompt.utf8.count, $1) }
        }
    }

    /// The summary of what was trimmed, which is sent behind the system prompt, in the same message; nil removes it.
    public var summary: String? {
        get { use { from in copiedIfAny { hb_conversation_summary(from, $0) } } }
        set {
            let summary = newValue ?? ""
            try? change { hb_conversation_set_summary($0, summary, summary.utf8.count, $1) }
        }
    }

    /// Appends a message of the user or the assistant, with its images.
    public mutating func add(_ message: Message) throws(HyperbolicError) {
        var longer = self
        let text = message.text
        try longer.change { hb_conversation_add_message($0, message.role.rawValue, text, text.utf8.count, $1) }
        for image in message.images {
            let detail = image.detail?.rawValue
            try longer.change { to, error in
                switch image.source {
                case .bytes(let bytes): hb_conversation_add_image(to, bytes, bytes.count, detail, error)
                case .url(let url): hb_conversation_add_image_url(to, url, url.utf8.count, detail, error)
                }
            }
        }
        self = longer
    }

    /// Appends a choice of an answer as it is: text, reasoning and tool calls. One that ended with an error is kept as far
    /// as it came; tool calls that cannot be run are left out.
    public mutating func add(_ response: Response, choice: Int = 0) throws(HyperbolicError) {
        try response.handle.use { from throws(HyperbolicError) in
            try change { hb_conversation_add_response($0, from, index(choice), $1) }
        }
    }

    /// Adds the result of a tool call, in any order and at any time: it goes behind the message of its call.
    public mutating func add(result: String, for call: ToolCall) throws(HyperbolicError) {
        try add(result: result, for: call.id)
    }

    /// Adds the result of a tool call by its id.
    public mutating func add(result: String, for id: ToolCall.ID) throws(HyperbolicError) {
        try change { hb_conversation_add_tool_result($0, id.identifier, result, result.utf8.count, $1) }
    }

    /// Attaches something of your own to a message: it is saved and never sent. nil removes it.
    public mutating func setMetadata(_ value: String?, for key: String, of message: Int) throws(HyperbolicError) {
        let value = value ?? ""
        try change {
            hb_conversation_set_metadata($0, index(message), key.identifier, value, value.utf8.count, $1)
        }
    }

    /// Undo: leaves the first so many messages.
    public mutating func truncate(to count: Int) throws(HyperbolicError) {
        try change { hb_conversation_truncate($0, index(count), $1) }
    }

    /// Drops what was said first, whole exchanges at a time, until about so many tokens are left, and answers how many
    /// messages went: the indexes of the others have moved down by so many. If what must stay (system prompt, summary,
    /// the last exchange, waiting tool calls) is longer, it drops all else and fails with
    /// ``HyperbolicError/invalidArgument(_:)``.
    @discardableResult
    public mutating func trim(to tokens: Int64) throws(HyperbolicError) -> Int {
        var dropped: UInt32 = 0
        try change { hb_conversation_trim($0, tokens, &dropped, $1) }
        return Int(dropped)
    }

    /// What to leave out of a saved conversation.
    public struct Omissions: OptionSet, Sendable {
        /// The bits.
        public let rawValue: UInt32
        /// By the bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        /// The system prompt.
        public static let system = Omissions(rawValue: UInt32(HB_SAVE_NO_SYSTEM))
        /// Images.
        public static let images = Omissions(rawValue: UInt32(HB_SAVE_NO_IMAGES))
    }

    /// Writes it as JSON that this and every later version reads. The same conversation is the same bytes. Metadata and
    /// open tool calls are in it; no key, and no server's address.
    public func save(leavingOut omissions: Omissions = []) throws(HyperbolicError) -> String {
        let saved = try use { from throws(HyperbolicError) in
            try make(TextKind.self) { hb_conversation_save(from, omissions.rawValue, $0, $1) }
        }
        return saved.use { text in copied { hb_text_data(text, $0) } }
    }
}

extension Conversation: Codable {
    /// From a string that ``encode(to:)`` wrote.
    public init(from decoder: any Decoder) throws {
        try self.init(saved: decoder.singleValueContainer().decode(String.self))
    }

    /// As one string, which is what ``save(leavingOut:)`` writes: so it comes back as the same bytes, whatever the encoder.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(save())
    }
}
